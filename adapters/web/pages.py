"""The pages: the channel with its threads, rounds, the leaderboard."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from adapters.web import timeline
from adapters.web.context import Asking, Room, Viewer, Web, WebParts
from adapters.web.dashboard import judge_card
from adapters.web.messenger import PLATFORM
from adapters.web.posting import round_of, round_thread
from adapters.web.render import page
from adapters.web.words import LARGEST_ID
from bot.domain.boards import Window
from bot.domain.chat import Post
from bot.domain.rounds import GradedAnswer, Round, RoundState
from bot.errors import NotFoundError
from bot.messages.build import most_missed
from bot.messages.judging import feedback_message
from bot.messages.message import Message
from bot.store import Tx
from bot.study import views

router = APIRouter(include_in_schema=False)
SWITCHABLE = 60
HISTORY = 60

ThreadId = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]


@router.get("/")
async def today(
    request: Request,
    web: WebParts,
    asking: Asking,
    thread: ThreadId = None,
    window: Window = Window.WEEK,
) -> Response:
    """The channel; beside it a thread or the leaderboard."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        viewer = await web.viewer(tx, room, asking)
        context = await shared(tx, web, room, viewer)
        context["lines"] = await timeline.channel_lines(tx, room, viewer)
        context["thread"] = await _thread(tx, room, viewer, thread) if thread else None
        context["current"] = await _current(tx, room, viewer)
        context["judge"] = await judge_card(tx, web, room) if viewer.organiser else None
    context["window"] = window
    board = await views.leaderboard(web.services, room.group, window)
    return page(request, "today.html", **context, board=board, page_name="today")


@router.get("/rounds")
async def history(request: Request, web: WebParts, asking: Asking) -> Response:
    """Every recent round, with what became of it."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        viewer = await web.viewer(tx, room, asking)
        context = await shared(tx, web, room, viewer)
        rounds = await tx.rounds.recent(room.group.id, HISTORY)
        counts = await tx.answers.counts([round_.id for round_ in rounds])
        cards = [await timeline.card_of(tx, round_, viewer) for round_ in rounds]
    return page(request, "rounds.html", **context, cards=cards, counts=counts, page_name="history")


@router.get("/rounds/{round_id}")
async def one_round(
    request: Request,
    round_id: Annotated[int, Path(ge=1, le=LARGEST_ID)],
    web: WebParts,
    asking: Asking,
) -> Response:
    """A round: the question, your answer, and once it is closed the reference and results."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        viewer = await web.viewer(tx, room, asking)
        context = await shared(tx, web, room, viewer)
        round_ = await round_of(tx, room, round_id)
        answers = await tx.answers.in_round(round_.id)
        context["card"] = card = await timeline.card_of(tx, round_, viewer)
        context["mine"] = await _mine(tx, card, viewer)
        context["thread_id"] = await round_thread(tx, room, round_)
    closed = round_.state is RoundState.CLOSED
    return page(
        request,
        "round.html",
        **context,
        answers=sorted(answers, key=_by_score) if closed else answers,
        missed=_most_missed(round_, answers) if closed else None,
        closed=closed,
        page_name="history",
    )


@router.get("/leaderboard")
async def leaderboard(
    request: Request, web: WebParts, asking: Asking, window: Window = Window.WEEK
) -> Response:
    """The whole leaderboard in a window."""
    async with web.services.store.read() as tx:
        room = await web.room(tx)
        viewer = await web.viewer(tx, room, asking)
        context = await shared(tx, web, room, viewer)
    context["window"] = window
    board = await views.leaderboard(web.services, room.group, window)
    return page(request, "leaderboard.html", **context, board=board, page_name="leaderboard")


async def shared(tx: Tx, web: Web, room: Room, viewer: Viewer) -> dict[str, Any]:
    """What every page shows. The version is read first: a change after it is told live."""
    version = await tx.chat.version(room.channel.id)
    return {
        "version": version,
        "group": room.group,
        "channel": room.channel,
        "viewer": viewer,
        "zone": room.group.zone,
        "names": [] if web.sessions else await _names(tx, room),
        "password": web.sessions is not None,
        "now": web.services.clock(),
    }


async def _names(tx: Tx, room: Room) -> list[str]:
    """The names that can be switched to: members with a web account."""
    names: list[str] = []
    for member in (await tx.members.in_group(room.group.id))[:SWITCHABLE]:
        account = await tx.members.account(member.id, PLATFORM)
        if account is not None:
            names.append(account.name)
    return names


async def _current(tx: Tx, room: Room, viewer: Viewer) -> dict[str, Any] | None:
    """The open round with its thread, so that it is at hand however far the chat has gone."""
    round_ = await tx.rounds.current(room.group.id)
    if round_ is None or round_.state is not RoundState.OPEN:
        return None
    thread_id = await round_thread(tx, room, round_)
    return {"card": await timeline.card_of(tx, round_, viewer), "thread_id": thread_id}


async def _thread(tx: Tx, room: Room, viewer: Viewer, thread_id: int) -> dict[str, Any]:
    root: Post | None = await tx.chat.get(thread_id)
    here = root is not None and root.channel_id == room.channel.id and root.thread_id is None
    if root is None or not here or not timeline.may_see(root, viewer):
        raise NotFoundError("That thread isn't there any more.")
    line = await timeline.root_line(tx, viewer, root)
    return {"root": line, "lines": await timeline.thread_lines(tx, room, viewer, root)}


async def _mine(tx: Tx, card: timeline.Card, viewer: Viewer) -> dict[str, Any] | None:
    """The viewer's own answer with its grade as far as it may be shown."""
    round_ = card.round
    if viewer.member is None:
        return None
    answer = await tx.answers.find(round_.id, viewer.member.id)
    if answer is None or answer.withdrawn_at is not None:
        return None
    seen = await views.shown(tx, answer)
    score = await tx.boards.score(round_.id, viewer.member.id)
    withheld = score.withheld if score else None
    message: Message | None = None
    if seen.grade is not None:
        message = feedback_message(
            seen.grade, round_id=round_.id, practice=False, withheld=withheld
        )
    return {
        "text": seen.revision.text if seen.revision else "",
        "grade": message,
        "state": seen.state.value,
        "spent": timeline.spent_buttons(message, {round_.id: card}),
    }


def _by_score(answer: GradedAnswer) -> tuple[float, str]:
    score = answer.grade.score if answer.grade and answer.grade.score is not None else -1.0
    return (-score, answer.member_name.casefold())


def _most_missed(round_: Round, answers: list[GradedAnswer]) -> tuple[str, int] | None:
    if round_.question is None:
        return None
    graded = [a.grade for a in answers if a.grade is not None and a.grade.score is not None]
    return most_missed(round_.question, graded)
