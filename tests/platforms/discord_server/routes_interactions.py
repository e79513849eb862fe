"""Commands, answers to interactions, and what follows by their tokens."""

from __future__ import annotations

from typing import Any

from tests.platforms.discord_server import commands, components, drafts
from tests.platforms.discord_server import interactions as kinds
from tests.platforms.discord_server.drafts import Draft
from tests.platforms.discord_server.interactions import Interaction, Response
from tests.platforms.discord_server.refusals import (
    Form,
    Json,
    Refused,
    archived,
    missing_access,
    unknown,
)
from tests.platforms.discord_server.routes_messages import edit_message
from tests.platforms.discord_server.routing import Call, Routes
from tests.platforms.discord_server.world import (
    CHAT_COMMAND,
    CONTEXT_COMMAND,
    DEFAULT,
    EPHEMERAL,
    LOADING,
    Message,
    Thread,
)

routes = Routes()
FLAGS = drafts.KEPT_FLAGS | EPHEMERAL

# Commands.

COMMANDS = "/applications/{application}/commands"
GUILD_COMMANDS = "/applications/{application}/guilds/{guild}/commands"


def _place(call: Call) -> int | None:
    call.check_application()
    if "guild" not in call.args:
        return None
    guild = call.parts.world.guilds.get(call.id("guild"))
    if guild is None or call.bot.id not in guild.members:
        raise missing_access()
    return guild.id


def _list_commands(call: Call) -> list[Json]:
    return list(call.parts.commands.of(_place(call)).values())


def _overwrite_commands(call: Call) -> list[Json]:
    made = call.parts.commands.overwrite(_place(call), call.body)
    call.parts.changes.notify()
    return made


def _get_command(call: Call) -> Json:
    found = call.parts.commands.of(_place(call)).get(call.id("command"))
    if found is None:
        raise unknown("application command")
    return found


for _path in (COMMANDS, GUILD_COMMANDS):
    routes.on("GET", _path)(_list_commands)
    routes.on("PUT", _path)(_overwrite_commands)
    routes.on("GET", f"{_path}/{{command}}")(_get_command)


# The first answer.


@routes.on("POST", "/interactions/{interaction}/{token}/callback", public=True)
def callback(call: Call) -> Json | None:
    body = call.object()
    kind = body.get("type")
    if kind not in kinds.KINDS:
        raise Refused(400, 50035, "Invalid Form Body", {"type": {"_errors": []}})
    interactions = call.parts.interactions
    interaction = interactions.to_answer(call.id("interaction"), call.args["token"], kind)
    response = _respond(call, interaction, kind, body.get("data") or {})
    interactions.answered(interaction, response)
    if call.query.get("with_response") not in ("1", "true"):
        return None
    return _told(call, interaction, response, kind)


def _respond(call: Call, interaction: Interaction, kind: int, data: Json) -> Response:
    name, took = kinds.KINDS[kind], call.parts.interactions.took(interaction)
    if kind == kinds.CHOICES:
        return Response(name, took, choices=tuple(_choices(data)))
    if kind == kinds.MODAL:
        form = Form()
        components.check_modal(form, data)
        form.check()
        return Response(name, took, modal=data)
    if kind == kinds.DEFERRED_UPDATE:
        return Response(name, took, interaction.source)
    draft = drafts.read(data, call.files, flags=FLAGS, prefix="data")
    if kind == kinds.UPDATE:
        assert interaction.source is not None
        call.parts.messages.edit(interaction.source, draft)
        return Response(name, took, interaction.source)
    if kind == kinds.DEFERRED:
        draft = Draft(flags=LOADING | (draft.flags & EPHEMERAL))
    elif draft.empty:
        raise Refused(400, 50006, "Cannot send an empty message")
    return Response(name, took, _post(call, interaction, draft))


def _choices(data: Json) -> list[Json]:
    form = Form()
    choices = form.count("data.choices", data.get("choices"), 25)
    for choice in choices:
        kind = commands.STRING if isinstance(choice.get("value"), str) else commands.NUMBER
        commands.check_choices(form, "data.choices", [choice], kind)
    form.check()
    return choices


def _post(call: Call, interaction: Interaction, draft: Draft, *, first: bool = True) -> Message:
    """A message that answers. An ephemeral one only the person who asked can see."""
    hidden = bool(draft.flags & EPHEMERAL)
    if not hidden and not kinds.may_post_publicly(interaction, call.bot):
        raise archived(403)
    channel = interaction.channel
    if not hidden and isinstance(channel, Thread):
        call.parts.places.wake(channel)
    kind = DEFAULT
    if first and interaction.kind == kinds.COMMAND:
        kind = CONTEXT_COMMAND if "target_message_id" in interaction.about else CHAT_COMMAND
    if not first and interaction.original is not None:
        draft.reply_to = None if interaction.original.ephemeral else interaction.original.id
    return call.parts.messages.post(
        channel,
        call.bot,
        draft,
        kind=kind,
        interaction=interaction.about,
        seen_by=interaction.user.id if hidden else None,
    )


def _told(call: Call, interaction: Interaction, response: Response, kind: int) -> Json:
    about: Json = {"id": str(interaction.id), "type": interaction.kind}
    resource: Json = {"type": kind}
    message = response.message
    if message is not None:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        if kind in (kinds.MESSAGE, kinds.UPDATE):
            resource["message"] = call.parts.messages.payloads.message(message)
    return {"interaction": about, "resource": resource}


# What follows.

WEBHOOK = "/webhooks/{application}/{token}"


@routes.on("POST", WEBHOOK, public=True)
def follow_up(call: Call) -> Json:
    """Another message; while the first one is loading, this becomes it."""
    interaction = _interaction(call)
    draft = drafts.read(call.object(), call.files, flags=FLAGS)
    draft.nonce = None  # webhooks take none
    if draft.empty:
        raise Refused(400, 50006, "Cannot send an empty message")
    original = interaction.original
    if original is not None and original.loading and not original.deleted:
        call.parts.messages.fill(original, _public(draft))
        return _shown(call, original)
    message = _post(call, interaction, draft, first=False)
    interaction.followups.append(message)
    call.parts.changes.notify()
    return _shown(call, message)


@routes.on("GET", f"{WEBHOOK}/messages/{{message}}", public=True)
def get(call: Call) -> Json:
    return _shown(call, _message(call, _interaction(call)))


@routes.on("PATCH", f"{WEBHOOK}/messages/{{message}}", public=True)
def edit(call: Call) -> Json:
    interaction = _interaction(call)
    message = _message(call, interaction)
    draft = drafts.read(call.object(), call.files)
    interaction.edited = interaction.edited or message is interaction.original
    if message.loading:
        if draft.empty:
            raise Refused(400, 50006, "Cannot send an empty message")
        call.parts.messages.fill(message, draft)
    else:
        edit_message(call, message, draft)
    call.parts.changes.notify()
    return _shown(call, message)


@routes.on("DELETE", f"{WEBHOOK}/messages/{{message}}", public=True)
def delete(call: Call) -> None:
    message = _message(call, _interaction(call))
    call.parts.messages.delete(message)
    call.parts.changes.notify()


def _interaction(call: Call) -> Interaction:
    if call.id("application") != call.parts.world.application.id:
        raise unknown("Webhook")
    return call.parts.interactions.by_token(call.args["token"])


def _message(call: Call, interaction: Interaction) -> Message:
    """@original, or a follow-up by its id."""
    found: list[Any] = [interaction.original]
    if call.args["message"] != "@original":
        wanted = call.id("message")
        found = [each for each in [*found, *interaction.followups] if each and each.id == wanted]
    if not found or found[0] is None or found[0].deleted:
        raise unknown("Message")
    return found[0]  # type: ignore[no-any-return]


def _public(draft: Draft) -> Draft:
    """Whether an answer is ephemeral was settled when it was deferred."""
    draft.flags &= ~EPHEMERAL
    return draft


def _shown(call: Call, message: Message) -> Json:
    """The bot's own message, which it sees in full."""
    return call.parts.messages.payloads.message(message)
