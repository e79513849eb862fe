"""The JSON API that the pages use, described at /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, StreamingResponse
from starlette.responses import Response as HttpResponse

from adapters.web import posting
from adapters.web.context import Asking, WebParts, identify
from adapters.web.events import stream
from adapters.web.schemas import (
    AnswerAccepted,
    AnswerOut,
    CommandIn,
    CommandOut,
    CommandPost,
    FieldOut,
    FileOut,
    FormOut,
    LeaderboardOut,
    MemberName,
    PostIn,
    PostOut,
    PressIn,
    Problem,
    RoundOut,
    RoundsOut,
    SuggestionOut,
    SuggestionsOut,
    TextIn,
)
from adapters.web.words import LARGEST_ID, TEXT_LIMIT, Storable
from bot.commands.core import Form
from bot.commands.run import suggest, takes_member
from bot.domain.boards import Window
from bot.errors import NotFoundError
from bot.messages.build import error_message
from bot.messages.plain import plain
from bot.study import views


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documented errors, each with a sentence in ``detail``."""
    words = {
        400: "Not JSON, or not UTF-8",
        403: "Another member's, for organisers, or sent by another site",
        404: "There is none",
        409: "Not now: it is closed, decided, or not posted yet",
        413: "More than 64 kB",
        415: "Not application/json",
        422: "A value can't be used",
    }
    return {status: {"model": Problem, "description": words[status]} for status in statuses}


async def json_only(request: Request) -> None:
    """Bodies are JSON and say so. Raises HTTPException 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send JSON: set the Content-Type header to application/json.")


router = APIRouter(
    prefix="/api",
    dependencies=[Depends(identify)],
    responses={
        401: {"model": Problem, "description": "A password is set: log in, or use HTTP Basic"},
        429: {"model": Problem, "description": "Too many wrong passwords"},
        503: {"model": Problem, "description": "Still starting, or too busy"},
        **_problems(400, 403, 422),
    },
)
RoundId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="A round's id.")]
AnswerId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="An answer's id.")]
PostId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="A post's id.")]
WRITES: dict[str, Any] = {"dependencies": [Depends(json_only)]}
REFUSED = error_message("").title
"""The title under which a command says that it did nothing."""


@router.post(
    "/command",
    tags=["chat"],
    responses=_problems(404, 413, 415),
    summary="Run a chat command",
    **WRITES,
)
async def run_command(body: CommandIn, web: WebParts, asking: Asking) -> CommandOut:
    """Any chat command, as that member. What it says is also posted in the channel."""
    said = await posting.command(web, asking, body.member, body.text, body.thread_id)
    return CommandOut(posts=[_command_post(each) for each in said])


@router.post(
    "/press",
    tags=["chat"],
    responses=_problems(404, 409, 413, 415),
    summary="Press a button",
    **WRITES,
)
async def press_button(body: PressIn, web: WebParts, asking: Asking) -> CommandOut:
    """A button on one of studybot's messages. What it says is posted to that member alone."""
    pressed = posting.Pressed(body.action, body.target, body.text)
    said = await posting.press(web, asking, body.member, pressed, body.thread_id)
    return CommandOut(posts=[_command_post(each) for each in said])


@router.get("/suggest", tags=["chat"], summary="Complete a command")
async def suggestions(
    web: WebParts, text: Annotated[str, Query(max_length=TEXT_LIMIT), Storable] = ""
) -> SuggestionsOut:
    """Ways to go on with a command that is being typed."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        people = await tx.members.in_group(room.group.id) if takes_member(text) else []
    names = [each.name for each in people]
    found = suggest(web.services, room.group, text, members=names)
    return SuggestionsOut(
        suggestions=[
            SuggestionOut(text=each.text, label=each.label, description=each.description)
            for each in found
        ]
    )


@router.get(
    "/rounds/current", tags=["rounds"], responses=_problems(404), summary="The current round"
)
async def current_round(web: WebParts) -> RoundOut:
    """The newest round that was posted; an open one wins."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        found = await tx.rounds.current(room.group.id)
        if found is None:
            raise NotFoundError(
                "No question has been posted yet. An organiser can /study post one."
            )
        return RoundOut.model_validate(await views.round_view(tx, found))


@router.get("/rounds", tags=["rounds"], summary="Recent rounds")
async def recent_rounds(
    web: WebParts, limit: Annotated[int, Query(ge=1, le=200)] = 30
) -> RoundsOut:
    """Rounds that were posted or missed, newest local date first."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        found = await tx.rounds.recent(room.group.id, limit)
        return RoundsOut.model_validate({"rounds": await views.round_views(tx, found)})


@router.post(
    "/rounds/{round_id}/answers",
    status_code=202,
    tags=["rounds"],
    responses=_problems(404, 409, 413, 415),
    summary="Answer a round",
    **WRITES,
)
async def answer_round(
    round_id: RoundId, body: TextIn, web: WebParts, asking: Asking
) -> AnswerAccepted:
    """Store an answer, or a revision of it. Its grade follows at /api/answers/{id}."""
    done = await posting.answer(web, asking, round_id, body.member, body.text)
    accepted = done.accepted
    if accepted.answer_id is None:
        raise HTTPException(409, accepted.note or "This round takes no answers now.")
    return AnswerAccepted(
        answer_id=accepted.answer_id, outcome=accepted.outcome, note=accepted.note
    )


@router.post(
    "/rounds/{round_id}/replies",
    status_code=201,
    tags=["rounds"],
    responses=_problems(404, 409, 413, 415),
    summary="Reply in a round's thread",
    **WRITES,
)
async def reply_in_round(round_id: RoundId, body: TextIn, web: WebParts, asking: Asking) -> PostOut:
    """A member's first reply is their answer; what they write later is conversation."""
    return _post_out(await posting.reply(web, asking, round_id, body.member, body.text))


@router.get(
    "/answers/{answer_id}", tags=["rounds"], responses=_problems(404), summary="An answer's grade"
)
async def get_answer(answer_id: AnswerId, web: WebParts, asking: Asking) -> AnswerOut:
    """The grade is null while it is pending, and for members whose answer it is not."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        answer = await tx.answers.get(answer_id)
        if answer is None or answer.group_id != room.group.id:
            raise NotFoundError(f"There is no answer {answer_id} here.")
        viewer = (await web.viewer(tx, room, asking)).member if asking.proven else None
        view = await views.answer_view(tx, answer, viewer)
        if asking.proven and viewer is None:
            view["grade"] = None
        return AnswerOut.model_validate(view)


@router.get("/leaderboard", tags=["rounds"], summary="The leaderboard")
async def leaderboard(web: WebParts, window: Window = Window.WEEK) -> LeaderboardOut:
    """Members by points in a window, with shared ranks for ties."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
    board = await views.leaderboard(web.services, room.group, window)
    return LeaderboardOut.model_validate(views.board_view(board))


@router.post(
    "/posts",
    status_code=201,
    tags=["chat"],
    responses=_problems(404, 409, 413, 415),
    summary="Say something",
    **WRITES,
)
async def say(body: PostIn, web: WebParts, asking: Asking) -> PostOut:
    """A message in the channel, or in a thread that is not a round's."""
    return _post_out(await posting.talk(web, asking, body.member, body.text, body.thread_id))


@router.patch(
    "/posts/{post_id}",
    tags=["chat"],
    responses=_problems(404, 409, 413, 415),
    summary="Edit your message",
    **WRITES,
)
async def edit_post(post_id: PostId, body: TextIn, web: WebParts, asking: Asking) -> PostOut:
    """Your own message in other words; a new revision if it is your answer."""
    return _post_out(await posting.edit(web, asking, post_id, body.member, body.text))


@router.delete(
    "/posts/{post_id}",
    status_code=204,
    tags=["chat"],
    responses=_problems(404, 413),
    summary="Delete your message",
)
async def delete_post(
    post_id: PostId, member: Annotated[MemberName, Query()], web: WebParts, asking: Asking
) -> HttpResponse:
    """Delete your own message or one that only you see; an answer is withdrawn with it."""
    await posting.delete(web, asking, post_id, member)
    return HttpResponse(status_code=204)


@router.get(
    "/events",
    tags=["chat"],
    summary="Live changes",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": 'Server-sent events: `change` with `{"version": n}`.',
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def events(
    web: WebParts,
    since: Annotated[int | None, Query(ge=0, le=LARGEST_ID, description="Version seen.")] = None,
    last_event_id: Annotated[str | None, Header(description="As EventSource resends it.")] = None,
) -> HttpResponse:
    """One event whenever the channel has changed; comments keep the line open."""
    if web.hub.full:
        return JSONResponse({"detail": "Too many pages are open. Close one, then reload."}, 503)
    async with web.services.store.read() as tx:
        room = await web.room(tx)
    if last_event_id and last_event_id.isdecimal():
        since = int(last_event_id)
    headers = {"cache-control": "no-cache, no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        stream(web.hub, room.channel.id, since), media_type="text/event-stream", headers=headers
    )


def _command_post(said: posting.Said) -> CommandPost:
    response = said.response
    return CommandPost(
        post_id=said.post_id,
        text=plain(response.message),
        private=response.private,
        refused=response.message.title == REFUSED,
        form=_form(response.form) if response.form else None,
        file=FileOut(name=response.file.name, text=response.file.text) if response.file else None,
    )


def _form(form: Form) -> FormOut:
    fields = [
        FieldOut(
            name=field.option.name,
            label=field.label,
            kind=field.option.kind,
            required=field.option.required,
            value=field.value,
            description=field.option.description,
            choices=list(field.option.choices),
            told=list(field.told),
        )
        for field in form.fields
    ]
    return FormOut(title=form.title, command=form.command, fields=fields)


def _post_out(done: posting.Done) -> PostOut:
    accepted = done.accepted
    return PostOut(
        post_id=done.post_id,
        answer_id=accepted.answer_id,
        outcome=accepted.outcome,
        note=accepted.note,
    )
