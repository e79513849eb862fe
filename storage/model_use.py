"""What language models may be asked and cost, over all processes.

One row is what they take turns on (PostgreSQL); on SQLite only one block writes at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.store.judging import Call, Spend
from storage.sql import Session
from storage.tables import model_limits, model_reserved, model_slots, model_spend

NOBODY = 0
"""Stands for no group, in a key that can't be empty."""

RESERVED_FOR = timedelta(minutes=15)
"""Many times what a call may take. Money that a killed process had set aside is free then."""

TURN_SECONDS = 10
"""How long one process keeps a slot that can't be shared evenly."""

_SLACK_USD = 1e-9
_SUMS = [field.name for field in fields(Spend)]


class SqlModelUse:
    """bot.store.ModelUse over SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def hold(
        self,
        process: str,
        *,
        wants: int,
        busy: int,
        limit: int,
        now: datetime,
        until: datetime,
    ) -> int:
        """How many slots this process may use from now until then.

        A process with more calls under way than its share gets its share; what is under
        way still counts as held, and goes to others as it ends. The limit is never passed:
        after a lapsed lease a process may even be told fewer than it could have as its share.
        """
        await self._take_turn()
        gone = sa.or_(model_slots.c.process == process, model_slots.c.until <= now)
        await self._session.execute(sa.delete(model_slots).where(gone))
        if wants <= 0:
            return 0
        others = await self._session.all(sa.select(model_slots))
        free = max(0, limit - sum(int(row.held) for row in others))
        wishes = {row.process: row.wants for row in others} | {process: wants}
        share = shares(wishes, limit, int(now.timestamp()) // TURN_SECONDS)[process]
        await self._session.execute(
            sa.insert(model_slots).values(
                process=process, wants=wants, held=min(max(share, busy), free), until=until
            )
        )
        return min(share, free)

    async def draw(self, calls: int, interval: timedelta, burst: int, now: datetime) -> timedelta:
        """Take the rate's permission for that many calls at once; how long to wait first."""
        row = await self._take_turn()
        arrival = max(now, row.arrival or now) + calls * interval
        await self._session.execute(sa.update(model_limits).values(arrival=arrival))
        return max(now, arrival - burst * interval) - now

    async def reserve(self, day: date, cost_usd: float, budget_usd: float) -> bool:
        """Set money aside if spent plus reserved stays within the day's budget.

        It is set free by ``record``, or by itself after ``RESERVED_FOR``.
        """
        await self._take_turn()
        now = self._session.clock()
        spent = sa.select(sa.func.sum(model_spend.c.cost_usd)).where(model_spend.c.day == day)
        reserved = sa.select(sa.func.sum(model_reserved.c.cost_usd)).where(
            model_reserved.c.until > now
        )
        row = (
            await self._session.execute(
                sa.select(spent.scalar_subquery(), reserved.scalar_subquery())
            )
        ).one()
        if sum(usd or 0.0 for usd in row) + cost_usd > budget_usd + _SLACK_USD:
            return False
        if cost_usd > 0:
            # To the minute, so that there are few rows however many calls there are.
            until = now.replace(second=0, microsecond=0) + timedelta(minutes=1) + RESERVED_FOR
            await self._add(model_reserved, [{"until": until, "cost_usd": cost_usd}])
        return True

    async def record(self, calls: Sequence[Call]) -> None:
        """Write finished calls down, many in one go."""
        sums: dict[tuple[date, int, str], Spend] = {}
        for call in calls:
            key = (call.day, call.group_id or NOBODY, call.model)
            sums[key] = _plus(sums.get(key, Spend()), call)
        back = sum(call.reserved_usd for call in calls)
        if back > 0:
            await self._give_back(back)
        # In the order of keys, so that two transactions can't lock each other out.
        rows = [
            {"day": day, "group_id": group_id, "model": model, **_columns(spend)}
            for (day, group_id, model), spend in sorted(sums.items(), key=lambda each: each[0])
        ]
        await self._add(model_spend, rows)

    async def spent(
        self, since: date, *, group_id: int | None = None, until: date | None = None
    ) -> Spend:
        """The sum from that UTC day on (to ``until``, included), of one group if named."""
        statement = _summed().where(model_spend.c.day >= since)
        if until is not None:
            statement = statement.where(model_spend.c.day <= until)
        if group_id is not None:
            statement = statement.where(model_spend.c.group_id == group_id)
        return _spend((await self._session.execute(statement)).one())

    async def totals(self) -> dict[str, Spend]:
        """The sum of all time by model, for /metrics."""
        statement = _summed(model_spend.c.model).group_by(model_spend.c.model)
        rows = await self._session.all(statement.order_by(model_spend.c.model))
        return {row.model: _spend(row) for row in rows}

    async def _take_turn(self) -> sa.Row[Any]:
        """The row that all share, locked until the transaction ends; made on first use."""
        statement = sa.select(model_limits).with_for_update()
        row = await self._session.one(statement)
        if row is None:
            made = self._session.insert(model_limits).values(one=1)
            await self._session.execute(made.on_conflict_do_nothing(index_elements=["one"]))
            row = (await self._session.execute(statement)).one()
        return row

    async def _give_back(self, usd: float) -> None:
        """Set reserved money free.

        Sums don't tell whose they are. The newest go first: what a killed process left
        behind is then always among the oldest, and runs out when it should.
        """
        await self._take_turn()
        now = self._session.clock()
        kept = model_reserved.c
        await self._session.execute(sa.delete(model_reserved).where(kept.until <= now))
        for row in await self._session.all(sa.select(model_reserved).order_by(kept.until.desc())):
            rest = row.cost_usd - usd
            this = kept.until == row.until
            if rest > _SLACK_USD:
                await self._session.execute(
                    sa.update(model_reserved).where(this).values(cost_usd=rest)
                )
                return
            await self._session.execute(sa.delete(model_reserved).where(this))
            usd = -rest
            if usd <= _SLACK_USD:
                return

    async def _add(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Insert rows, or add their figures to those that are there."""
        if not rows:
            return
        key = [column.name for column in table.primary_key.columns]
        # Rows go as parameters: written into the statement, it would be compiled each time.
        statement = self._session.insert(table)
        more = {
            name: table.c[name] + statement.excluded[name] for name in rows[0] if name not in key
        }
        adding = statement.on_conflict_do_update(index_elements=key, set_=more)
        await self._session.execute(adding, rows)


def shares(wishes: Mapping[str, int], limit: int, turn: int) -> dict[str, int]:
    """How many of ``limit`` slots each gets: what it wishes, or as many as all who wish for more.

    What can't be divided goes to some of those, and to the next ones with the next ``turn``.
    """
    given: dict[str, int] = {}
    left, unmet = max(0, limit), sorted(wishes, key=lambda name: (wishes[name], name))
    while unmet and wishes[unmet[0]] <= left // len(unmet):
        name = unmet.pop(0)
        given[name] = wishes[name]
        left -= wishes[name]
    if not unmet:
        return given
    even, over = divmod(left, len(unmet))
    for place, name in enumerate(sorted(unmet)):
        given[name] = even + ((place - turn) % len(unmet) < over)
    return given


def _plus(spend: Spend, call: Call) -> Spend:
    return Spend(
        # None was made where a slot was got for nothing.
        calls=spend.calls + (call.usage.calls > 0),
        failed=spend.failed + call.failed,
        prompt_tokens=spend.prompt_tokens + call.usage.prompt_tokens,
        cached_tokens=spend.cached_tokens + call.usage.cached_tokens,
        completion_tokens=spend.completion_tokens + call.usage.completion_tokens,
        cost_usd=spend.cost_usd + call.usage.cost_usd,
    )


def _columns(spend: Spend) -> dict[str, Any]:
    return {name: getattr(spend, name) for name in _SUMS}


def _summed(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    sums = [sa.func.coalesce(sa.func.sum(model_spend.c[name]), 0).label(name) for name in _SUMS]
    return sa.select(*columns, *sums)


def _spend(row: sa.Row[Any]) -> Spend:
    """A Spend; PostgreSQL's sums of whole numbers come as decimals."""
    whole = {name: int(getattr(row, name)) for name in _SUMS if name != "cost_usd"}
    return Spend(**whole, cost_usd=float(row.cost_usd))
