"""The read side: boards, rounds and answers as people and the API see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from bot.domain.boards import Standing, Window, first_date, ranked
from bot.domain.grading import GradeState, grade_json
from bot.domain.group import FeedbackMode, Group, Member, Role
from bot.domain.rounds import Answer, Grade, Revision, Round, RoundState
from bot.domain.schedule import local_date
from bot.domain.streaks import Streak, advance
from bot.errors import InvalidError
from bot.store import Tx
from bot.study.services import Services
from bot.study.streaks import attempted


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard: its window, when it was counted, and the ranked standings."""

    window: Window
    as_of: datetime
    standings: list[Standing]


def parse_window(text: str) -> Window:
    """The window of that name. Raises InvalidError naming them all."""
    wanted = text.strip().casefold().replace("-", "").replace("_", "")
    names = {window.value: window for window in Window}
    if wanted in names:
        return names[wanted]
    near = get_close_matches(wanted, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise InvalidError(f"“{text[:40]}” is no window. {hint}Use one of: {', '.join(names)}.")


async def leaderboard(services: Services, group: Group, window: Window) -> Board:
    """A group's leaderboard in a window, counted now in the group's own dates."""
    now = services.clock()
    since = first_date(window, local_date(now, group.zone))
    async with services.store.read() as tx:
        totals = await tx.boards.totals(
            group.id, since, organisers=group.settings.organisers_ranked
        )
        return Board(window, now, await with_streaks(tx, group, ranked(totals)))


async def with_streaks(tx: Tx, group: Group, standings: Sequence[Standing]) -> list[Standing]:
    """The standings with each member's streak, today's open round included once answered."""
    streaks = await tx.members.streaks(group.id)
    answered_now = await _answered_open_round(tx, group)
    return [
        replace(s, streak=_live(streaks.get(s.member_id), s.member_id in answered_now).current)
        for s in standings
    ]


async def streak_now(tx: Tx, group: Group, member: Member) -> Streak:
    """A member's streak, today's open round included once answered."""
    streaks = await tx.members.streaks(group.id)
    return _live(streaks.get(member.id), member.id in await _answered_open_round(tx, group))


def _live(streak: Streak | None, answered: bool) -> Streak:  # noqa: FBT001 - private, read at once
    stored = streak or Streak()
    return advance(stored, answered=True) if answered else stored


async def _answered_open_round(tx: Tx, group: Group) -> set[int]:
    round_ = await tx.rounds.current(group.id)
    if round_ is None or round_.state not in (RoundState.OPEN, RoundState.CLOSING):
        return set()
    return attempted(await tx.answers.in_round(round_.id))


async def round_view(tx: Tx, round_: Round) -> dict[str, Any]:
    """A round as the API gives it."""
    return (await round_views(tx, [round_]))[0]


async def round_views(tx: Tx, rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Rounds as the API gives them; a missed round has no question but a reason."""
    counts = await tx.answers.counts([round_.id for round_ in rounds])
    return [_round_json(round_, counts.get(round_.id, 0)) for round_ in rounds]


def _round_json(round_: Round, answers: int) -> dict[str, Any]:
    question = round_.question
    return {
        "id": round_.id,
        "local_date": round_.local_date.isoformat(),
        "state": round_.state.value,
        "opens_at": _iso(round_.opens_at),
        "closes_at": _iso(round_.closes_at),
        "question": None
        if question is None
        else {
            "id": question.id,
            "deck": round_.deck_id,
            "section": question.section,
            "prompt": question.prompt,
            "difficulty": question.difficulty,
        },
        "answers": answers,
        "reason": round_.reason if round_.state is RoundState.MISSED else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be seen of an answer's judgement now; ``grade`` None while it is pending."""

    state: GradeState
    revision: Revision | None
    grade: Grade | None


async def shown(tx: Tx, answer: Answer) -> Shown:
    """An answer's judgement as it may be shown: held back until close where the group says so."""
    revision_id = answer.scoring_id or answer.revision_id
    revision = await tx.answers.revision(revision_id) if revision_id else None
    grade = await tx.answers.grade(revision_id) if revision_id else None
    if grade is None or await is_held_back(tx, answer, grade):
        return Shown(GradeState.PENDING, revision, None)
    return Shown(grade.state, revision, grade)


async def is_held_back(tx: Tx, answer: Answer, grade: Grade) -> bool:
    """Whether a grade may not be seen yet: the group shows grades when the round closes.

    A verdict that scores has been shown. One that doesn't score yet stays hidden in any
    mode, since whoever sees it could still revise the answer.
    """
    if answer.scoring_id is not None:
        return False
    group = await tx.groups.get(answer.group_id)
    round_ = await tx.rounds.get(answer.round_id)
    if group is None or round_ is None or round_.state is RoundState.CLOSED:
        return False
    scores = grade.attempt and grade.score is not None
    return scores or group.settings.feedback is FeedbackMode.CLOSE


async def answer_view(tx: Tx, answer: Answer, viewer: Member | None = None) -> dict[str, Any]:
    """An answer as the API gives it. The grade is for its author and organisers.

    ``viewer`` None sees everything: the playground on one's own machine.
    """
    member = await tx.members.get(answer.member_id)
    seen = await shown(tx, answer)
    allowed = viewer is None or viewer.id == answer.member_id or viewer.role is Role.ORGANISER
    return {
        "id": answer.id,
        "member": member.name if member else "",
        "state": seen.state.value,
        "grade": _grade_json(seen.grade) if seen.grade is not None and allowed else None,
    }


def _grade_json(grade: Grade) -> dict[str, Any]:
    return grade_json(
        score=grade.score,
        state=grade.state,
        # What was no attempt has its turn still: the points would give the answer away.
        points=grade.points if grade.attempt else (),
        feedback=grade.feedback or grade.reason,
        judge=grade.judge,
    )


def board_view(board: Board) -> dict[str, Any]:
    """A leaderboard as the API gives it."""
    return {
        "window": board.window.value,
        "as_of": _iso(board.as_of),
        "standings": [
            {
                "rank": s.rank,
                "member": s.member,
                "points": s.points,
                "answered": s.answered,
                "streak": s.streak,
            }
            for s in board.standings
        ],
    }
