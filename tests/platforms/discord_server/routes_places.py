"""Channels, threads, guilds, members, roles and users."""

from __future__ import annotations

from datetime import datetime

from tests.platforms.discord_server import payloads, permissions
from tests.platforms.discord_server.refusals import (
    Form,
    Json,
    Refused,
    archived,
    missing_access,
    missing_permissions,
    unknown,
)
from tests.platforms.discord_server.routing import Call, Routes
from tests.platforms.discord_server.world import (
    DM,
    HAS_THREAD,
    TEXT,
    Channel,
    Guild,
    Member,
    Thread,
)

routes = Routes()
ARCHIVE_MINUTES = (60, 1_440, 4_320, 10_080)
MOST_SLOW_MODE = 21_600  # seconds
THREADABLE = (0, 19, 20, 23)


@routes.on("GET", "/channels/{channel}")
def get_channel(call: Call) -> Json:
    channel = _visible(call)
    return payloads.channel(channel, call.bot)


@routes.on("PATCH", "/channels/{channel}")
def change_channel(call: Call) -> Json:
    channel, body = _visible(call), call.object()
    if channel.type == DM:
        raise Refused(403, 50003, "Cannot execute action on a DM channel")
    form = Form()
    if "name" in body:
        form.text("name", body["name"], 100, least=1)
    form.number("rate_limit_per_user", body.get("rate_limit_per_user"), 0, MOST_SLOW_MODE)
    if "auto_archive_duration" in body:
        form.choice("auto_archive_duration", body["auto_archive_duration"], ARCHIVE_MINUTES)
    form.text("topic", body.get("topic"), 1_024)
    form.check()
    if isinstance(channel, Thread):
        _change_thread(call, channel, body)
    else:
        permissions.require(channel, call.bot, permissions.MANAGE_CHANNELS)
        names = {"name": "name", "topic": "topic", "rate_limit_per_user": "slow_mode"}
        values = {names[key]: value for key, value in body.items() if key in names}
        call.parts.places.change_channel(channel, **values)
    return payloads.channel(channel, call.bot)


def _change_thread(call: Call, thread: Thread, body: Json) -> None:
    given = permissions.require(thread, call.bot, permissions.VIEW_CHANNEL)
    manages = bool(given & permissions.MANAGE_THREADS)
    opens = body.get("archived") is False
    if thread.archived and not opens:
        raise archived()
    if not manages and not _may_change(call, thread, body, opens=opens):
        raise missing_permissions()
    names = {
        "name": "name",
        "archived": "archived",
        "locked": "locked",
        "auto_archive_duration": "auto_archive",
        "rate_limit_per_user": "slow_mode",
    }
    values = {names[key]: value for key, value in body.items() if key in names}
    call.parts.places.change_thread(thread, **values)


def _may_change(call: Call, thread: Thread, body: Json, *, opens: bool) -> bool:
    """Without Manage Threads: its owner may rename and archive, who can write may open it."""
    if {"locked", "rate_limit_per_user"} & set(body):
        return False
    if opens and set(body) == {"archived"}:
        return not thread.locked
    return thread.owner is call.bot


@routes.on("DELETE", "/channels/{channel}")
def delete_channel(call: Call) -> Json:
    channel = _visible(call)
    if channel.type != DM:
        thread = isinstance(channel, Thread)
        needed = permissions.MANAGE_THREADS if thread else permissions.MANAGE_CHANNELS
        permissions.require(channel, call.bot, needed)
        call.parts.places.delete_channel(channel)
    return payloads.channel(channel, call.bot)


# Threads.


@routes.on("POST", "/channels/{channel}/messages/{message}/threads")
def start_thread_on(call: Call) -> Json:
    channel, minutes = _checked_start(call)
    message = call.message()
    if channel.type != TEXT:
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    if message.type not in THREADABLE or (message.flags & HAS_THREAD and message.thread is None):
        raise Refused(403, 50021, "Cannot execute action on a system message")
    thread = call.parts.places.start_thread(
        channel, call.bot, call.body["name"], on=message, auto_archive=minutes
    )
    return payloads.channel(thread, call.bot)


@routes.on("POST", "/channels/{channel}/threads")
def start_thread(call: Call) -> Json:
    channel, minutes = _checked_start(call)
    thread = call.parts.places.start_thread(
        channel, call.bot, call.body["name"], on=None, auto_archive=minutes
    )
    return payloads.channel(thread, call.bot)


def _checked_start(call: Call) -> tuple[Channel, int]:
    body, form = call.object(), Form()
    minutes = body.get("auto_archive_duration") or 1_440
    form.text("name", body.get("name"), 100, least=1)
    form.choice("auto_archive_duration", minutes, ARCHIVE_MINUTES)
    form.check()
    channel = _visible(call)
    permissions.require(channel, call.bot, permissions.CREATE_PUBLIC_THREADS)
    return channel, minutes


@routes.on("PUT", "/channels/{channel}/thread-members/@me")
def join_thread(call: Call) -> None:
    thread = _thread(call)
    if thread.archived:
        raise archived()
    call.parts.places.join_thread(thread, call.bot)


@routes.on("DELETE", "/channels/{channel}/thread-members/@me")
def leave_thread(call: Call) -> None:
    thread = _thread(call)
    if thread.archived:
        raise archived()
    call.parts.places.leave_thread(thread, call.bot)


@routes.on("GET", "/guilds/{guild}/threads/active")
def active_threads(call: Call) -> Json:
    threads = [each for each in call.guild().threads.values() if not each.archived]
    return _listed(call, sorted(threads, key=lambda each: each.id, reverse=True))


@routes.on("GET", "/channels/{channel}/threads/archived/public")
def archived_threads(call: Call) -> Json:
    """Last archived first; ``before`` is the time when a thread was archived."""
    channel = _visible(call)
    permissions.require(channel, call.bot, permissions.READ_MESSAGE_HISTORY)
    limit = call.query_number("limit", 50, 2, 100)
    guild = channel.guild
    threads = [] if guild is None else list(guild.threads.values())
    found = [each for each in threads if each.parent is channel and each.archived]
    if before := call.query.get("before"):
        last = datetime.fromisoformat(before)
        found = [each for each in found if each.archive_changed_at < last]
    found.sort(key=lambda each: each.archive_changed_at, reverse=True)
    return {**_listed(call, found[:limit]), "has_more": len(found) > limit}


def _listed(call: Call, threads: list[Thread]) -> Json:
    seen = [each for each in threads if permissions.in_channel(each, call.bot)]
    joined = [each for each in seen if call.bot.id in each.joined]
    return {
        "threads": [payloads.channel(each, call.bot) for each in seen],
        "members": [payloads.thread_member(each, call.bot.id) for each in joined],
    }


# Guilds.


@routes.on("GET", "/guilds/{guild}")
def get_guild(call: Call) -> Json:
    return payloads.guild(call.guild())


@routes.on("GET", "/guilds/{guild}/channels")
def channels(call: Call) -> list[Json]:
    return [payloads.channel(each) for each in call.guild().channels.values()]


@routes.on("GET", "/guilds/{guild}/roles")
def roles(call: Call) -> list[Json]:
    return [payloads.role(each) for each in call.guild().roles.values()]


@routes.on("GET", "/guilds/{guild}/members/{user}")
def get_member(call: Call) -> Json:
    return payloads.member(_member(call, call.guild()))


@routes.on("GET", "/guilds/{guild}/members")
def members(call: Call) -> list[Json]:
    guild = call.guild()
    if "members" not in call.parts.world.application.privileged:
        raise missing_access()
    limit = call.query_number("limit", 1, 1, 1_000)
    after = call.query_id("after") or 0
    chosen = sorted(each for each in guild.members if each > after)[:limit]
    return [payloads.member(guild.members[each]) for each in chosen]


@routes.on("PUT", "/guilds/{guild}/members/{user}/roles/{role}")
def give_role(call: Call) -> None:
    guild, member, role_id = _role_to_change(call)
    call.parts.places.change_member(guild, member, role_ids=member.role_ids | {role_id})


@routes.on("DELETE", "/guilds/{guild}/members/{user}/roles/{role}")
def take_role(call: Call) -> None:
    guild, member, role_id = _role_to_change(call)
    call.parts.places.change_member(guild, member, role_ids=member.role_ids - {role_id})


def _role_to_change(call: Call) -> tuple[Guild, Member, int]:
    """Roles below the bot's own can be given and taken, if it may manage roles."""
    guild = call.guild()
    own = permissions.require_in_guild(guild, call.bot, permissions.MANAGE_ROLES)
    role = guild.roles.get(call.id("role"))
    if role is None:
        raise unknown("Role")
    member = _member(call, guild)
    if role.position >= permissions.top_position(guild, own) or role.managed or role.id == guild.id:
        raise missing_permissions()
    return guild, member, role.id


def _member(call: Call, guild: Guild) -> Member:
    member = guild.members.get(call.id("user"))
    if member is None:
        raise unknown("Member")
    return member


# Users and the application.


@routes.on("GET", "/users/@me")
def me(call: Call) -> Json:
    return payloads.own_user(call.bot)


@routes.on("GET", "/users/{user}")
def get_user(call: Call) -> Json:
    return payloads.user(call.parts.world.user(call.id("user")))


@routes.on("GET", "/users/@me/guilds")
def my_guilds(call: Call) -> list[Json]:
    found = []
    for guild in call.parts.world.bot_guilds():
        given = permissions.in_guild(guild, guild.members[call.bot.id])
        data = payloads.guild(guild)
        found.append({"id": data["id"], "name": data["name"], "permissions": str(given)})
    return found


@routes.on("DELETE", "/users/@me/guilds/{guild}")
def leave_guild(call: Call) -> None:
    call.parts.places.remove_bot(call.guild())


@routes.on("POST", "/users/@me/channels")
def create_direct(call: Call) -> Json:
    recipient = str(call.object().get("recipient_id", ""))
    user = call.parts.world.user(int(recipient) if recipient.isdigit() else 0)
    if user is call.bot:
        raise Refused(400, 50033, "Invalid Recipient(s)")
    return payloads.channel(call.parts.world.direct(user))


def _application(call: Call) -> Json:
    application = call.parts.world.application
    return {
        "id": str(application.id),
        "name": application.name,
        "description": "",
        "summary": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": application.flags,
        "owner": payloads.user(application.owner),
        "team": None,
        "approximate_guild_count": len(call.parts.world.bot_guilds()),
    }


routes.on("GET", "/applications/@me")(_application)
routes.on("GET", "/oauth2/applications/@me")(_application)


# The gateway's address.


@routes.on("GET", "/gateway", public=True)
def gateway(call: Call) -> Json:
    return {"url": call.parts.gateway.url}


@routes.on("GET", "/gateway/bot")
def gateway_for_bots(call: Call) -> Json:
    settings = call.parts.gateway.settings
    return {
        "url": call.parts.gateway.url,
        "shards": settings.shards,
        "session_start_limit": {
            "total": 1_000,
            "remaining": settings.starts_left,
            "reset_after": 14_400_000,
            "max_concurrency": settings.max_concurrency,
        },
    }


def _visible(call: Call) -> Channel:
    """The path's channel; raises Refused with 50001 if the bot can't see it."""
    channel = call.channel()
    permissions.require(channel, call.bot, permissions.VIEW_CHANNEL)
    return channel


def _thread(call: Call) -> Thread:
    channel = _visible(call)
    if not isinstance(channel, Thread):
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    return channel
