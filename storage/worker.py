"""bot.ports.Worker on pgqueuer: carries jobs to handlers, survives lost connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job as QueuedJob
from pgqueuer.domain.types import Channel
from pgqueuer.ports import RepositoryPort

from bot.domain.work import Job, JobKind, backoff
from bot.errors import StoreUnavailableError
from bot.ports import Handler

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=15)
GRACE = 4.0
MOST_AT_ONCE = 64
PRUNE_SECONDS = 300

# Grading may wait for a slow judge, and posts for a platform's limit. Each has a lane of its own,
# so that it never holds up the others.
GRADING = (JobKind.GRADE, JobKind.REGRADE)
LANES = (
    GRADING,
    (JobKind.OPEN_ROUND, JobKind.CLOSE_ROUND, JobKind.DELIVER),
    (JobKind.RESPOND,),
)


@dataclass
class Line:
    """A way to the queue: ``lost`` is set when it breaks, ``prune`` drops old log rows."""

    queries: RepositoryPort
    prune: Callable[[], Awaitable[None]]
    lost: asyncio.Event = field(default_factory=asyncio.Event)


class PgqueuerWorker:
    """Handles jobs, each kind through an entrypoint of its own.

    ``line`` opens a way to the queue; it is opened again, with growing pauses, when it
    breaks. ``taken`` is told of each job that begins. ``grading`` is how many handlers of
    replies run at once.
    """

    def __init__(
        self,
        line: Callable[[], AbstractAsyncContextManager[Line]],
        *,
        taken: Callable[[Job], None] | None = None,
        heartbeat: timedelta = HEARTBEAT,
        grace: float = GRACE,
        grading: int = MOST_AT_ONCE,
    ) -> None:
        if grading < 1:
            raise ValueError(f"{grading} replies graded at once: it takes 1 or more.")
        self._line = line
        self._taken = taken
        self._heartbeat = heartbeat
        self._grace = grace
        self._grading = grading
        self._stopping = asyncio.Event()
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, handler: Handler) -> None:
        """Handle jobs until ``stop`` is called."""
        failures = 0
        while not self._stopping.is_set():
            try:
                async with self._line() as line:
                    failures = 0
                    await self._work(line, handler)
            except Exception as error:  # noqa: BLE001 - the edge of the loop: it reconnects
                failures += 1
                pause = backoff(failures, first=0.5, most=10)
                log.warning("the job queue broke (%r); trying again in %.1f s", error, pause)
                await _until(self._stopping, pause)

    def stop(self) -> None:
        """Finish what is under way and return from ``run``."""
        self._stopping.set()

    async def _work(self, line: Line, handler: Handler) -> None:
        """Serve every lane until stopped, or until the line is lost."""
        sizes = [self._grading if lane is GRADING else MOST_AT_ONCE for lane in LANES]
        managers = [
            self._manager(line, lane, size, handler)
            for lane, size in zip(LANES, sizes, strict=True)
        ]
        lanes = [
            asyncio.create_task(self._serve(manager, size))
            for manager, size in zip(managers, sizes, strict=True)
        ]
        watchers = [
            asyncio.create_task(self._stopping.wait()),
            asyncio.create_task(line.lost.wait()),
            asyncio.create_task(_prune_often(line)),
        ]
        try:
            await asyncio.wait([*lanes, *watchers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for manager in managers:
                manager.shutdown.set()
            await self._wind_up(lanes, watchers)
        for task in (*lanes, *watchers):
            if not task.cancelled():
                task.result()
        if line.lost.is_set() and not self._stopping.is_set():
            raise ConnectionError("the connection was lost")

    def _manager(
        self, line: Line, lane: tuple[JobKind, ...], size: int, handler: Handler
    ) -> QueueManager:
        manager = QueueManager(line.queries, Channel(line.queries.qbe.settings.channel))
        # pgqueuer counts jobs in the database, where an end is written down a little late,
        # and takes no limit below 2.
        room = asyncio.Semaphore(size)

        async def carry(queued: QueuedJob) -> None:
            await self._carry(queued, handler, room)

        for kind in lane:
            manager.entrypoint(kind.value, accepts_context=False)(carry)
        return manager

    async def _serve(self, manager: QueueManager, size: int) -> None:
        # pgqueuer refuses a limit below two batches.
        await manager.run(
            batch_size=max(1, size // 4),
            max_concurrent_tasks=max(2, size),
            heartbeat_timeout=self._heartbeat,
            dequeue_timeout=min(self._heartbeat, timedelta(seconds=10)),
            shutdown_on_listener_failure=True,
            # Nobody reads pgqueuer's statistics, and its log is dropped instead.
            log_aggregation_interval=timedelta(0),
        )

    async def _carry(self, queued: QueuedJob, handler: Handler, room: asyncio.Semaphore) -> None:
        """Hand one job over. pgqueuer counts it as done however it ends: the row decides."""
        job = Job(JobKind(queued.entrypoint), int(queued.payload or b"0"))
        if self._taken is not None:
            self._taken(job)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        self._running.add(task)
        try:
            async with room:
                await handler(job)
        except StoreUnavailableError:
            log.warning("%s %s was cut short; the sweep brings it back", job.kind, job.row_id)
        except Exception:
            log.exception("handling %s %s failed; the sweep brings it back", job.kind, job.row_id)
        finally:
            self._running.discard(task)

    async def _wind_up(
        self, lanes: list[asyncio.Task[None]], watchers: list[asyncio.Task[Any]]
    ) -> None:
        """Let handlers finish for a while, then cut them off; leave no task behind."""
        for task in watchers:
            task.cancel()
        _, late = await asyncio.wait(lanes, timeout=self._grace)
        if late:
            log.warning("cutting off %s handlers that did not finish in time", len(self._running))
            for task in list(self._running):
                task.cancel()
        await asyncio.wait([*lanes, *watchers])


async def _prune_often(line: Line) -> None:
    while True:
        await line.prune()
        await asyncio.sleep(PRUNE_SECONDS)


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than that."""
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
