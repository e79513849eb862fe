"""The Store over SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from bot.domain.grading import GradeState
from bot.domain.rounds import RevisionState
from bot.domain.work import Job, JobKind, OutKind, OutState
from bot.ports import Worker
from bot.store import Tx
from storage import work
from storage.answers import SqlAnswers
from storage.appeals import OPEN, SqlAppeals
from storage.boards import SqlBoards
from storage.chat import SqlChat
from storage.codes import SqlCodes
from storage.decks import SqlDecks
from storage.export import export
from storage.grades import UNSETTLED
from storage.groups import SqlGroups
from storage.intake import SqlIntake
from storage.members import SqlMembers
from storage.model_use import SqlModelUse
from storage.outbox import SqlOutbox
from storage.postgres import PostgresDatabase
from storage.queue import MemoryQueue, PostgresQueue, Queue
from storage.regrades import SqlRegrades
from storage.rounds import SqlRounds
from storage.sql import Session, utc_now
from storage.sqlite import SqliteDatabase
from storage.tables import (
    answers,
    appeals,
    codes,
    grades,
    groups,
    inbox,
    members,
    outbox,
    revisions,
)
from storage.urls import parse_url
from storage.worker import GRACE, HEARTBEAT, MOST_AT_ONCE


class SqlTx:
    """bot.store.Tx over one session. ``jobs`` is what the transaction hands to the workers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # A dict for its order: the same row is handed over once.
        self._jobs: dict[Job, None] = {}
        self.groups = SqlGroups(session)
        self.members = SqlMembers(session)
        self.codes = SqlCodes(session)
        self.rounds = SqlRounds(session)
        self.answers = SqlAnswers(session)
        self.appeals = SqlAppeals(session)
        self.regrades = SqlRegrades(session)
        self.model_use = SqlModelUse(session)
        self.boards = SqlBoards(session)
        self.outbox = SqlOutbox(session, self._hand_over)
        self.chat = SqlChat(session)
        self.decks = SqlDecks(session)
        self.intake = SqlIntake(session)

    @property
    def jobs(self) -> list[Job]:
        """What was enqueued, each row once, in order."""
        return list(self._jobs)

    async def first_time(self, platform: str, event_id: str, now: datetime) -> bool:
        """True once for each inbound event: False means that it was stored before."""
        return await self._session.changed(
            self._session.insert(inbox)
            .values(platform=platform, event_id=event_id, received_at=now)
            .on_conflict_do_nothing(index_elements=["platform", "event_id"])
        )

    async def is_known(self, platform: str, event_id: str) -> bool:
        """Whether an inbound event was stored."""
        row = await self._session.one(
            sa.select(inbox.c.event_id).where(
                inbox.c.platform == platform, inbox.c.event_id == event_id
            )
        )
        return row is not None

    async def enqueue(self, kind: JobKind, *row_ids: int) -> None:
        """Hand rows to the workers when this transaction commits (never if it doesn't)."""
        self._hand_over(kind, row_ids)

    def _hand_over(self, kind: JobKind, row_ids: Sequence[int]) -> None:
        self._jobs.update(dict.fromkeys(Job(kind, row_id) for row_id in row_ids))


class Sessions(Protocol):
    """What a kind of database gives: transactions."""

    def read(self) -> AbstractAsyncContextManager[Session]:
        """A consistent view."""

    def write(self) -> AbstractAsyncContextManager[Session]:
        """One transaction."""

    async def close(self) -> None:
        """Close every connection."""


class Database:
    """bot.store.Store; ``worker()`` carries its jobs."""

    def __init__(self, sessions: Sessions, queue: Queue) -> None:
        self._sessions = sessions
        self._queue = queue
        self._writing: set[asyncio.Task[Any] | None] = set()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A consistent view; writing through it is an error."""
        async with self._sessions.read() as session:
            yield SqlTx(session)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """One transaction."""
        task = asyncio.current_task()
        if task in self._writing:
            raise RuntimeError("write() inside write(): the inner block would wait for the outer.")
        self._writing.add(task)
        try:
            async with self._sessions.write() as session:
                tx = SqlTx(session)
                yield tx
                await self._queue.stage(session, tx.jobs)
        finally:
            self._writing.discard(task)
        await self._queue.committed(tx.jobs)

    async def open_work(self, now: datetime, limit: int = 1000) -> list[Job]:
        """Every open row whose not_before has come: what the sweep enqueues again."""
        async with self._sessions.read() as session:
            return await work.open_work(session, now, limit)

    async def requeue(self, jobs: Sequence[Job]) -> None:
        """Enqueue rows; one that is queued already is left alone."""
        if jobs:
            await self._queue.requeue(self._sessions.write, jobs)

    async def renew(self, job: Job, attempt: int, until: datetime) -> bool:
        """Put off the end of a lease; False if it is no longer that attempt's."""
        async with self._sessions.write() as session:
            return await work.renew(session, job, attempt, until)

    async def release_claims(self) -> None:
        """Forget leases at start. On PostgreSQL another process may hold them: they run out."""
        async with self._sessions.write() as session:
            if session.sqlite:
                await work.release_claims(session)

    async def prune(self, before: datetime) -> int:
        """Delete inbound-event ids and finished outbox rows older than that; how many.

        Questions and recaps stay: they tie a thread to its round for as long as it can be
        written in.
        """
        async with self._sessions.write() as session:
            events = await session.execute(sa.delete(inbox).where(inbox.c.received_at < before))
            messages = await session.execute(
                sa.delete(outbox).where(
                    outbox.c.finished_at < before,
                    outbox.c.state != OutState.PENDING,
                    outbox.c.kind.not_in((OutKind.QUESTION, OutKind.RECAP)),
                )
            )
            await session.execute(sa.delete(codes).where(codes.c.expires_at < before))
            return events.rowcount + messages.rowcount

    async def counts(self) -> dict[str, int]:
        """Rows by kind, for /metrics: see ``bot.store.Store.counts``."""
        judged = (GradeState.PENDING, GradeState.UNGRADED)
        statement = sa.select(
            _count(groups),
            _count(members),
            _count(answers),
            _count(grades, grades.c.current, grades.c.state.not_in(judged)).label("graded"),
            _count(revisions, revisions.c.state == RevisionState.PENDING).label("pending_grades"),
            _count(grades, UNSETTLED).label("provisional_grades"),
            _count(appeals, OPEN).label("open_appeals"),
            _count(outbox, outbox.c.state == OutState.PENDING).label("outbox_pending"),
        )
        async with self._sessions.read() as session:
            row = (await session.execute(statement)).one()
        return {str(key): int(value) for key, value in row._mapping.items()}  # noqa: SLF001 - SQLAlchemy's documented way to a row's names

    async def export(self, group_id: int) -> dict[str, Any]:
        """A group's data, JSON-ready, without secrets."""
        async with self._sessions.read() as session:
            return await export(session, group_id)

    async def ping(self) -> None:
        """Raise if the database can't be reached."""
        async with self._sessions.read() as session:
            await session.execute(sa.text("SELECT 1"))

    def worker(self, *, grace: float = GRACE, grading: int = MOST_AT_ONCE) -> Worker:
        """What carries this database's jobs to handlers.

        When stopped, it lets handlers finish for ``grace`` seconds. ``grading`` is how many
        replies are graded at once, for the first time or again.
        """
        return self._queue.worker(grace, grading)

    async def close(self) -> None:
        """Close every connection."""
        await self._sessions.close()


def _count(table: sa.Table, *conditions: sa.ColumnElement[bool] | sa.TextClause) -> sa.Label[int]:
    counted = sa.select(sa.func.count()).select_from(table).where(*conditions)
    return counted.scalar_subquery().label(table.name)


async def open_store(
    url: str,
    *,
    clock: Callable[[], datetime] = utc_now,
    heartbeat: timedelta = HEARTBEAT,
) -> Database:
    """The Store of a migrated database (see ``storage.migrate.upgrade``).

    ``heartbeat`` is how long a worker may be silent before other processes take over
    (PostgreSQL).

    Raises StorageError, without the password, if the URL or the database can't be used.
    """
    target = parse_url(url)
    if target.path is not None:
        file = SqliteDatabase(target, clock)
        await file.open()
        return Database(file, MemoryQueue())
    server = PostgresDatabase(target, clock)
    await server.open()
    return Database(server, PostgresQueue(target, heartbeat))
