"""Methods: messages and reactions."""

from __future__ import annotations

from tests.platforms.slack_server.messages import Draft, check_sending
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.routing import Call, Routes
from tests.platforms.slack_server.world import IM, PUBLIC, Channel, Message

routes = Routes()
# https://docs.slack.dev/reference/methods/chat.update; users found that it counts bytes after
# &, < and > were escaped (gitlab.com/gitlab-org/gitlab, merge request 258898).
MOST_UPDATED = 4_000


def draft(call: Call) -> Draft:
    """Raises Refused for what can't be read at all."""
    blocks = call.json("blocks", "invalid_blocks_format") or []
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    attachments = call.json("attachments", "invalid_attachments") or []
    metadata = call.json("metadata", "invalid_metadata_format")
    made = Draft(call.optional("text"), blocks, attachments, metadata=metadata)
    made.thread_ts = call.optional("thread_ts")
    made.broadcast = call.flag("reply_broadcast") and bool(made.thread_ts)
    return made


def _target(call: Call) -> Channel:
    """Where a message goes: a person's id stands for the direct messages with them."""
    world, key = call.parts.world, call.optional("channel")
    if key in world.users:
        other = world.users[key]
        if other.team is not call.install.team:
            raise Refused("channel_not_found")
        return world.direct(call.bot, other)
    return call.channel()


@routes.on("chat.postMessage")
def post(call: Call) -> Json:
    channel, made = _target(call), draft(call)
    if channel.archived:
        raise Refused("is_archived")
    stranger = call.bot.id not in channel.members
    if stranger and not ("chat:write.public" in call.install.scopes and channel.kind == PUBLIC):
        raise Refused("not_in_channel")
    if call.optional("username"):
        call.need("chat:write.customize")
        made.username, made.subtype = call.optional("username"), "bot_message"
    made.check()
    message = call.parts.messages.post(channel, call.bot, made)
    shown = call.parts.messages.payloads.message(message)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


@routes.on("chat.postEphemeral")
def post_ephemeral(call: Call) -> Json:
    channel, made = call.channel(), draft(call)
    check_sending(channel, call.bot)
    user = call.parts.world.user(call.text("user"))
    if user.id not in channel.members:
        raise Refused("user_not_in_channel")
    made.check()
    made.seen_by, made.broadcast = user.id, False
    message = call.parts.messages.post(channel, call.bot, made)
    return {"message_ts": message.ts}


@routes.on("chat.update")
def update(call: Call) -> Json:
    """Text alone takes blocks away; metadata stays unless other metadata comes."""
    channel, made = call.channel(), draft(call)
    if not call.args.get("ts"):
        raise Refused("message_not_found")
    message = call.parts.messages.find(channel, call.args["ts"])
    if message.author is not call.bot:
        raise Refused("cant_update_message")
    if channel.archived:
        raise Refused("is_archived")
    if too_long_to_update(made.text):
        raise Refused("msg_too_long")
    made.check()
    call.parts.messages.edit(message, call.bot, made)
    shown = call.parts.messages.payloads.message(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def too_long_to_update(text: str) -> bool:
    """Entities that are escaped already aren't escaped again."""
    plain = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    escaped = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return len(escaped.encode()) > MOST_UPDATED


@routes.on("chat.delete")
def delete(call: Call) -> Json:
    channel = call.channel()
    message = call.parts.messages.find(channel, call.text("ts"))
    if message.author is not call.bot:
        raise Refused("cant_delete_message")
    call.parts.messages.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@routes.on("chat.getPermalink")
def get_permalink(call: Call) -> Json:
    channel = call.channel()
    message = call.parts.messages.find(channel, call.text("message_ts"))
    return {"channel": channel.id, "permalink": call.parts.messages.permalink(message)}


def _reacting(call: Call) -> Message:
    channel = call.channel()
    if not call.args.get("timestamp"):
        raise Refused("no_item_specified")
    message = call.parts.messages.find(channel, call.args["timestamp"])
    if call.method == "reactions.add":
        if channel.archived:
            raise Refused("is_archived")
        if channel.kind != IM and call.bot.id not in channel.members:
            raise Refused("not_in_channel")
    return message


@routes.on("reactions.add")
def react(call: Call) -> Json:
    message = _reacting(call)
    call.parts.messages.react(message, call.bot, call.text("name").strip(":"))
    return {}


@routes.on("reactions.remove")
def unreact(call: Call) -> Json:
    message = _reacting(call)
    call.parts.messages.unreact(message, call.bot, call.text("name").strip(":"))
    return {}


@routes.on("reactions.get")
def reactions(call: Call) -> Json:
    message = _reacting(call)
    shown = call.parts.messages.payloads.told(message)
    return {"type": "message", "channel": message.channel.id, "message": shown}
