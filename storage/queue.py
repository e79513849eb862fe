"""The workers' transport: pgqueuer, in PostgreSQL itself or in memory beside SQLite.

Rows are the truth. A job only says "look at this row", so one too many does no harm and a
lost one is brought back by the sweep.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Protocol

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel

from bot.domain.work import Job, JobKind
from bot.ports import Worker
from storage.sql import Session
from storage.urls import Target
from storage.worker import GRACE, HEARTBEAT, MOST_AT_ONCE, Line, PgqueuerWorker

# Every name is given, since pgqueuer would else take them from the environment, even
# from variables as common as CHANNEL. The tables may share a database with another pgqueuer.
SETTINGS = DBSettings(
    prefix="studybot_",
    db_schema=None,
    channel=Channel("studybot_jobs"),
    function="studybot_jobs_changed",
    trigger="studybot_jobs_changed",
    queue_table="studybot_jobs",
    queue_table_log="studybot_jobs_log",
    queue_status_type="studybot_jobs_status",
    statistics_table="studybot_jobs_statistics",
    schedules_table="studybot_jobs_schedules",
    durability=Durability.balanced,
    widen_id=True,
)
_ENVIRONMENT = QueryBuilderEnvironment(SETTINGS)
_QUEUE_SQL = QueryQueueBuilder(SETTINGS)
_SCHEDULER_SQL = QuerySchedulerBuilder(SETTINGS)

KEPT = timedelta(hours=1)
"""How long pgqueuer's log of jobs is kept: it takes three rows a job."""

# Thousands of replies to grade again must not hold up one that waits for its first grade, nor
# thousands of rounds that are due the message of the first.
_PRIORITY = {JobKind.REGRADE: -1, JobKind.DELIVER: 1}

Write = Callable[[], AbstractAsyncContextManager[Session]]


class Queue(Protocol):
    """How rows reach the workers."""

    async def stage(self, session: Session, jobs: Sequence[Job]) -> None:
        """Called last in a transaction, which may still fail."""

    async def committed(self, jobs: Sequence[Job]) -> None:
        """Called once the transaction is durable."""

    async def requeue(self, write: Write, jobs: Sequence[Job]) -> None:
        """Enqueue rows, but not one that is queued already."""

    def worker(self, grace: float = GRACE, grading: int = MOST_AT_ONCE) -> Worker:
        """What carries the jobs to a handler: see ``Database.worker``."""


class MemoryQueue:
    """pgqueuer's in-memory queue: enqueued after commit, forgotten with the process."""

    def __init__(self) -> None:
        self._queries = InMemoryQueries(
            InMemoryDriver(), qbe=_ENVIRONMENT, qbq=_QUEUE_SQL, qbs=_SCHEDULER_SQL
        )
        # Jobs that wait, not those that run: a row may be handed over again by its handler.
        self._waiting: set[Job] = set()

    async def stage(self, session: Session, jobs: Sequence[Job]) -> None:
        """Nothing: memory knows no transactions."""

    async def committed(self, jobs: Sequence[Job]) -> None:
        """Enqueue rows, but not one that waits already."""
        new = [job for job in dict.fromkeys(jobs) if job not in self._waiting]
        if new:
            self._waiting.update(new)
            await self._queries.enqueue(*_columns(new))

    async def requeue(self, write: Write, jobs: Sequence[Job]) -> None:
        """As ``committed``."""
        del write
        await self.committed(jobs)

    def worker(self, grace: float = GRACE, grading: int = MOST_AT_ONCE) -> Worker:
        """A worker for this process's jobs."""
        return PgqueuerWorker(self._line, taken=self._waiting.discard, grace=grace, grading=grading)

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
        yield Line(self._queries, prune=self._prune)

    async def _prune(self) -> None:
        await self._queries.clear_queue_log()


class PostgresQueue:
    """pgqueuer's queue in the same database: a job commits with its row.

    ``heartbeat`` is how long a worker may be silent before others take its jobs over.
    """

    def __init__(self, target: Target, heartbeat: timedelta = HEARTBEAT) -> None:
        self._target = target
        self._heartbeat = heartbeat

    async def stage(self, session: Session, jobs: Sequence[Job]) -> None:
        """Insert the jobs in the session's own transaction.

        They carry no dedupe key: pgqueuer holds a key until it has written down that the
        job ended, up to 100 ms late, and a row that moved on meanwhile would be left to
        the sweep.
        """
        if jobs:
            await (await _queries_of(session)).enqueue(*_columns(jobs))

    async def committed(self, jobs: Sequence[Job]) -> None:
        """Nothing: the jobs came with the transaction."""

    async def requeue(self, write: Write, jobs: Sequence[Job]) -> None:
        """Enqueue rows that the last sweep's jobs don't wait for."""
        jobs = list(dict.fromkeys(jobs))
        keys: list[str | None] = [f"{job.kind}:{job.row_id}" for job in jobs]
        async with write() as session:
            queries = await _queries_of(session)
            await queries.enqueue(*_columns(jobs), dedupe_key=keys, on_conflict="skip")

    def worker(self, grace: float = GRACE, grading: int = MOST_AT_ONCE) -> Worker:
        """One of the workers, with a connection of its own."""
        return PgqueuerWorker(self._line, heartbeat=self._heartbeat, grace=grace, grading=grading)

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
        connection = await asyncpg.connect(self._target.dsn, timeout=10, command_timeout=30)
        try:
            queries = queries_over(connection)

            async def prune() -> None:
                await queries.driver.execute(
                    f"DELETE FROM {SETTINGS.queue_table_log} WHERE created < now() - $1::interval",  # noqa: S608 - the name is ours
                    KEPT,
                )

            line = Line(queries, prune=prune)
            connection.add_termination_listener(lambda _: line.lost.set())
            yield line
        finally:
            await connection.close(timeout=2)


def queries_over(connection: asyncpg.Connection) -> Queries:
    """Pgqueuer's queries over one asyncpg connection."""
    return Queries(AsyncpgDriver(connection), qbe=_ENVIRONMENT, qbq=_QUEUE_SQL, qbs=_SCHEDULER_SQL)


async def install(target: Target) -> None:
    """Make or bring up to date pgqueuer's tables; one process at a time."""
    connection = await asyncpg.connect(target.dsn, timeout=10)
    try:
        queries = queries_over(connection)
        async with queries.schema_lock():
            installed = await queries.schema_is_installed()
            if not installed:
                await queries.install()
        if installed:
            await queries.upgrade()
    finally:
        await connection.close()


async def _queries_of(session: Session) -> Queries:
    """Queries on the session's own connection, inside its transaction."""
    # SQLAlchemy begins a transaction with its first statement; this may be the only one.
    raw = await session.connection.get_raw_connection()
    connection = raw.driver_connection
    if connection is None:
        raise LookupError("the session's connection was closed")
    return queries_over(connection)


def _columns(jobs: Sequence[Job]) -> tuple[list[str], list[bytes | None], list[int]]:
    """Entrypoints, payloads and priorities, as pgqueuer takes them."""
    payloads: list[bytes | None] = [str(job.row_id).encode() for job in jobs]
    return [job.kind.value for job in jobs], payloads, [_PRIORITY.get(job.kind, 0) for job in jobs]
