"""People: what they write, react with, and where they come and go."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.platforms.slack_server import payloads
from tests.platforms.slack_server.gestures import Gestures
from tests.platforms.slack_server.messages import Draft, check_sending, new_client_msg_id
from tests.platforms.slack_server.refusals import NotPossible
from tests.platforms.slack_server.world import PUBLIC, Channel, Message

MARKUP = re.compile(r"<(?:@U\w+|#C\w+(?:\|[^>]*)?|![a-z]+|https?://[^>|]+(?:\|[^>]*)?)>")
LINK = re.compile(r"https?://[^\s<>]+")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Person(Gestures):
    """Someone with an account; see Gestures for what they do with the app."""

    # Writing.

    def say(
        self,
        where: Channel,
        text: str,
        *,
        thread: Message | None = None,
        broadcast: bool = False,
        files: Sequence[tuple[str, bytes]] = (),
        me: bool = False,
    ) -> Message:
        """Write in a channel, or in a message's thread; ``me`` is for /me.

        Raises:
            Refused: where they aren't a member, and in archived channels.
            NotPossible: for nothing at all, and where they can't look.
        """
        self._see(where)
        check_sending(where, self.user)
        if not (text.strip() or files):
            raise NotPossible("an empty message can't be sent")
        draft = Draft(typed(text.strip()), client_msg_id=new_client_msg_id(), broadcast=broadcast)
        draft.thread_ts = "" if thread is None else (thread.thread_ts or thread.ts)
        draft.files = [self._parts.files.add(self.user, *each) for each in files]
        for file in draft.files:
            file.channels.append(where)
        draft.subtype = "me_message" if me else "file_share" if files else ""
        return self._parts.messages.post(where, self.user, draft)

    def dm(self, text: str, *, thread: Message | None = None) -> Message:
        """Write to the app directly."""
        return self.say(self.direct, text, thread=thread)

    @property
    def direct(self) -> Channel:
        """The direct messages with the app."""
        return self._parts.world.direct(self._install.bot, self.user)

    def edit(self, message: Message, text: str) -> None:
        """Raises Refused in archived channels."""
        self._own(message)
        check_sending(message.channel, self.user)
        draft = Draft(typed(text))
        self._parts.messages.edit(message, self.user, draft)

    def delete(self, message: Message) -> None:
        """Their own; an admin may delete anybody's."""
        if not self.user.is_admin:
            self._own(message)
        self._parts.messages.delete(message)

    def react(self, message: Message, name: str) -> None:
        self._see(message.channel)
        self._parts.messages.react(message, self.user, name)

    def unreact(self, message: Message, name: str) -> None:
        self._parts.messages.unreact(message, self.user, name)

    def screen(self, where: Channel, thread: Message | None = None) -> list[Message]:
        """What this person sees there, oldest first, with what only they see of the app's."""
        every = [*where.main] if thread is None else [thread, *thread.replies]
        shown_in = "" if thread is None else thread.ts
        mine = [
            each
            for each in self._parts.messages.sent
            if each.channel is where and each.seen_by == self.id and each.thread_ts == shown_in
        ]
        every += [each for each in mine if not each.deleted]
        return sorted(every, key=lambda each: each.ts)

    # Coming and going.

    def join(self, channel: Channel) -> None:
        self._see(channel)
        if channel.kind != PUBLIC:
            raise NotPossible("one is invited to private channels")
        self._parts.places.join(channel, self.user)

    def leave(self, channel: Channel) -> None:
        self._parts.places.leave(channel, self.user)

    def invite(self, channel: Channel, other: Person | None = None) -> None:
        """Add somebody to a channel; without anybody, the app's bot."""
        check_sending(channel, self.user)
        added = self._install.bot if other is None else other.user
        self._parts.places.join(channel, added, self.user)

    def kick(self, channel: Channel, other: Person | None = None) -> None:
        """Take somebody out; without anybody, the app's bot."""
        self._parts.places.leave(channel, self._install.bot if other is None else other.user)

    def archive(self, channel: Channel) -> None:
        self._parts.places.archive(channel, self.user)

    def unarchive(self, channel: Channel) -> None:
        self._parts.places.unarchive(channel, self.user)

    def rename(self, channel: Channel, name: str) -> None:
        self._parts.places.rename(channel, name)

    def delete_channel(self, channel: Channel) -> None:
        self._parts.places.delete(channel)

    def deactivate(self) -> None:
        """Their account is closed."""
        self.user.deleted = True
        told = {"type": "user_change", "user": payloads.user(self.user)}
        self._parts.events.in_team(self.user.team, "user_change", told)

    # Installing.

    def approve(self, url: str) -> str:
        """Press "Allow" on an authorize URL: where one is led back to."""
        return self._parts.oauth.approve(self.user, url)

    def refuse(self, url: str) -> str:
        return self._parts.oauth.refuse(url)

    def uninstall(self) -> None:
        """Take the app out of their workspace."""
        self._parts.oauth.uninstall(self._install)

    def _own(self, message: Message) -> None:
        if message.author is not self.user or message.deleted:
            raise NotPossible(f"that is no message of {self.user.name}")


def typed(text: str) -> str:
    """What Slack's app makes of typed text: entities, and links in brackets.

    Markup such as a person's ``mention`` passes as if it had been chosen from a list.
    """
    parts: list[str] = []
    at = 0
    for found in MARKUP.finditer(text):
        parts += [_plain(text[at : found.start()]), found.group()]
        at = found.end()
    return "".join([*parts, _plain(text[at:])])


def _plain(text: str) -> str:
    escaped = re.sub(r"[&<>]", lambda found: ENTITIES[found.group()], text)
    return LINK.sub(lambda found: f"<{found.group()}>", escaped)
