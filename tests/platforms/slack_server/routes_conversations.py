"""Methods: conversations and what was said in them."""

from __future__ import annotations

from tests.platforms.slack_server import scopes
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.routing import Call, Routes
from tests.platforms.slack_server.world import IM, PRIVATE, PUBLIC, Channel, Message

routes = Routes()
USUAL_PAGE, MOST_PAGE = 100, 999
KINDS = {"public_channel": PUBLIC, "private_channel": PRIVATE, "im": IM, "mpim": "mpim"}


@routes.on("conversations.info")
def info(call: Call) -> Json:
    return {"channel": call.shown_channel(call.readable())}


def _listed(call: Call) -> list[Channel]:
    """Those of the kinds asked for, in the workspace, that the bot can see."""
    asked = [kind for kind in call.optional("types").split(",") if kind] or ["public_channel"]
    if set(asked) - set(KINDS):
        raise Refused("invalid_types")
    kinds = {KINDS[kind] for kind in asked}
    for kind in sorted(kinds):
        call.need(scopes.for_channel(call.method, kind))
    hidden = call.flag("exclude_archived")
    return [
        channel
        for channel in call.parts.world.channels.values()
        if channel.kind in kinds
        and call.install.team in channel.teams
        and not channel.deleted
        and not (hidden and channel.archived)
        and (channel.kind == PUBLIC or call.bot.id in channel.members)
    ]


@routes.on("conversations.list")
def every(call: Call) -> Json:
    shown = [call.shown_channel(channel) for channel in _listed(call)]
    return call.page("channels", shown, 100, 999)


@routes.on("users.conversations")
def of_user(call: Call) -> Json:
    """Those that a user is in: the bot unless told."""
    user = call.optional("user") or call.bot.id
    inside = [channel for channel in _listed(call) if user in channel.members]
    return call.page("channels", [call.shown_channel(each) for each in inside], 100, 999)


@routes.on("conversations.members")
def members(call: Call) -> Json:
    return call.page("members", list(call.readable().members), 100, 1000)


@routes.on("conversations.join")
def join(call: Call) -> Json:
    channel = call.channel()
    if channel.kind != PUBLIC:
        raise Refused("method_not_supported_for_channel_type")
    already = call.bot.id in channel.members
    call.parts.places.join(channel, call.bot)
    told: Json = {"channel": call.shown_channel(channel)}
    return {**told, "warning": "already_in_channel"} if already else told


@routes.on("conversations.open")
def open_direct(call: Call) -> Json:
    """Direct messages with one person; several would need mpim:write."""
    users = [each for each in call.optional("users").split(",") if each]
    if not users:
        raise Refused("users_list_not_supplied")
    call.need("im:write" if len(users) == 1 else "mpim:write")
    people = [call.parts.world.user(each) for each in users]
    if len(people) > 1:
        raise Refused("method_not_supported_for_channel_type")
    if people[0].deleted:
        raise Refused("user_disabled")
    channel = call.parts.world.direct(call.bot, people[0])
    whole = call.shown_channel(channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": whole}


def _inside(call: Call) -> Channel:
    channel = call.readable()
    if call.bot.id not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _between(call: Call, messages: list[Message]) -> list[Message]:
    """Those from ``oldest`` to ``latest``, the ends only when ``inclusive``."""
    oldest, latest = call.optional("oldest") or "0", call.optional("latest") or "99999999999"
    try:
        low, high = float(oldest), float(latest)
    except ValueError:
        raise Refused("invalid_ts_oldest") from None
    if call.flag("inclusive"):
        return [each for each in messages if low <= float(each.ts) <= high]
    return [each for each in messages if low < float(each.ts) < high]


def _shown(call: Call, messages: list[Message]) -> Json:
    most = call.parts.limits.page
    page = call.page("messages", messages, most or USUAL_PAGE, min(MOST_PAGE, most or MOST_PAGE))
    metadata = call.flag("include_all_metadata")
    shown = []
    for each in page["messages"]:
        data = call.parts.messages.payloads.told(each)
        if not metadata:
            data.pop("metadata", None)
        shown.append(data)
    more = bool(page["response_metadata"]["next_cursor"])
    told: Json = {"messages": shown, "has_more": more}
    return told | ({"response_metadata": page["response_metadata"]} if more else {})


@routes.on("conversations.history")
def history(call: Call) -> Json:
    """Newest first, without replies that stay in their threads."""
    channel = _inside(call)
    chosen = _between(call, channel.main)
    return _shown(call, chosen[::-1])


@routes.on("conversations.replies")
def replies(call: Call) -> Json:
    """Oldest first; the parent leads every page that begins the thread."""
    channel = _inside(call)
    found = channel.messages.get(call.text("ts"))
    if found is None:
        raise Refused("thread_not_found")
    if found.is_reply:
        return _shown(call, [found])
    return _shown(call, [found, *_between(call, found.replies)])
