"""Appeals, and what an organiser needs to decide them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain.appeals import Appeal, AppealCase, AppealState
from storage.answers import answer_from, labelled, revision_from
from storage.grades import grade_from
from storage.rounds import SqlRounds
from storage.sql import Session
from storage.tables import answers, appeals, grades, members, revisions

OPEN = sa.text("appeals.state = 'open'")
"""Spelt as in the indexes of open appeals, so that they are used."""


class SqlAppeals:
    """bot.store.Appeals over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(
        self, group_id: int, answer_id: int, revision_id: int, reason: str, now: datetime
    ) -> tuple[Appeal, bool]:
        """A new appeal and True; or the answer's open one, its reason replaced unless "", False."""
        # Two appeals at once take turns on the answer's row (PostgreSQL).
        await self._session.execute(
            sa.select(answers.c.id).where(answers.c.id == answer_id).with_for_update(key_share=True)
        )
        there = await self._session.one(_open(answer_id).with_for_update())
        if there is not None:
            statement: Any = (
                sa.update(appeals)
                .where(appeals.c.id == there.id)
                .values(reason=reason or there.reason)
            )
        else:
            statement = sa.insert(appeals).values(
                group_id=group_id,
                answer_id=answer_id,
                revision_id=revision_id,
                reason=reason,
                state=AppealState.OPEN,
                created_at=now,
            )
        made = await self._session.execute(statement.returning(appeals))
        return _appeal(made.one()), there is None

    async def get(self, appeal_id: int) -> Appeal | None:
        """The appeal with that id."""
        row = await self._session.one(sa.select(appeals).where(appeals.c.id == appeal_id))
        return _appeal(row) if row else None

    async def open_for(self, answer_id: int) -> Appeal | None:
        """The answer's open appeal."""
        row = await self._session.one(_open(answer_id))
        return _appeal(row) if row else None

    async def queue(self, group_id: int, limit: int = 20) -> list[AppealCase]:
        """Open appeals of answers that are not withdrawn, oldest first."""
        statement = _waiting(
            group_id,
            *labelled(appeals, "p_"),
            members.c.name.label("member_name"),
            *labelled(answers, "a_"),
            *labelled(revisions, "r_"),
            *labelled(grades, "g_"),
        )
        rows = await self._session.all(statement.order_by(appeals.c.id).limit(limit))
        asked = await SqlRounds(self._session).by_id([row.a_round_id for row in rows])
        return [
            AppealCase(
                appeal=_appeal(row, "p_"),
                member_name=row.member_name,
                round=asked[row.a_round_id],
                answer=answer_from(row, "a_"),
                revision=revision_from(row, "r_"),
                grade=grade_from(row, "g_"),
            )
            for row in rows
            # Outside a consistent view, its member may have been forgotten meanwhile.
            if row.a_round_id in asked
        ]

    async def count(self, group_id: int) -> int:
        """How many are open, as ``queue`` counts them."""
        return int((await self._session.scalars(_waiting(group_id, sa.func.count())))[0])

    async def resolve(self, appeal_id: int, by_member: int | None, now: datetime) -> bool:
        """Close an open appeal; False if it was closed before."""
        state = AppealState.DROPPED if by_member is None else AppealState.RESOLVED
        return await self._session.changed(
            sa.update(appeals)
            .where(appeals.c.id == appeal_id, appeals.c.state == AppealState.OPEN)
            .values(state=state, resolved_at=now, resolved_by=by_member)
        )


def _open(answer_id: int) -> sa.Select[Any]:
    return sa.select(appeals).where(appeals.c.answer_id == answer_id, OPEN)


def _waiting(group_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(
            appeals.join(answers, answers.c.id == appeals.c.answer_id)
            .join(members, members.c.id == answers.c.member_id)
            .join(revisions, revisions.c.id == appeals.c.revision_id)
            .join(grades, sa.and_(grades.c.revision_id == revisions.c.id, grades.c.current))
        )
        .where(
            appeals.c.group_id == group_id,
            OPEN,
            answers.c.withdrawn_at.is_(None),
        )
    )


def _appeal(row: sa.Row[Any], prefix: str = "") -> Appeal:
    value = {name: getattr(row, prefix + name) for name in Appeal.__dataclass_fields__}
    return Appeal(**{**value, "state": AppealState(value["state"])})
