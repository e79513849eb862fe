"""What stories on PostgreSQL need: a server, and an empty database each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.postgres import Server, started


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The session's own PostgreSQL."""
    with started() as running:
        yield running


@pytest.fixture
def postgres_url(server: Server) -> Iterator[str]:
    """A database of the test's own, without tables."""
    name = asyncio.run(server.create())
    yield server.url(name)
    asyncio.run(server.drop(name))
