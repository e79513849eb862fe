"""People: what they write, press, type and fill in, within what Discord's app lets them do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from tests.platforms.discord_server import commands, drafts, modals, payloads, permissions, typed
from tests.platforms.discord_server import interactions as kinds
from tests.platforms.discord_server.components import BUTTON, SELECTS
from tests.platforms.discord_server.drafts import MOST_CONTENT, Draft, Upload
from tests.platforms.discord_server.interactions import Interaction
from tests.platforms.discord_server.refusals import Json, Refused
from tests.platforms.discord_server.routes_messages import check_sending
from tests.platforms.discord_server.routing import Parts
from tests.platforms.discord_server.typed import NotPossible
from tests.platforms.discord_server.world import (
    Attachment,
    Channel,
    Guild,
    Message,
    Thread,
    User,
    every_component,
)

UNHINDERED = permissions.MANAGE_MESSAGES | permissions.MANAGE_CHANNELS
BY_PERSON = {True: None, False: {"parse": ["users", "roles", "everyone"], "replied_user": False}}


class Person:
    """Someone with an account; ``user`` is it. Refused is raised for what they may not do."""

    def __init__(self, parts: Parts, user: User) -> None:
        self.user = user
        self._parts = parts

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention

    # Writing.

    def say(
        self,
        where: Channel,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        attachments: Sequence[tuple[str, bytes]] = (),
    ) -> Message:
        """Write in a channel or thread; ``ping`` is the switch beside a reply.

        Raises:
            Refused: without permission, in a locked thread, or too soon in slow mode (20016).
            NotPossible: for nothing, or more than 2,000 characters.
        """
        draft = Draft(content=text.strip(), allowed_mentions=BY_PERSON[ping])
        draft.uploads = [(Upload("", name, content), None) for name, content in attachments]
        draft.reply_to = None if reply_to is None else reply_to.id
        if draft.empty or len(text) > MOST_CONTENT:
            raise NotPossible(f"a message has 1 to {MOST_CONTENT} characters, not {len(text)}")
        if self.user.blocks_bot and where.recipient is self.user:
            raise NotPossible("who blocks the bot doesn't write to it")
        check_sending(where, self.user, draft)
        self._wait_for_slow_mode(where)
        self._parts.messages.check_reference(where, self.user, draft)
        if isinstance(where, Thread):
            self._parts.places.wake(where)
            self._parts.places.join_thread(where, self.user)
        return self._parts.messages.post(where, self.user, draft)

    def dm(self, text: str) -> Message:
        """Write to the bot directly."""
        return self.say(self.direct, text)

    @property
    def direct(self) -> Channel:
        """The direct messages with the bot."""
        return self._parts.world.direct(self.user)

    def edit(self, message: Message, text: str) -> None:
        self._own(message)
        self._check_open(message.channel)
        self._parts.messages.edit(message, Draft(content=text))

    def delete(self, message: Message) -> None:
        self._own(message)
        self._parts.messages.delete(message)

    def react(self, message: Message, emoji: str) -> None:
        self._sees(message)
        given = permissions.in_channel(message.channel, self.user)
        if emoji not in message.reactions and not given & permissions.ADD_REACTIONS:
            raise Refused(403, 50013, "Missing Permissions")
        self._parts.messages.react(message, self.user, emoji)

    def unreact(self, message: Message, emoji: str) -> None:
        self._parts.messages.unreact(message, self.user, emoji)

    def screen(self, where: Channel) -> list[Message]:
        """What this person sees there, oldest first: with what only they see of the bot's."""
        shown = list(where.messages.values())
        mine = [m for m in self._parts.messages.sent if m.channel is where and m.seen_by == self.id]
        shown += [message for message in mine if not message.deleted]
        return sorted(shown, key=lambda message: message.id)

    # Interactions.

    def click(self, message: Message, custom_id: str) -> Interaction:
        """Press a button, which must be there and not be disabled."""
        self._sees(message)
        button = self._component(message, custom_id, (BUTTON,))
        data = {"custom_id": custom_id, "component_type": BUTTON, "id": button.get("id", 0)}
        return self._use(message, data)

    def press(self, message: Message, label: str) -> Interaction:
        """Press the button that shows a label."""
        found = [key for key, shown in message.buttons.items() if shown == label]
        if len(found) != 1:
            raise NotPossible(f"{len(found)} buttons show {label!r}: {message.buttons}")
        return self.click(message, found[0])

    def select(self, message: Message, custom_id: str, values: list[str]) -> Interaction:
        """Choose from a select of strings."""
        self._sees(message)
        select = self._component(message, custom_id, SELECTS)
        known = [option["value"] for option in select.get("options", ())]
        if known and set(values) - set(known):
            raise NotPossible(f"{custom_id} has no {values}, only {known}")
        data = {"custom_id": custom_id, "component_type": select["type"], "values": values}
        return self._use(message, data)

    def slash(
        self, where: Channel, command: str, options: Mapping[str, object] | None = None
    ) -> Interaction:
        """Send a command as registered, such as ``ada.slash(channel, "study setup", {...})``.

        Users, channels and roles are given as the world's objects, or users as Person.
        """
        found, path = self._command(where, command)
        given = {k: v.user if isinstance(v, Person) else v for k, v in (options or {}).items()}
        filled = typed.fill_in(found, path, given)
        if where.guild is not None:
            typed.add_members(filled.resolved, where.guild, self.user)
        return self._start(kinds.COMMAND, where, filled.data)

    def attach(self, name: str, content: bytes, where: Channel) -> Attachment:
        """Choose a file for a command's option; the app uploads it at once."""
        draft = Draft(uploads=[(Upload("", name, content), None)])
        messages = self._parts.messages
        [made] = drafts.attachments(self._parts.world, messages.base_url, where, draft)
        messages.attachments[made.id] = made
        return made

    def autocomplete(
        self,
        where: Channel,
        command: str,
        option: str,
        text: str,
        others: Mapping[str, object] | None = None,
    ) -> Interaction:
        """Type in an option that suggests; the response's ``choices`` are what is suggested."""
        found, path = self._command(where, command)
        values = {**(others or {}), option: text}
        filled = typed.fill_in(found, path, values, focused=option)
        return self._start(kinds.AUTOCOMPLETE, where, filled.data)

    def menu(self, message: Message, command: str) -> Interaction:
        """Use a command of a message's context menu."""
        self._sees(message)
        found = self._parts.commands.find(message.channel.guild_id, command, commands.MESSAGE_MENU)
        if found is None or not typed.may_use(found, message.channel, self.user):
            raise NotPossible(f"the message's menu has no {command!r} for {self.user.name}")
        shown = self._parts.messages.payloads.message(message)
        data = {
            "id": found["id"],
            "name": command,
            "type": commands.MESSAGE_MENU,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): shown}},
        }
        about = {"target_message_id": str(message.id)}
        return self._start(kinds.COMMAND, message.channel, data, about=about)

    def submit(self, asked: Interaction, values: Mapping[str, object]) -> Interaction:
        """Fill in the modal that an interaction was answered with, and send it."""
        if asked.first is None or asked.first.modal is None or asked.user is not self.user:
            raise NotPossible(f"{asked.name} showed no modal to {self.user.name}")
        data = modals.submission(asked.first.modal, values)
        about = {"triggering_interaction_metadata": asked.about}
        source = asked.source
        shown = None if source is None else self._parts.messages.payloads.message(source)
        return self._start(
            kinds.MODAL_SUBMIT, asked.channel, data, source=source, shown=shown, about=about
        )

    # Coming and going.

    def join(self, guild: Guild) -> None:
        self._parts.places.add_member(guild, self.user)

    def leave(self, guild: Guild) -> None:
        self._parts.places.remove_member(guild, self.user)

    def open_thread(self, message: Message, name: str) -> Thread:
        """Start a thread on a message."""
        permissions.require(message.channel, self.user, permissions.CREATE_PUBLIC_THREADS)
        return self._parts.places.start_thread(
            message.channel, self.user, name, on=message, auto_archive=1_440
        )

    def _start(
        self,
        kind: int,
        where: Channel,
        data: Json,
        *,
        source: Message | None = None,
        shown: Json | None = None,
        about: Json | None = None,
    ) -> Interaction:
        return self._parts.interactions.start(
            kind, self.user, where, data, source=source, shown=shown, about=about
        )

    def _use(self, message: Message, data: Json) -> Interaction:
        shown = self._parts.messages.payloads.message(message)
        if message.channel.guild is not None:
            shown["guild_id"] = str(message.channel.guild.id)
        about = {"interacted_message_id": str(message.id)}
        where = message.channel
        return self._start(kinds.COMPONENT, where, data, source=message, shown=shown, about=about)

    def _command(self, where: Channel, command: str) -> tuple[Json, list[str]]:
        name, *path = command.split()
        found = self._parts.commands.find(where.guild_id, name)
        if found is None or not typed.may_use(found, where, self.user):
            raise NotPossible(f"/{name} isn't shown to {self.user.name} here")
        return found, path

    def _component(self, message: Message, custom_id: str, types: tuple[int, ...]) -> Json:
        for component in every_component(message.components):
            if component.get("custom_id") == custom_id and component["type"] in types:
                if component.get("disabled"):
                    raise NotPossible(f"{custom_id} is disabled")
                return component
        raise NotPossible(f"the message has no {custom_id!r}, only {message.buttons}")

    def _sees(self, message: Message) -> None:
        if message.deleted:
            raise NotPossible("the message was deleted")
        if message.seen_by is not None and message.seen_by != self.id:
            raise NotPossible(f"{self.user.name} doesn't see that message")
        permissions.require(message.channel, self.user, permissions.VIEW_CHANNEL)

    def _own(self, message: Message) -> None:
        if message.author is not self.user or message.deleted:
            raise NotPossible(f"that is no message of {self.user.name}")

    def _check_open(self, channel: Channel) -> None:
        if isinstance(channel, Thread) and channel.archived:
            raise NotPossible("the thread is archived")

    def _wait_for_slow_mode(self, where: Channel) -> None:
        now = payloads.now()
        if where.slow_mode and not permissions.in_channel(where, self.user) & UNHINDERED:
            last = where.last_said.get(self.id)
            if last is not None and now - last < timedelta(seconds=where.slow_mode):
                message = "This action cannot be performed due to slowmode rate limit."
                raise Refused(429, 20016, message)
        where.last_said[self.id] = now
