"""Grades: added, changed in their state alone; the newest is the revision's current one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.grading import (
    GradeState,
    JudgeInfo,
    Judgement,
    PointGrade,
    PointStatus,
    Usage,
)
from bot.domain.rounds import Grade, Revision
from storage.sql import Session
from storage.tables import grades, revisions

UNSETTLED = sa.text("grades.current AND grades.state IN ('provisional', 'ungraded')")
"""Grades to be replaced as soon as can be: spelt as in their index, so that it is used."""

HUMAN = "human"
"""The kind of judge whose word is final."""


class SqlGrades:
    """The part of bot.store.Answers that is about grades."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add_grade(
        self,
        revision: Revision,
        judgement: Judgement,
        state: GradeState,
        rubric_hash: str,
        now: datetime,
    ) -> Grade:
        """Store a grade as its revision's current one; earlier ones are kept as history."""
        # Two judges at once take turns on the revision's row (PostgreSQL).
        await self._session.execute(
            sa.select(revisions.c.id).where(revisions.c.id == revision.id).with_for_update()
        )
        await self._session.execute(
            sa.update(grades)
            .where(grades.c.revision_id == revision.id, grades.c.current)
            .values(current=False)
        )
        values = {
            "answer_id": revision.answer_id,
            "revision_id": revision.id,
            "state": state,
            "score": judgement.score,
            "points": [asdict(point) for point in judgement.points],
            "feedback": judgement.feedback,
            "judge": asdict(judgement.judge),
            "rubric_hash": rubric_hash,
            "created_at": now,
            "attempt": judgement.attempt,
            "reason": judgement.reason,
            "flags": list(judgement.flags),
            "usage": asdict(judgement.usage),
            "current": True,
            "raw_score": judgement.raw_score,
            "cache_key": judgement.cache_key if _lasting(judgement, state) else None,
        }
        made = await self._session.execute(sa.insert(grades).values(values).returning(grades))
        return grade_from(made.one())

    async def set_grade_state(self, grade_id: int, state: GradeState) -> None:
        """Mark a grade: appealed while a human is asked, and back."""
        await self._session.execute(
            sa.update(grades).where(grades.c.id == grade_id).values(state=state)
        )

    async def grade(self, revision_id: int) -> Grade | None:
        """A revision's current grade."""
        row = await self._session.one(
            sa.select(grades).where(grades.c.revision_id == revision_id, grades.c.current)
        )
        return grade_from(row) if row else None


def grade_from(row: sa.Row[Any], prefix: str = "") -> Grade:
    """A Grade from a row of ``grades`` whose columns are named with that prefix."""
    value = {name: getattr(row, prefix + name) for name in Grade.__dataclass_fields__}
    return Grade(
        **{
            **value,
            "state": GradeState(value["state"]),
            "points": _points(value["points"]),
            "judge": JudgeInfo(**value["judge"]),
            "flags": tuple(value["flags"]),
            # Usage has grown: what an older grade doesn't tell is 0.
            "usage": Usage(**value["usage"]),
        }
    )


def judgement_from(row: sa.Row[Any]) -> Judgement:
    """The Judgement that a row of ``grades`` was made from, as one that cost nothing."""
    return Judgement(
        score=row.score,
        points=_points(row.points),
        feedback=row.feedback,
        judge=JudgeInfo(**row.judge),
        attempt=row.attempt,
        reason=row.reason,
        flags=tuple(row.flags),
        raw_score=row.raw_score,
        cache_key=row.cache_key,
    )


def _points(stored: list[dict[str, Any]]) -> tuple[PointGrade, ...]:
    return tuple(PointGrade(**{**each, "status": PointStatus(each["status"])}) for each in stored)


def _lasting(judgement: Judgement, state: GradeState) -> bool:
    """Whether the same reply may be given this judgement again."""
    return (
        judgement.score is not None
        and not judgement.provisional
        and judgement.judge.kind != HUMAN
        and state not in (GradeState.PROVISIONAL, GradeState.UNGRADED, GradeState.PENDING)
    )
