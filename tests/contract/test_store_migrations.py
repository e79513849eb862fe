"""The tables that migrations make are those the code works with, on both databases."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database import open_store
from storage.errors import StorageError
from storage.migrate import check, current, head, upgrade
from storage.tables import metadata
from storage.urls import parse_url
from tests.contract.store_world import found_world

ROOT = Path(__file__).parents[2]


def _engine(url: str) -> AsyncEngine:
    return create_async_engine(parse_url(url).url)


async def test_the_migrated_tables_are_those_of_the_code(url: str) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    engine = _engine(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_partial_and_covering_indexes_are_made_as_written(url: str, kind: str) -> None:
    catalogue = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    }
    engine = _engine(url)
    async with engine.connect() as connection:
        made = " ".join((await connection.execute(sa.text(catalogue[kind]))).scalars())
    await engine.dispose()
    for name in ("uq_grades_current", "ix_outbox_pending", "ix_revisions_pending"):
        assert name in made
    assert made.count("WHERE") >= 4
    assert "ix_scores_board" in made


async def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    assert await current(empty_url) is None
    with pytest.raises(StorageError, match="studybot db upgrade"):
        await check(empty_url)
    await upgrade(empty_url)
    store = await open_store(empty_url)
    world = await found_world(store)
    await upgrade(empty_url)
    await check(empty_url)
    assert await current(empty_url) == head()
    async with store.read() as tx:
        assert await tx.groups.everyone() == [world.group]
    await store.close()


def test_asking_for_the_revision_makes_no_file(tmp_path: Path) -> None:
    assert asyncio.run(current(f"sqlite:///{tmp_path}/new/study.db")) is None
    assert list(tmp_path.iterdir()) == []


async def test_processes_that_upgrade_at_once_all_succeed(empty_url: str) -> None:
    code = (
        "import asyncio, sys; from storage.migrate import upgrade; "
        "asyncio.run(upgrade(sys.argv[1]))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, empty_url), cwd=ROOT, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    told = [(await process.communicate())[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    await check(empty_url)


async def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    engine = _engine(url)
    rename = sa.text("UPDATE alembic_version SET version_num = :name")
    async with engine.begin() as connection:
        await connection.execute(rename, {"name": "9999"})
    for attempt in (upgrade, check):
        with pytest.raises(StorageError, match="newer studybot"):
            await attempt(url)
    async with engine.begin() as connection:
        await connection.execute(rename, {"name": head()})
    await engine.dispose()


def test_upgrading_works_from_any_folder(tmp_path: Path) -> None:
    code = "import asyncio; from storage.migrate import upgrade; asyncio.run(upgrade('sqlite:///here.db'))"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (tmp_path / "here.db").exists()
