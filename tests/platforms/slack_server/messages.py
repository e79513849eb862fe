"""Writing, editing, deleting and reacting, with the events that each makes."""

from __future__ import annotations

import json
import re
import uuid
from collections import deque
from dataclasses import dataclass, field

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server import blockkit
from tests.platforms.slack_server.events import Events
from tests.platforms.slack_server.payloads import Payloads
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.world import PUBLIC, Channel, File, Message, User, World

MOST_TEXT = 40_000
MOST_METADATA = 16_000
KEPT = 50_000
EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
# https://docs.slack.dev/reference/methods/reactions.add: 50 kinds on a message, 23 by one user.
MOST_KINDS, MOST_BY_ONE = 50, 23


@dataclass
class Draft:
    """What is to be posted; see chat.postMessage for what Slack makes of it."""

    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    thread_ts: str = ""
    broadcast: bool = False
    metadata: Json | None = None
    subtype: str = ""
    username: str = ""
    seen_by: str = ""
    client_msg_id: str = ""

    def check(self) -> None:
        """Raises Refused as Slack does; a text that is too long is cut."""
        if not (self.text.strip() or self.blocks or self.attachments or self.files):
            raise Refused("no_text")
        blockkit.check_message(self.blocks)
        check_metadata(self.metadata)
        self.blocks = blockkit.completed(self.blocks)
        self.text = self.text[:MOST_TEXT]


def check_metadata(metadata: object) -> None:
    if metadata is None or metadata == {}:
        return
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if not metadata.get("event_type"):
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > MOST_METADATA:
        raise Refused("metadata_too_large")


class Messages:
    """``sent`` are the app's own, ephemeral ones too, in the order in which they were posted."""

    def __init__(self, world: World, events: Events, payloads: Payloads, changes: Changes) -> None:
        self.world = world
        self.events = events
        self.payloads = payloads
        self._changes = changes
        self.sent: deque[Message] = deque(maxlen=KEPT)

    def find(self, channel: Channel, ts: object) -> Message:
        found = channel.messages.get(str(ts))
        if found is None or found.deleted:
            raise Refused("message_not_found")
        return found

    def post(self, channel: Channel, author: User, draft: Draft) -> Message:
        """Write it. Raises Refused: a reply to a thread that isn't there."""
        parent = self._parent(channel, draft.thread_ts)
        message = Message(channel, self.world.new_ts(), author, draft.text)
        for name in ("blocks", "attachments", "files", "metadata", "subtype", "username"):
            setattr(message, name, getattr(draft, name))
        message.seen_by, message.client_msg_id = draft.seen_by, draft.client_msg_id
        message.bot_id = author.bot_id
        if parent is not None:
            message.thread_ts = parent.ts
            if draft.broadcast:
                message.subtype = "thread_broadcast"
                message.fields["root"] = self.payloads.message(parent)
        if author.bot_id:
            self.sent.append(message)
        if not draft.seen_by:
            channel.messages[message.ts] = message
            if parent is not None:
                parent.replies.append(message)
            self._tell(message)
        self._changes.notify()
        return message

    def system(self, channel: Channel, user: User, subtype: str, text: str) -> Message:
        """What Slack itself writes about somebody, such as channel_join."""
        return self.post(channel, user, Draft(text=text, subtype=subtype))

    def edit(self, message: Message, editor: User, draft: Draft) -> None:
        """``draft`` replaces the text, blocks and attachments; metadata only if there is any."""
        before = self.payloads.message(message)
        message.text, message.blocks = draft.text, draft.blocks
        message.attachments = draft.attachments
        if draft.metadata is not None:
            message.metadata = draft.metadata or None
        if not message.seen_by:
            message.edited = {"user": editor.id, "ts": self.world.new_ts()}
            self._changed(message, before)
        self._changes.notify()

    def unfurl(self, message: Message, attachments: list[Json]) -> None:
        """Slack adds a link's preview: a change that nobody made, without ``edited``."""
        before = self.payloads.message(message)
        message.attachments = attachments
        self._changed(message, before)
        self._changes.notify()

    def delete(self, message: Message) -> None:
        """Without a trace, but for a thread's parent, of which a tombstone is left."""
        before = self.payloads.message(message)
        channel = message.channel
        message.deleted = True
        if message.seen_by:
            self._changes.notify()
            return
        del channel.messages[message.ts]
        if message.is_reply and (parent := channel.messages.get(message.thread_ts)):
            parent.replies.remove(message)
        if message.replies:
            self._bury(message, before)
        else:
            told = {"type": "message", "subtype": "message_deleted", "hidden": True}
            told |= {"deleted_ts": message.ts, "previous_message": before}
            self.events.message(channel, {**told, "ts": self.world.new_ts()})
        self._changes.notify()

    def react(self, message: Message, user: User, name: str) -> None:
        if not EMOJI.fullmatch(name):
            raise Refused("invalid_name")
        users = message.reactions.get(name, [])
        if user.id in users:
            raise Refused("already_reacted")
        if not users and len(message.reactions) >= MOST_KINDS:
            raise Refused("too_many_emoji")
        if sum(user.id in each for each in message.reactions.values()) >= MOST_BY_ONE:
            raise Refused("too_many_reactions")
        message.reactions.setdefault(name, []).append(user.id)
        self._reacted("reaction_added", message, user, name)

    def unreact(self, message: Message, user: User, name: str) -> None:
        users = message.reactions.get(name, [])
        if user.id not in users:
            raise Refused("no_reaction")
        users.remove(user.id)
        if not users:
            del message.reactions[name]
        self._reacted("reaction_removed", message, user, name)

    def permalink(self, message: Message) -> str:
        channel = message.channel
        place = f"https://{channel.team.domain}.slack.com/archives/{channel.id}"
        link = f"{place}/p{message.ts.replace('.', '')}"
        return f"{link}?thread_ts={message.thread_ts}" if message.is_reply else link

    def _parent(self, channel: Channel, thread_ts: str) -> Message | None:
        """The thread's first message, or its tombstone; a reply's own ts leads to the same."""
        if not thread_ts:
            return None
        found = channel.messages.get(thread_ts)
        if found is not None and found.is_reply:
            found = channel.messages.get(found.thread_ts)
        if found is None:
            raise Refused("thread_not_found")
        return found

    def _tell(self, message: Message) -> None:
        data = self.payloads.message(message)
        if message.channel.shared and message.author is not None:
            data |= {"user_team": message.author.team.id, "source_team": message.author.team.id}
        self.events.message(message.channel, data)
        self.events.mention(message, data)
        if message.files and message.author is not None:
            self._tell_files(message)

    def _tell_files(self, message: Message) -> None:
        for each in message.files:
            told = {
                "type": "file_shared",
                "file_id": each.id,
                "user_id": message.author.id if message.author else "",
                "file": {"id": each.id},
                "channel_id": message.channel.id,
            }
            self.events.in_channel(message.channel, "file_shared", told)

    def _changed(self, message: Message, before: Json) -> None:
        told = {"type": "message", "subtype": "message_changed", "hidden": True}
        now = self.payloads.message(message)
        told |= {"message": now, "previous_message": before, "ts": self.world.new_ts()}
        self.events.message(message.channel, told)

    def _bury(self, message: Message, before: Json) -> None:
        """Leave a tombstone, which keeps the thread together."""
        stone = Message(message.channel, message.ts, None, "This message was deleted.")
        stone.subtype, stone.replies = "tombstone", message.replies
        stone.fields = {"user": "USLACKBOT", "hidden": True}
        every = {**message.channel.messages, stone.ts: stone}
        message.channel.messages.clear()
        message.channel.messages.update(sorted(every.items()))
        self._changed(stone, before)

    def _reacted(self, kind: str, message: Message, user: User, name: str) -> None:
        item = {"type": "message", "channel": message.channel.id, "ts": message.ts}
        told: Json = {"type": kind, "user": user.id, "reaction": name, "item": item}
        if message.author is not None:
            told["item_user"] = message.author.id
        self.events.in_channel(message.channel, kind, told)
        self._changes.notify()


def check_sending(channel: Channel, author: User) -> None:
    """Raises Refused if the channel takes no message of theirs."""
    if channel.archived:
        raise Refused("is_archived")
    if author.id not in channel.members:
        raise Refused("not_in_channel" if channel.kind == PUBLIC else "channel_not_found")


def new_client_msg_id() -> str:
    return str(uuid.uuid4())
