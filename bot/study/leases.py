"""Keeping a claimed row while it is worked on.

A lease is short, and renewed for as long as its process lives. One that was killed renews
nothing, so the next sweep of any other process takes its rows over. A reply whose grading is
cut off in good order, when studybot stops, is free at once and no crash counts against it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.domain.work import Job, JobKind
from bot.errors import StoreUnavailableError
from bot.study.services import Services

log = logging.getLogger(__name__)

RENEWALS = 3
"""How often a lease is renewed in the time that it lasts."""


@asynccontextmanager
async def kept(services: Services, job: Job, attempt: int) -> AsyncIterator[None]:
    """Renew the lease of a row, claimed as that attempt, until the block is left."""
    done = asyncio.Event()
    renewing = asyncio.create_task(_renew(services, job, attempt, done))
    try:
        yield
    except asyncio.CancelledError:
        done.set()
        await renewing
        await _let_go(services, job, attempt)
        raise
    finally:
        # Not cancelled: a statement that is cut off costs its connection.
        done.set()
        await renewing


async def _renew(services: Services, job: Job, attempt: int, done: asyncio.Event) -> None:
    pause = services.lease.total_seconds() / RENEWALS
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), pause)
            return
        try:
            if not await services.store.renew(job, attempt, services.clock() + services.lease):
                return
        except Exception:
            # The edge of the loop: without its lease the row's state still decides who wins.
            log.warning("the lease of %s %s wasn't renewed", job.kind, job.row_id, exc_info=True)


async def _let_go(services: Services, job: Job, attempt: int) -> None:
    """Free a reply that is this attempt's still. Else each stop would count as a crash."""
    if job.kind not in (JobKind.GRADE, JobKind.REGRADE):
        return
    # Without the database the lease ends by itself.
    with suppress(StoreUnavailableError):
        now = services.clock()
        if await services.store.renew(job, attempt, now):
            async with services.store.write() as tx:
                await tx.answers.postpone_revision(job.row_id, now, failed=False)
