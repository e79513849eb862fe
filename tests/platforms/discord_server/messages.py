"""What happens to messages, whoever does it: the world changes and the gateway tells of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tests.platforms.discord_server import drafts, payloads, permissions
from tests.platforms.discord_server.drafts import Draft
from tests.platforms.discord_server.gateway import Gateway
from tests.platforms.discord_server.refusals import Json, Refused, archived, invalid, unknown
from tests.platforms.discord_server.world import (
    COMPONENTS_V2,
    DEFAULT,
    DM,
    LOADING,
    REPLY,
    SUPPRESS_EMBEDS,
    THREAD_CREATED,
    THREAD_STARTER,
    Attachment,
    Channel,
    Message,
    Thread,
    User,
    World,
)

MOST_REACTIONS = 20
OF_THREADS = (THREAD_CREATED, THREAD_STARTER)  # what Discord posts in a starter's name
LATEST = 10_000  # messages of the bot kept in the order of sending


@dataclass
class MessageSettings:
    """``nonce_seconds``: how long a nonce is remembered (Discord says: a few minutes)."""

    nonce_seconds: float = 300


class Messages:
    """Posting, editing, deleting and reacting. Permissions are the callers' to check."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.settings = MessageSettings()
        self.payloads = payloads.MessagePayloads(world)
        self.base_url = ""
        self.sent: deque[Message] = deque(maxlen=LATEST)
        self.attachments: dict[int, Attachment] = {}
        self._world = world
        self._gateway = gateway
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}

    def json(self, message: Message) -> Json:
        """A message as REST answers it, redacted if the portal doesn't grant its content."""
        redacted = "message_content" not in self._world.application.privileged
        data = self.payloads.message(message, redacted=redacted)
        where = message.channel.guild
        if where is not None:
            data["guild_id"] = str(where.id)
        return data

    def sent_before(self, author: User, draft: Draft) -> Message | None:
        """The author's message with the same nonce, in any channel, if the draft enforces it.

        Raises:
            Refused: 10008 if that was deleted since (discord-api-docs#6647: on purpose).
        """
        if draft.nonce is None or not draft.enforce_nonce:
            return None
        at, message = self._nonces.get((author.id, draft.nonce), (0.0, None))
        fresh = asyncio.get_running_loop().time() - at < self.settings.nonce_seconds
        if message is None or not fresh:
            return None
        if message.deleted:
            raise unknown("Message")
        return message

    def post(
        self,
        channel: Channel,
        author: User,
        draft: Draft,
        *,
        kind: int = DEFAULT,
        interaction: Json | None = None,
        seen_by: int | None = None,
    ) -> Message:
        """A new message. One seen by a single person is in no channel and told to nobody."""
        message = Message(self._world.ids.next(), channel, author, type=kind, seen_by=seen_by)
        message.interaction = interaction
        message.nonce = draft.nonce
        message.reply_to = draft.reply_to
        if kind == DEFAULT and draft.reply_to is not None:
            message.type = REPLY
        self._fill(message, draft)
        if author is self._world.bot and kind not in OF_THREADS:
            self.sent.append(message)
        if seen_by is None:
            self._place(message)
            self._emit("MESSAGE_CREATE", message, nonce=draft.nonce)
        if draft.nonce is not None:
            now = asyncio.get_running_loop().time()
            self._nonces[author.id, draft.nonce] = (now, message)
        return message

    def fill(self, message: Message, draft: Draft) -> None:
        """Give a loading message what it was waiting for."""
        message.flags &= ~LOADING
        self._fill(message, draft)
        self.tell_updated(message)

    def edit(self, message: Message, draft: Draft) -> None:
        """Change what the draft holds.

        Raises:
            Refused: 50006 if nothing would be left.
        """
        if draft.components is not None and draft.flags & COMPONENTS_V2:
            message.flags |= COMPONENTS_V2
        if draft.content is not None:
            message.content = draft.content
            notified = message.pinged
            self._mention(message, draft)
            message.pinged = notified  # an edit notifies nobody
        if draft.embeds is not None:
            message.embeds = draft.embeds
        if draft.components is not None:
            message.components = draft.components
        if draft.kept_attachments is not None:
            kept = draft.kept_attachments
            message.attachments = [each for each in message.attachments if each.id in kept]
        self._attach(message, draft)
        if draft.flags_told:
            message.flags = (message.flags & ~SUPPRESS_EMBEDS) | (draft.flags & SUPPRESS_EMBEDS)
        message.edited_at = payloads.now()
        self.tell_updated(message)

    def delete(self, message: Message) -> None:
        message.deleted = True
        message.channel.messages.pop(message.id, None)
        if message.seen_by is None:
            data = {"id": str(message.id), "channel_id": str(message.channel.id)}
            self._emit_in(message.channel, "MESSAGE_DELETE", data)

    def delete_many(self, channel: Channel, messages: Sequence[Message]) -> None:
        """Delete messages of one channel at once, which is told as one event."""
        for message in messages:
            message.deleted = True
            channel.messages.pop(message.id, None)
        data = {"ids": [str(each.id) for each in messages], "channel_id": str(channel.id)}
        self._emit_in(channel, "MESSAGE_DELETE_BULK", data)

    def react(self, message: Message, user: User, emoji: str) -> None:
        """Add a reaction; one that is there already stays.

        Raises:
            Refused: 30010 if the message has its twenty, 50083 in an archived thread.
        """
        self._check_open(message.channel)
        people = message.reactions.get(emoji)
        if people is None and len(message.reactions) >= MOST_REACTIONS:
            raise Refused(400, 30010, f"Maximum number of reactions reached ({MOST_REACTIONS})")
        people = message.reactions.setdefault(emoji, [])
        if user.id not in people:
            people.append(user.id)
            self._emit_reaction("MESSAGE_REACTION_ADD", message, user, emoji)

    def unreact(self, message: Message, user: User, emoji: str) -> None:
        self._check_open(message.channel)
        people = message.reactions.get(emoji, [])
        if user.id not in people:
            return
        people.remove(user.id)
        if not people:
            del message.reactions[emoji]
        self._emit_reaction("MESSAGE_REACTION_REMOVE", message, user, emoji)

    def tell_again(self, message: Message) -> None:
        """MESSAGE_CREATE a second time, as at-least-once delivery allows."""
        self._emit("MESSAGE_CREATE", message)

    def unfurl(self, message: Message, embed: Json) -> None:
        """Discord adds the preview of a link: an update that is no edit."""
        message.embeds = [*message.embeds, embed]
        self.tell_updated(message)

    def tell_updated(self, message: Message) -> None:
        if message.seen_by is None:
            self._emit("MESSAGE_UPDATE", message)

    def check_reference(self, channel: Channel, author: User, draft: Draft) -> None:
        """Raises Refused if the draft replies to what can't be replied to."""
        if draft.reply_to is None:
            return
        target = channel.messages.get(draft.reply_to)
        if target is None:
            if draft.fails_without_reply:
                code = "MESSAGE_REFERENCE_UNKNOWN_MESSAGE"
                raise invalid("message_reference", code, "Unknown message")
            draft.reply_to = None
            return
        may = permissions.in_channel(channel, author)
        if not may & permissions.READ_MESSAGE_HISTORY:
            raise Refused(403, 160002, "Cannot reply without permission to read message history")

    def find_shown(self, channel: Channel, message_id: int) -> Message:
        """A message of a channel, which those that only one person sees are not."""
        if message_id not in channel.messages:
            raise unknown("Message")
        return channel.messages[message_id]

    def _fill(self, message: Message, draft: Draft) -> None:
        message.content = draft.content or ""
        message.embeds = draft.embeds or []
        message.components = draft.components or []
        message.flags |= draft.flags
        self._attach(message, draft)
        self._mention(message, draft)

    def _attach(self, message: Message, draft: Draft) -> None:
        made = drafts.attachments(self._world, self.base_url, message.channel, draft)
        message.attachments += made
        self.attachments |= {each.id: each for each in made}

    def _mention(self, message: Message, draft: Draft) -> None:
        replies = drafts.pings_reply(draft)
        drafts.resolve_mentions(message, self._world, draft, ping_reply=replies)

    def _place(self, message: Message) -> None:
        channel = message.channel
        channel.messages[message.id] = message
        channel.last_message_id = message.id
        if isinstance(channel, Thread) and message.type != THREAD_STARTER:
            channel.total_sent += 1

    def _check_open(self, channel: Channel) -> None:
        if isinstance(channel, Thread) and channel.archived:
            raise archived()

    def _emit(self, event: str, message: Message, *, nonce: str | None = None) -> None:
        if not self._bot_sees(message.channel):
            self._gateway.notify()
            return
        full = self.payloads.event(message)
        if nonce is not None and message.author is self._world.bot:
            full["nonce"] = nonce
        self._gateway.emit(
            event,
            full,
            guild_id=message.channel.guild_id,
            redacted=lambda: self.payloads.event(message, redacted=True),
        )

    def _emit_reaction(self, event: str, message: Message, user: User, emoji: str) -> None:
        data: Json = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": payloads.emoji(emoji),
            "burst": False,
            "type": 0,
        }
        guild = message.channel.guild
        if guild is not None and event.endswith("ADD"):
            data["member"] = payloads.member(guild.members[user.id])
        self._emit_in(message.channel, event, data)

    def _emit_in(self, channel: Channel, event: str, data: Json) -> None:
        if not self._bot_sees(channel):
            self._gateway.notify()
            return
        if channel.guild is not None:
            data["guild_id"] = str(channel.guild.id)
        self._gateway.emit(event, data, guild_id=channel.guild_id)

    def _bot_sees(self, channel: Channel) -> bool:
        if channel.type == DM:
            return True
        return bool(permissions.in_channel(channel, self._world.bot) & permissions.VIEW_CHANNEL)
