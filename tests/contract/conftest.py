"""One suite over both databases: a SQLite file, and a real PostgreSQL that the tests start."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database import Database, open_store
from storage.migrate import upgrade
from tests.contract.store_world import World, found_world
from tests.support.postgres import Server, started

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The session's own PostgreSQL."""
    with started() as running:
        yield running


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
