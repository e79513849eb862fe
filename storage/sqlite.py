"""SQLite: one writer connection with group commit, and readers beside it.

Blocks take turns on the writer. Each runs in a savepoint of its own; while more wait, the
outer transaction stays open, and one COMMIT (one fsync) makes all of them durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage import hops
from storage.errors import StorageError
from storage.sql import Session, finished
from storage.urls import Target

BATCH = 64
READERS = 5
BUSY_SECONDS = 15

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
)


def engine_for(target: Target, *, readers: int = 0) -> AsyncEngine:
    """An engine of one writing connection, or of some that can only read.

    Transactions are begun and ended by hand: Python's driver would begin them deferred,
    and two blocks that read before they write would then lose each other's changes.
    """
    url = target.url.set(database=str(target.path))
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=readers or 1,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"timeout": BUSY_SECONDS, "async_creator_fn": hops.connect},
    )
    pragmas = (*_PRAGMAS, "PRAGMA query_only = ON") if readers else _PRAGMAS

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    return engine


def prepare_folder(target: Target) -> None:
    """Make the database file's folder. Raises StorageError if that can't be done."""
    if target.path is None:
        return
    try:
        target.path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(target, error) from error


def unusable(target: Target, error: BaseException) -> StorageError:
    """What to say of a database file that can't be opened or written."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return StorageError(
        f"The database file {target.path} can't be used ({cause}). Check that its folder "
        "exists and may be written to, and that the disk isn't full; DATABASE_URL names it."
    )


class _Turn:
    """One block's turn on the writer: it starts, it ends (well or not), it is durable."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[AsyncConnection] = loop.create_future()
        self.ended: asyncio.Future[bool] = loop.create_future()
        self.durable: asyncio.Future[None] = loop.create_future()

    def fail(self, error: Exception) -> None:
        """Tell the block that its changes are lost."""
        if not self.started.done():
            self.started.set_exception(error)
        elif self._waits():
            self.durable.set_exception(error)

    def succeed(self) -> None:
        """Tell the block that its changes are durable."""
        if self._waits():
            self.durable.set_result(None)

    def _waits(self) -> bool:
        # A block that failed, or was cancelled, no longer looks at the result.
        return self.ended.done() and self.ended.result() and not self.durable.done()


class SqliteDatabase:
    """A SQLite file. ``read`` and ``write`` are those of the Store, giving sessions."""

    def __init__(
        self, target: Target, clock: Callable[[], datetime], *, batch: int = BATCH
    ) -> None:
        self._target = target
        self._clock = clock
        self._batch = batch
        self._writer = engine_for(target)
        self._readers = engine_for(target, readers=READERS)
        self._turns: asyncio.Queue[_Turn | None] = asyncio.Queue()
        self._serving: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Start serving. Raises StorageError if the file can't be written."""
        prepare_folder(self._target)
        try:
            connection = await self._writer.connect()
            await (await _driver(connection)).script("BEGIN IMMEDIATE", "ROLLBACK")
        except (DBAPIError, sqlite3.Error) as error:
            await self._writer.dispose()
            raise unusable(self._target, error) from error
        self._serving = asyncio.create_task(self._serve(connection), name="sqlite-writer")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A consistent view: WAL shows a transaction what was there when it first looked."""
        connection = await finished(self._readers.connect())
        try:
            await finished((await _driver(connection)).script("BEGIN"))
            yield Session(connection, self._clock, steady=True)
        finally:
            # Back in the pool, its transaction is rolled back.
            await finished(connection.close())

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """One transaction among the batch's; durable once the block has been left."""
        if self._closed:
            raise StorageError("The database is closed.")
        turn = _Turn()
        self._turns.put_nowait(turn)
        try:
            yield Session(await turn.started, self._clock, steady=True)
        except BaseException:
            turn.ended.set_result(False)
            raise
        turn.ended.set_result(True)
        await turn.durable

    async def close(self) -> None:
        """Let the queued blocks end, then close every connection."""
        if self._serving is not None and not self._closed:
            self._closed = True
            self._turns.put_nowait(None)
            await self._serving
        await self._writer.dispose()
        await self._readers.dispose()

    async def _serve(self, connection: AsyncConnection) -> None:
        """Give blocks their turns until the database is closed."""
        driver = await _driver(connection)
        try:
            while (turn := await self._turns.get()) is not None:
                if not await self._serve_batch(_Batch(connection, driver), turn):
                    break
        finally:
            await connection.close()

    async def _serve_batch(self, batch: _Batch, first: _Turn) -> bool:
        """Run blocks in one transaction until it is full or nobody waits; False at the end."""
        turn: _Turn | None = first
        taken: list[_Turn] = []
        try:
            while turn is not None:
                taken.append(turn)
                await batch.run(turn)
                if len(taken) >= self._batch or self._turns.empty():
                    break
                turn = self._turns.get_nowait()
            await batch.commit()
        except Exception as error:  # noqa: BLE001 - the edge of the loop: the blocks raise it
            await batch.undo()
            for each in taken:
                each.fail(error)
            return True
        for each in taken:
            each.succeed()
        return turn is not None


class _Batch:
    """One outer transaction. What has to be said between blocks is said in one trip."""

    def __init__(self, connection: AsyncConnection, driver: hops.Connection) -> None:
        self._connection = connection
        self._driver = driver
        self._next: tuple[str, ...] = ("BEGIN IMMEDIATE",)
        self._begun = False

    async def run(self, turn: _Turn) -> None:
        """One block in its savepoint; raises when the whole transaction is lost."""
        if turn.started.done():
            return
        self._begun = True
        await self._driver.script(*self._next, "SAVEPOINT block")
        self._next = ("ROLLBACK TO block", "RELEASE block")
        if turn.started.done():
            return
        turn.started.set_result(self._connection)
        if await turn.ended:
            self._next = ("RELEASE block",)

    async def commit(self) -> None:
        """Make every block durable."""
        if self._begun:
            await self._driver.script(*self._next, "COMMIT")

    async def undo(self) -> None:
        """Give the transaction up."""
        # Some failures (a full disk) have rolled back already: nothing is left to undo.
        with contextlib.suppress(sqlite3.Error):
            await self._driver.script("ROLLBACK")


async def _driver(connection: AsyncConnection) -> hops.Connection:
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, hops.Connection):
        raise TypeError(f"{driver!r} was not made by storage.hops")
    return driver
