from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.harness import FakeClock
from tests.support.judging import ScriptedJudge
from tests.support.postgres import Server, started


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()


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
