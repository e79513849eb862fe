"""aiosqlite with one trip to its thread a statement, where it takes four.

SQLAlchemy makes a cursor, executes, fetches and closes it; each would be a trip of its own,
and the trips, not SQLite, are what a small statement costs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Self

import aiosqlite


class Connection(aiosqlite.Connection):
    """One connection on a thread of its own."""

    def cursor(self, cursor_class: object = None) -> Any:
        """A cursor whose statements take one trip each; always of that one kind."""
        del cursor_class
        return _Cursor(self)

    async def script(self, *statements: str) -> None:
        """Run statements without results in one trip. Raises sqlite3.Error at the first to fail."""

        def run() -> None:
            for statement in statements:
                self._conn.execute(statement).close()

        await self._execute(run)  # type: ignore[no-untyped-call] # aiosqlite leaves it bare

    async def trip(self, run: Callable[[sqlite3.Cursor], object]) -> _Outcome:
        """What ``run`` left in a fresh cursor."""
        outcome: _Outcome = await self._execute(_carry_out, self._conn, run)  # type: ignore[no-untyped-call]
        return outcome


class _Outcome:
    """All that a cursor holds after a statement, its rows fetched."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self.rows: list[Any] = cursor.fetchall() if cursor.description else []
        # Right only now: an INSERT with RETURNING counts as its rows are fetched.
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid


class _Cursor:
    """The part of aiosqlite's cursor that SQLAlchemy uses."""

    arraysize = 1
    description: Any = None
    rowcount = -1
    lastrowid: int | None = None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Run a statement and fetch its rows."""
        self._keep(await self._connection.trip(lambda cursor: cursor.execute(sql, parameters)))
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Run a statement for each set of parameters."""
        self._keep(await self._connection.trip(lambda cursor: cursor.executemany(sql, parameters)))
        return self

    async def fetchall(self) -> list[Any]:
        """The statement's rows; they are here already."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing: the real cursor was closed in the same trip."""

    def _keep(self, outcome: _Outcome) -> None:
        self.description = outcome.description
        self.rowcount = outcome.rowcount
        self.lastrowid = outcome.lastrowid
        self._rows = outcome.rows


def connect(database: str, **options: Any) -> Connection:
    """As ``aiosqlite.connect``. The thread never holds up the exit of the process."""
    connection = Connection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does with its own
    return connection


def _carry_out(connection: sqlite3.Connection, run: Callable[[sqlite3.Cursor], object]) -> _Outcome:
    cursor = connection.cursor()
    try:
        run(cursor)
        return _Outcome(cursor)
    finally:
        cursor.close()
