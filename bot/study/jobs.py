"""What workers and timers call: handlers for open rows, the tick, the sweep."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.rounds import Revision, Round
from bot.domain.work import Job, JobKind, Out
from bot.study import decks
from bot.study.closing import begin_due, close
from bot.study.delivery import deliver
from bot.study.grading import grade
from bot.study.regrading import regrade
from bot.study.rounds import open_round, tick
from bot.study.services import Services
from bot.study.shelves import refresh

KEPT = timedelta(days=30)
"""How long ids of inbound events and finished outbox rows are kept."""


SUSPECT_FROM = 2
"""Crashes from which on a row is worked on by itself."""


_CAN_WAIT = (JobKind.GRADE, JobKind.REGRADE, JobKind.DELIVER, JobKind.RESPOND)


async def handle(services: Services, job: Job) -> None:
    """Act on one open row; finding it done already is fine.

    A row that was under way when processes died is worked on alone, so that one which kills
    its process is found out and its neighbours are not blamed.
    """
    if job.kind in _CAN_WAIT:
        await services.rush.over()
    if await _crashes(services, job) < SUSPECT_FROM:
        await _act(services, job)
        return
    async with services.alone:
        await _act(services, job)


async def _act(services: Services, job: Job) -> None:
    match job.kind:
        case JobKind.OPEN_ROUND:
            # Another process may have stored the guide that is asked from a moment ago.
            await refresh(services)
            await open_round(services, job.row_id)
        case JobKind.CLOSE_ROUND:
            await close(services, job.row_id)
        case JobKind.GRADE:
            await grade(services, job.row_id)
        case JobKind.REGRADE:
            await regrade(services, job.row_id)
        case JobKind.DELIVER | JobKind.RESPOND:
            await deliver(services, job.row_id)


async def _crashes(services: Services, job: Job) -> int:
    """How often work on a row began and never ended."""
    async with services.store.read() as tx:
        match job.kind:
            case JobKind.GRADE | JobKind.REGRADE:
                row: Revision | Out | Round | None = await tx.answers.revision(job.row_id)
            case JobKind.DELIVER | JobKind.RESPOND:
                row = await tx.outbox.get(job.row_id)
            case _:
                row = await tx.rounds.get(job.row_id)
    return row.attempts if row else 0


async def tick_once(services: Services) -> None:
    """Make the rounds that are due, and stop those whose time is up."""
    while await tick(services):
        continue
    await begin_due(services)


async def sweep(services: Services) -> int:
    """Enqueue every open row again, so that nothing depends on the queue's memory."""
    jobs = await services.store.open_work(services.clock())
    await services.store.requeue(jobs)
    return len(jobs)


async def prune(services: Services) -> int:
    """Delete what only served to do things once, when it is old enough."""
    async with services.store.write() as tx:
        await tx.decks.prune_drafts(services.clock() - decks.DRAFT_LIVES)
    return await services.store.prune(services.clock() - KEPT)
