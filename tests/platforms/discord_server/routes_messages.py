"""Messages, history and reactions."""

from __future__ import annotations

import bisect
from urllib.parse import unquote

from tests.platforms.discord_server import drafts, payloads, permissions
from tests.platforms.discord_server.drafts import Draft
from tests.platforms.discord_server.refusals import Json, Refused, archived, unknown
from tests.platforms.discord_server.routing import Call, Routes
from tests.platforms.discord_server.world import (
    DEFAULT,
    DM,
    REPLY,
    Channel,
    Message,
    Thread,
    User,
)

routes = Routes()
DELETABLE = (DEFAULT, REPLY, 18, 20, 23)


def check_sending(channel: Channel, author: User, draft: Draft) -> None:
    """Raises Refused if the author may not post this there; the same for bots and people."""
    if channel.type == DM:
        if channel.recipient is not None and not channel.recipient.takes_messages and author.bot:
            raise Refused(403, 50007, "Cannot send messages to this user")
        return
    threaded = isinstance(channel, Thread)
    sending = permissions.SEND_MESSAGES_IN_THREADS if threaded else permissions.SEND_MESSAGES
    needed = sending
    if draft.embeds:
        needed |= permissions.EMBED_LINKS
    if draft.uploads:
        needed |= permissions.ATTACH_FILES
    given = permissions.require(channel, author, needed)
    if isinstance(channel, Thread) and channel.locked and not given & permissions.MANAGE_THREADS:
        raise archived(403) if channel.archived else Refused(403, 160005, "Thread is locked")


@routes.on("POST", "/channels/{channel}/messages")
def create(call: Call) -> Json:
    channel, messages = call.channel(), call.parts.messages
    draft = drafts.read(call.object(), call.files)
    check_sending(channel, call.bot, draft)
    if draft.empty:
        raise Refused(400, 50006, "Cannot send an empty message")
    before = messages.sent_before(call.bot, draft)
    if before is not None:
        return {**messages.json(before), "nonce": draft.nonce}
    messages.check_reference(channel, call.bot, draft)
    if isinstance(channel, Thread):
        call.parts.places.wake(channel)
        call.parts.places.join_thread(channel, call.bot)
    message = messages.post(channel, call.bot, draft)
    data = messages.json(message)
    return data if draft.nonce is None else {**data, "nonce": draft.nonce}


@routes.on("GET", "/channels/{channel}/messages")
def history(call: Call) -> list[Json]:
    """Newest first, from before, after or around a message; 50 unless told, at most 100."""
    channel = call.channel()
    limit = call.query_number("limit", 50, 1, 100)
    given = permissions.require(channel, call.bot, permissions.VIEW_CHANNEL)
    if not given & permissions.READ_MESSAGE_HISTORY:
        return []
    ids = list(channel.messages)
    before, after, around = (call.query_id(name) for name in ("before", "after", "around"))
    if around is not None:
        middle = bisect.bisect_left(ids, around)
        start = max(0, middle - limit // 2)
        chosen = ids[start : start + limit]
    elif after is not None:
        start = bisect.bisect_right(ids, after)
        chosen = ids[start : start + limit]
    else:
        end = len(ids) if before is None else bisect.bisect_left(ids, before)
        chosen = ids[max(0, end - limit) : end]
    return [call.parts.messages.json(channel.messages[each]) for each in reversed(chosen)]


@routes.on("GET", "/channels/{channel}/messages/{message}")
def get(call: Call) -> Json:
    permissions.require(call.channel(), call.bot, permissions.READ_MESSAGE_HISTORY)
    return call.parts.messages.json(call.message())


@routes.on("PATCH", "/channels/{channel}/messages/{message}")
def edit(call: Call) -> Json:
    draft = drafts.read(call.object(), call.files)
    permissions.require(call.channel(), call.bot, permissions.VIEW_CHANNEL)
    message = call.message()
    if message.author is not call.bot:
        raise Refused(403, 50005, "Cannot edit a message authored by another user")
    edit_message(call, message, draft)
    return call.parts.messages.json(message)


def edit_message(call: Call, message: Message, draft: Draft) -> None:
    """Raises Refused where nothing may be edited, or nothing would be left."""
    channel = message.channel
    if isinstance(channel, Thread) and channel.archived:
        raise archived()
    kept_files = draft.kept_attachments if draft.kept_attachments is not None else None
    left = [
        message.content if draft.content is None else draft.content,
        message.embeds if draft.embeds is None else draft.embeds,
        message.components if draft.components is None else draft.components,
        message.attachments if kept_files is None else kept_files,
        draft.uploads,
    ]
    if not any(left):
        raise Refused(400, 50006, "Cannot send an empty message")
    call.parts.messages.edit(message, draft)


@routes.on("DELETE", "/channels/{channel}/messages/{message}")
def delete(call: Call) -> None:
    channel = call.channel()
    given = permissions.require(channel, call.bot, permissions.VIEW_CHANNEL)
    message = call.message()
    if message.author is not call.bot and not given & permissions.MANAGE_MESSAGES:
        raise Refused(403, 50013, "Missing Permissions")
    if channel.type == DM and message.author is not call.bot:
        raise Refused(403, 50003, "Cannot execute action on a DM channel")
    if message.type not in DELETABLE:
        raise Refused(403, 50021, "Cannot execute action on a system message")
    call.parts.messages.delete(message)


@routes.on("POST", "/channels/{channel}/typing")
def typing(call: Call) -> None:
    permissions.require(call.channel(), call.bot, permissions.VIEW_CHANNEL)


REACTION = "/channels/{channel}/messages/{message}/reactions/{emoji}"


@routes.on("PUT", f"{REACTION}/@me")
def react(call: Call) -> None:
    given = permissions.require(call.channel(), call.bot, permissions.READ_MESSAGE_HISTORY)
    message, emoji = call.message(), read_emoji(call)
    if emoji not in message.reactions and not given & permissions.ADD_REACTIONS:
        raise Refused(403, 50013, "Missing Permissions")
    if message.author.blocks_bot:
        raise Refused(403, 90001, "Reaction was blocked")
    call.parts.messages.react(message, call.bot, emoji)


@routes.on("DELETE", f"{REACTION}/@me")
def unreact(call: Call) -> None:
    permissions.require(call.channel(), call.bot, permissions.VIEW_CHANNEL)
    call.parts.messages.unreact(call.message(), call.bot, read_emoji(call))


@routes.on("DELETE", f"{REACTION}/{{user}}")
def unreact_other(call: Call) -> None:
    permissions.require(call.channel(), call.bot, permissions.MANAGE_MESSAGES)
    user = call.parts.world.user(call.id("user"))
    call.parts.messages.unreact(call.message(), user, read_emoji(call))


@routes.on("GET", REACTION)
def reactors(call: Call) -> list[Json]:
    permissions.require(call.channel(), call.bot, permissions.READ_MESSAGE_HISTORY)
    people = call.message().reactions.get(read_emoji(call), [])
    start = bisect.bisect_right(sorted(people), call.query_id("after") or 0)
    chosen = sorted(people)[start : start + call.query_number("limit", 25, 1, 100)]
    return [payloads.user(call.parts.world.user(each)) for each in chosen]


def read_emoji(call: Call) -> str:
    """A character, or name:id; raises Refused for plain words."""
    emoji = unquote(call.args["emoji"])
    name, _, number = emoji.partition(":")
    if not emoji or (emoji.isascii() and not (name and number.isdigit())):
        raise Refused(400, 10014, unknown("Emoji").message)
    return emoji
