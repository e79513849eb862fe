"""Grades: added, never changed; the newest is the revision's current one."""

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
        }
        made = await self._session.execute(sa.insert(grades).values(values).returning(grades))
        return grade_from(made.one())

    async def grade(self, revision_id: int) -> Grade | None:
        """A revision's current grade."""
        row = await self._session.one(
            sa.select(grades).where(grades.c.revision_id == revision_id, grades.c.current)
        )
        return grade_from(row) if row else None


def grade_from(row: sa.Row[Any], prefix: str = "") -> Grade:
    """A Grade from a row of ``grades`` whose columns are named with that prefix."""
    value = {name: getattr(row, prefix + name) for name in Grade.__dataclass_fields__}
    points = tuple(
        PointGrade(**{**point, "status": PointStatus(point["status"])}) for point in value["points"]
    )
    return Grade(
        **{
            **value,
            "state": GradeState(value["state"]),
            "points": points,
            "judge": JudgeInfo(**value["judge"]),
            "flags": tuple(value["flags"]),
            "usage": Usage(**value["usage"]),
        }
    )
