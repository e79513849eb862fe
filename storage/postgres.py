"""PostgreSQL: plain pooled transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.errors import StorageError
from storage.sql import Session
from storage.urls import Target

POOL = 10
OVERFLOW = 20
CONNECT_SECONDS = 10

CONNECT_ERRORS = (OSError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What connecting raises; a timeout is an OSError."""


def engine_for(target: Target) -> AsyncEngine:
    """An engine of pooled connections, each checked before it is used."""
    return create_async_engine(
        target.url,
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_SECONDS},
    )


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
    """A PostgreSQL database. ``read`` and ``write`` are those of the Store, giving sessions."""

    def __init__(self, target: Target, clock: Callable[[], datetime]) -> None:
        self._target = target
        self._clock = clock
        self._engine = engine_for(target)
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
        async with self._reading.connect() as connection:
            yield Session(connection, self._clock, steady=False)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """One transaction (READ COMMITTED)."""
        async with self._engine.begin() as connection:
            yield Session(connection, self._clock, steady=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
