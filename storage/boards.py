"""Scores, and the sums that leaderboards are made of."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from bot.domain.boards import Standing
from bot.domain.group import Role
from bot.store.study import Score
from storage.sql import Session
from storage.tables import members, scores


class SqlBoards:
    """bot.store.Boards over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, score: Score) -> None:
        """Insert or replace the score of (round, member)."""
        values = {
            "group_id": score.group_id,
            "local_date": score.local_date,
            "points": score.points,
            "counted": 0 if score.withheld is not None else score.points,
            "withheld": score.withheld,
        }
        await self._session.execute(
            self._session.insert(scores)
            .values(round_id=score.round_id, member_id=score.member_id, **values)
            .on_conflict_do_update(index_elements=["round_id", "member_id"], set_=values)
        )

    async def drop(self, round_id: int, member_id: int) -> None:
        """Take a score off the boards."""
        await self._session.execute(sa.delete(scores).where(*_named(round_id, member_id)))

    async def score(self, round_id: int, member_id: int) -> Score | None:
        """The score of (round, member)."""
        row = await self._session.one(sa.select(scores).where(*_named(round_id, member_id)))
        if row is None:
            return None
        return Score(
            row.group_id, row.member_id, row.round_id, row.local_date, row.points, row.withheld
        )

    async def totals(
        self, group_id: int, since: date | None, *, organisers: bool = True
    ) -> list[Standing]:
        """Unranked standings of members who answered since that date."""
        # Summed before names are joined, so that the sum reads nothing but its index.
        summed = sa.select(
            scores.c.member_id,
            sa.func.sum(scores.c.counted).label("points"),
            sa.func.count().label("answered"),
        ).where(scores.c.group_id == group_id)
        if since is not None:
            summed = summed.where(scores.c.local_date >= since)
        sums = summed.group_by(scores.c.member_id).subquery()
        statement = (
            sa.select(members.c.id, members.c.name, sums.c.points, sums.c.answered)
            .join(sums, sums.c.member_id == members.c.id)
            .where(sa.not_(members.c.hidden))
        )
        if not organisers:
            statement = statement.where(members.c.role != Role.ORGANISER)
        rows = await self._session.all(statement)
        return [Standing(row.id, row.name, int(row.points), row.answered) for row in rows]


def _named(round_id: int, member_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (scores.c.round_id == round_id, scores.c.member_id == member_id)
