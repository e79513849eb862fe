"""Methods: tokens, people, views and files."""

from __future__ import annotations

from tests.platforms.slack_server import payloads
from tests.platforms.slack_server.messages import Draft, check_sending
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.routing import Call, Routes
from tests.platforms.slack_server.world import File, User

routes = Routes()


@routes.on("auth.test")
def auth_test(call: Call) -> Json:
    team = call.install.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": call.bot.name,
        "team_id": team.id,
        "user_id": call.bot.id,
        "bot_id": call.bot.bot_id,
        "is_enterprise_install": False,
    }


@routes.on("apps.uninstall")
def uninstall(call: Call) -> Json:
    app = call.parts.world.app
    given = (call.optional("client_id"), call.optional("client_secret"))
    if given != (app.client_id, app.client_secret):
        raise Refused("invalid_client_id")
    call.parts.oauth.uninstall(call.install)
    return {}


@routes.on("auth.revoke")
def revoke(call: Call) -> Json:
    call.parts.oauth.revoke(call.install)
    return {"revoked": True}


@routes.on("apps.connections.open", public=True)
def open_connection(call: Call) -> Json:
    """Needs the app's own token, and Socket Mode switched on."""
    if call.args["token"] != call.parts.world.app.app_token:
        wrong_kind = call.args["token"].startswith("xoxb-")
        raise Refused("not_allowed_token_type" if wrong_kind else "invalid_auth")
    if not call.parts.world.app.socket_mode:
        raise Refused("forbidden_team")
    return {"url": call.parts.sockets.ticket()}


@routes.on("oauth.v2.access", public=True)
def access(call: Call) -> Json:
    given = [call.optional(n) for n in ("client_id", "client_secret", "code", "redirect_uri")]
    install = call.parts.oauth.access(*given)
    installer = install.installer
    return {
        "app_id": call.parts.world.app.id,
        "authed_user": {"id": installer.id if installer else ""},
        "scope": ",".join(sorted(install.scopes)),
        "token_type": "bot",
        "access_token": install.token,
        "bot_user_id": install.bot.id,
        "team": {"id": install.team.id, "name": install.team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


@routes.on("team.info")
def team_info(call: Call) -> Json:
    team = call.install.team
    return {"team": {**team.json, "name": team.name, "email_domain": "", "icon": {}}}


@routes.on("bots.info")
def bots_info(call: Call) -> Json:
    if call.text("bot") != call.bot.bot_id:
        raise Refused("bot_not_found")
    app = call.parts.world.app
    told = {"id": call.bot.bot_id, "app_id": app.id, "user_id": call.bot.id, "name": app.name}
    return {"bot": {**told, "deleted": False, "updated": 1_700_000_000, "icons": {}}}


def _meets(call: Call, user: User) -> bool:
    """Whether the bot's workspace knows somebody: a colleague, or met in a shared channel."""
    if user.team is call.install.team:
        return True
    channels = call.parts.world.channels.values()
    return any(call.install.team in each.teams and user.id in each.members for each in channels)


@routes.on("users.info")
def user_info(call: Call) -> Json:
    user = call.parts.world.user(call.text("user"))
    if not _meets(call, user):
        raise Refused("user_not_found")
    return {"user": payloads.user(user, call.install.team.id)}


@routes.on("users.list")
def users(call: Call) -> Json:
    own = [each for each in call.parts.world.users.values() if each.team is call.install.team]
    shown = [payloads.user(each, call.install.team.id) for each in own]
    limit = call.args.get("limit")
    return call.page("members", shown, 1000 if limit is None else 100, 1000)


# Views.


def _view(call: Call) -> object:
    given = call.json("view", "invalid_arguments")
    if given is None:
        raise Refused("invalid_arguments")
    return given


@routes.on("views.open")
def open_view(call: Call) -> Json:
    view = _view(call)
    asked = call.parts.interactions.use_trigger(call.text("trigger_id"), call.install.team)
    shown = call.parts.views.open(call.install, asked.user, view)
    asked.views.append(shown)
    return {"view": shown.json(call.parts.world.app)}


@routes.on("views.push")
def push_view(call: Call) -> Json:
    view = _view(call)
    asked = call.parts.interactions.use_trigger(call.text("trigger_id"), call.install.team)
    shown = call.parts.views.push(call.install, asked.user, view)
    asked.views.append(shown)
    return {"view": shown.json(call.parts.world.app)}


@routes.on("views.update")
def update_view(call: Call) -> Json:
    keys = (call.optional("view_id"), call.optional("external_id"))
    views = call.parts.views
    shown = views.update(call.install, *keys, _view(call), call.optional("hash"))
    return {"view": shown.json(call.parts.world.app)}


@routes.on("views.publish")
def publish_view(call: Call) -> Json:
    user = call.parts.world.user(call.text("user_id"))
    views = call.parts.views
    shown = views.publish(call.install, user, _view(call), call.optional("hash"))
    return {"view": shown.json(call.parts.world.app)}


# Files.


@routes.on("files.getUploadURLExternal")
def upload_url(call: Call) -> Json:
    length = call.number("length", 0, 10**9)
    file = call.parts.files.expect(call.install, call.text("filename"), length)
    return {"upload_url": call.parts.files.upload_url(file), "file_id": file.id}


@routes.on("files.completeUploadExternal")
def complete_upload(call: Call) -> Json:
    wanted = call.json("files", "invalid_arguments") or []
    files: list[File] = []
    for each in wanted:
        file = call.parts.files.find(each["id"], call.install.team)
        file.title = each.get("title") or file.name
        files.append(file)
    if call.optional("channel_id"):
        channel = call.channel("channel_id")
        check_sending(channel, call.bot)
        draft = Draft(call.optional("initial_comment"), files=files, subtype="file_share")
        draft.thread_ts = call.optional("thread_ts")
        for file in files:
            file.channels.append(channel)
        call.parts.messages.post(channel, call.bot, draft)
    base = call.parts.files.base_url
    return {"files": [payloads.file(each, base) for each in files]}


@routes.on("files.info")
def file_info(call: Call) -> Json:
    file = call.parts.files.find(call.text("file"), call.install.team)
    return {"file": payloads.file(file, call.parts.files.base_url)}
