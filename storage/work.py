"""Work columns: claiming a row, putting it off, and finding what is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.domain.rounds import RevisionState, RoundState
from bot.domain.schedule import RoundKind
from bot.domain.work import Job, JobKind, OutKind, OutState, sending_of
from storage.sql import Session
from storage.tables import model_reserved, model_slots, outbox, revisions, rounds

RESET = {"attempts": 0, "failures": 0, "not_before": None}
"""Work columns of a row that has moved on."""

# A reply that is graded again is done: its state stays as it is.
_LEASED: dict[JobKind, tuple[sa.Table, str]] = {
    JobKind.GRADE: (revisions, RevisionState.PENDING.value),
    JobKind.REGRADE: (revisions, RevisionState.DONE.value),
}


async def claim(
    session: Session,
    table: sa.Table,
    row_id: int,
    states: Iterable[str],
    now: datetime,
    lease: timedelta,
) -> sa.Row[Any] | None:
    """Count an attempt and hide the row until the lease ends; None if it isn't there to take."""
    statement = (
        sa.update(table)
        .where(table.c.id == row_id, table.c.state.in_([str(s) for s in states]))
        .where(ripe(table, now))
        .values(attempts=table.c.attempts + 1, not_before=now + lease)
        .returning(table)
    )
    return await session.one(statement)


async def postpone(
    session: Session,
    table: sa.Table,
    row_id: int,
    until: datetime,
    *,
    failed: bool,
    **kept: str,
) -> None:
    """Leave a row alone until then, its attempts forgotten; count a failure, keep the words."""
    await session.execute(
        sa.update(table)
        .where(table.c.id == row_id)
        .values(attempts=0, failures=table.c.failures + int(failed), not_before=until, **kept)
    )


async def renew(session: Session, job: Job, attempt: int, until: datetime) -> bool:
    """What ``Store.renew`` promises."""
    table, state = _LEASED.get(job.kind, (outbox, OutState.PENDING.value))
    return await session.changed(
        sa.update(table)
        .where(table.c.id == job.row_id, table.c.state == state, table.c.attempts == attempt)
        .values(not_before=until)
    )


async def open_work(session: Session, now: datetime, limit: int) -> list[Job]:
    """What ``Store.open_work`` promises: rounds first, then messages, then replies."""
    asked = sa.exists().where(
        outbox.c.round_id == rounds.c.id,
        outbox.c.kind == OutKind.QUESTION,
        outbox.c.state == OutState.PENDING,
    )
    # Spelling out the index's own condition lets both planners use it.
    unfinished = sa.text("rounds.state IN ('due', 'posting', 'open', 'closing')")
    waiting = sa.and_(rounds.c.state == RoundState.POSTING, rounds.c.kind == RoundKind.DAILY, asked)
    states = (RoundState.DUE, RoundState.POSTING, RoundState.CLOSING)
    found = await session.all(
        sa.select(rounds.c.id, rounds.c.state)
        .where(unfinished, rounds.c.state.in_(states), ripe(rounds, now), sa.not_(waiting))
        .order_by(rounds.c.id)
        .limit(limit)
    )
    jobs = [Job(_round_job(row.state), row.id) for row in found]
    messages = await session.all(
        _pending(sa.select(outbox.c.id, outbox.c.kind), outbox, now, limit - len(jobs))
    )
    jobs += [Job(sending_of(OutKind(row.kind)), row.id) for row in messages]
    replies = await session.scalars(
        _pending(sa.select(revisions.c.id), revisions, now, limit - len(jobs))
    )
    return [*jobs, *(Job(JobKind.GRADE, row_id) for row_id in replies)]


def _pending(
    statement: sa.Select[Any], table: sa.Table, now: datetime, limit: int
) -> sa.Select[Any]:
    """Rows of outbox or revisions that wait, oldest first."""
    waiting = sa.text(f"{table.name}.state = 'pending'")
    return statement.where(waiting, ripe(table, now)).order_by(table.c.id).limit(limit)


async def release_claims(session: Session) -> None:
    """End every lease, those on slots and money too.

    A leased row has attempts; a postponed one has none.
    """
    tables: Sequence[sa.Table] = (rounds, revisions, outbox)
    for table in tables:
        await session.execute(
            sa.update(table)
            .where(table.c.attempts > 0, table.c.not_before.is_not(None))
            .values(not_before=None)
        )
    for held in (model_slots, model_reserved):
        await session.execute(sa.delete(held))


def ripe(table: sa.Table, now: datetime) -> sa.ColumnElement[bool]:
    """Rows that no lease or pause hides."""
    return sa.or_(table.c.not_before.is_(None), table.c.not_before <= now)


def _round_job(state: str) -> JobKind:
    return JobKind.CLOSE_ROUND if state == RoundState.CLOSING else JobKind.OPEN_ROUND
