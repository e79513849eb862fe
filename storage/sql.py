"""What the areas of the Store share: one connection, one transaction, both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Insert = SqliteInsert | PostgresInsert


async def finished(work: Awaitable[T]) -> T:
    """The result of ``work``, which runs to its end even if the caller is cancelled.

    The cancellation is raised once the work has ended. A statement that is cut off would
    cost SQLite's one writer connection, and with it the neighbours' changes.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled() and task.exception() is not None:
        raise cancelled from task.exception()
    raise cancelled


class Session:
    """A connection inside a transaction. ``clock`` dates rows whose time nobody gave."""

    def __init__(
        self, connection: AsyncConnection, clock: Callable[[], datetime], *, steady: bool
    ) -> None:
        self.connection = connection
        self.clock = clock
        self._steady = steady

    @property
    def sqlite(self) -> bool:
        """True on SQLite."""
        return self.connection.dialect.name == "sqlite"

    async def execute(
        self, statement: sa.Executable, parameters: Any = None
    ) -> sa.CursorResult[Any]:
        """Run one statement; its rows are all fetched."""
        work = self.connection.execute(statement, parameters)
        return await (finished(work) if self._steady else work)

    async def one(self, statement: sa.Executable) -> sa.Row[Any] | None:
        """The first row, or None."""
        return (await self.execute(statement)).first()

    async def all(self, statement: sa.Executable) -> list[sa.Row[Any]]:
        """Every row."""
        return list((await self.execute(statement)).all())

    async def scalars(self, statement: sa.Executable) -> list[Any]:
        """The first column of every row."""
        return list((await self.execute(statement)).scalars())

    async def changed(self, statement: sa.Executable) -> bool:
        """Run an UPDATE or DELETE; whether it met a row."""
        return (await self.execute(statement)).rowcount > 0

    def insert(self, table: sa.Table) -> Insert:
        """The dialect's INSERT, which has ``on_conflict_do_nothing`` and ``_do_update``."""
        return sqlite_insert(table) if self.sqlite else postgres_insert(table)


def utc_now() -> datetime:
    """The time, as an aware UTC datetime."""
    return datetime.now(UTC)
