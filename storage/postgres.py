"""PostgreSQL: plain pooled transactions."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StoreUnavailableError
from storage.errors import StorageError
from storage.sql import Session
from storage.urls import Target

log = logging.getLogger(__name__)

POOL = 10
OVERFLOW = 20
CONNECT_SECONDS = 10
STALLED = timedelta(seconds=15)
"""A process that stops in the middle of a transaction gives up its locks after so long."""

CONNECT_ERRORS = (OSError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What connecting raises; a timeout is an OSError."""


def engine_for(target: Target, stalled: timedelta = STALLED) -> AsyncEngine:
    """An engine of pooled connections, each checked before it is used.

    The server ends a transaction in which nothing is said for ``stalled``.
    """
    engine = create_async_engine(
        target.url,
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_SECONDS},
    )
    milliseconds = round(stalled.total_seconds() * 1000)

    def prepare(connection: Any, _: object) -> None:
        # Not as a startup parameter, which poolers in between may refuse.
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = {milliseconds}")
        cursor.close()
        connection.commit()

    sa.event.listen(engine.sync_engine, "connect", prepare)
    return engine


def unreachable(target: Target, error: BaseException) -> StorageError:
    """What to say of a server that can't be reached."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    words = str(cause) or type(cause).__name__
    if target.url.password:
        words = words.replace(str(target.url.password), "***")
    return StorageError(
        f"PostgreSQL at {target.shown} can't be used ({words}). Check that the server "
        "runs and that host, port, user, password and database name in DATABASE_URL are right."
    )


class PostgresDatabase:
    """A PostgreSQL database. ``read`` and ``write`` are those of the Store, giving sessions.

    Both raise StoreUnavailableError while the server can't be reached.
    """

    def __init__(
        self, target: Target, clock: Callable[[], datetime], stalled: timedelta = STALLED
    ) -> None:
        self._target = target
        self._clock = clock
        self._engine = engine_for(target, stalled)
        self._away = False
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def open(self) -> None:
        """Reach the server. Raises StorageError if it can't be reached."""
        try:
            async with self._engine.connect():
                pass
        except CONNECT_ERRORS as error:
            await self._engine.dispose()
            raise unreachable(self._target, error) from None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A consistent view (REPEATABLE READ, READ ONLY)."""
        async with self._connected(self._reading) as connection:
            yield Session(connection, self._clock, steady=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """One transaction (READ COMMITTED)."""
        async with self._connected(self._engine) as connection, connection.begin():
            yield Session(connection, self._clock, steady=False)

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection of the pool."""
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(engine.connect())
            except CONNECT_ERRORS as error:
                raise self._unavailable(error) from error
            if self._away:
                self._away = False
                log.info("PostgreSQL is back")
            try:
                yield connection
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise self._unavailable(error) from error
                raise

    def _unavailable(self, error: BaseException) -> StoreUnavailableError:
        """What to raise. The log tells of an outage once, not with each of its failures."""
        if not self._away:
            self._away = True
            log.warning("%s", unreachable(self._target, error))
        return StoreUnavailableError()

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
