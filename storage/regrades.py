"""Grades that another judgement should replace, and what humans made of judges' grades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.appeals import Agreement
from bot.domain.grading import GradeState, JudgeInfo, Judgement
from bot.domain.rounds import Revision, RevisionState
from bot.store.judging import MOST_FAILURES, GradedRevision
from storage import work
from storage.answers import labelled, revision_from
from storage.grades import HUMAN, UNSETTLED, grade_from, judgement_from
from storage.sql import Session
from storage.tables import answers, appeals, grades, revisions, rounds

MOST_CORRECTIONS = 500

_human = grades.alias("human")
_judged = grades.alias("judged")
_earlier = grades.alias("earlier")
# As in the index of final grades, so that both planners use it.
_FINAL = sa.text("human.current AND human.state = 'final'")


class SqlRegrades:
    """bot.store.Regrades over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def cached(self, keys: Sequence[str]) -> dict[str, Judgement]:
        """The newest judgement stored with each cache key, its usage zeroed; none for some."""
        statement = (
            sa.select(grades)
            .where(grades.c.cache_key.in_(sa.bindparam("keys", expanding=True)))
            .order_by(grades.c.id)
        )
        result = await self._session.execute(statement, {"keys": list(keys)})
        return {str(row.cache_key): judgement_from(row) for row in result}

    async def awaiting(self, now: datetime, limit: int) -> list[int]:
        """Ids of revisions whose current grade is provisional or ungraded, oldest first."""
        statement = (
            sa.select(grades.c.revision_id)
            .join(revisions, revisions.c.id == grades.c.revision_id)
            .join(answers, answers.c.id == revisions.c.answer_id)
            .where(
                UNSETTLED,
                answers.c.withdrawn_at.is_(None),
                revisions.c.state == RevisionState.DONE,
                revisions.c.failures <= MOST_FAILURES,
                work.ripe(revisions, now),
            )
            .order_by(grades.c.revision_id)
            .limit(limit)
        )
        return await self._session.scalars(statement)

    async def claim(self, revision_id: int, now: datetime, lease: timedelta) -> Revision | None:
        """Take a DONE revision to grade it again: as ``Answers.claim_revision``."""
        states = (RevisionState.DONE,)
        row = await work.claim(self._session, revisions, revision_id, states, now, lease)
        return revision_from(row) if row else None

    async def release(self, revision_id: int) -> None:
        """Forget attempts, failures and lease of a claimed DONE revision."""
        await self._session.execute(
            sa.update(revisions)
            .where(revisions.c.id == revision_id, revisions.c.state == RevisionState.DONE)
            .values(work.RESET)
        )

    async def stale(
        self,
        *,
        answer_id: int | None = None,
        group_id: int | None = None,
        deck_id: str | None = None,
        question_id: str | None = None,
    ) -> list[GradedRevision]:
        """Scoring or standing revisions with a grade that is not final."""
        given = {
            answers.c.id: answer_id,
            answers.c.group_id: group_id,
            rounds.c.deck_id: deck_id,
            rounds.c.question_id: question_id,
        }
        shown = sa.func.coalesce(answers.c.scoring_id, answers.c.revision_id)
        statement = (
            sa.select(revisions, answers.c.round_id, answers.c.group_id, *labelled(grades, "g_"))
            .select_from(
                answers.join(rounds, rounds.c.id == answers.c.round_id)
                .join(revisions, revisions.c.id == shown)
                .join(grades, sa.and_(grades.c.revision_id == revisions.c.id, grades.c.current))
            )
            .where(
                *(column == value for column, value in given.items() if value is not None),
                answers.c.withdrawn_at.is_(None),
                revisions.c.state == RevisionState.DONE,
                grades.c.state != GradeState.FINAL,
            )
            .order_by(revisions.c.id)
        )
        return [
            GradedRevision(revision_from(row), grade_from(row, "g_"), row.round_id, row.group_id)
            for row in await self._session.all(statement)
        ]

    async def corrections(self, group_id: int, judge: JudgeInfo) -> list[tuple[float, float]]:
        """(raw score by that judge, final human score) of the group, newest first, at most 500."""
        named = (
            _earlier.c.judge["kind"].as_string() == judge.kind,
            _earlier.c.judge["model"].as_string() == judge.model,
            _earlier.c.judge["version"].as_string() == judge.version,
        )
        statement = _overruled(group_id, *named).limit(MOST_CORRECTIONS)
        return [(row.said, row.score) for row in await self._session.all(statement)]

    async def agreement(self, group_id: int | None) -> list[Agreement]:
        """For each revision with a human's final word, the last judge's score before it."""
        rows = await self._session.all(_overruled(group_id))
        return [
            Agreement(JudgeInfo(**row.judge), row.said, row.score, bool(row.appealed))
            for row in rows
        ]


def _overruled(group_id: int | None, *named: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Humans' final words, newest first, each beside the last grade before it by such a judge."""
    last = (
        sa.select(sa.func.max(_earlier.c.id))
        .where(
            _earlier.c.revision_id == _human.c.revision_id,
            _earlier.c.id < _human.c.id,
            _earlier.c.judge["kind"].as_string() != HUMAN,
            _said(_earlier).is_not(None),
            *named,
        )
        .scalar_subquery()
    )
    appealed = sa.exists().where(appeals.c.revision_id == _human.c.revision_id)
    statement = (
        sa.select(
            _judged.c.judge,
            _said(_judged).label("said"),
            _human.c.score,
            appealed.label("appealed"),
        )
        .select_from(_human.join(_judged, _judged.c.id == last))
        .where(
            _FINAL,
            _human.c.judge["kind"].as_string() == HUMAN,
            _human.c.score.is_not(None),
        )
        .order_by(_human.c.id.desc())
    )
    if group_id is None:
        return statement
    theirs = sa.exists().where(answers.c.id == _human.c.answer_id, answers.c.group_id == group_id)
    return statement.where(theirs)


def _said(table: sa.FromClause) -> sa.ColumnElement[float | None]:
    return sa.func.coalesce(table.c.raw_score, table.c.score)
