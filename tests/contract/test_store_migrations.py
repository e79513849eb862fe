"""The tables that migrations make are those the code works with, on both databases."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.domain.grading import GradeState, Usage
from storage.database import open_store
from storage.errors import StorageError
from storage.migrate import check, current, head, upgrade
from storage.migrations.versions.v0001_first_tables import metadata as first
from storage.tables import metadata
from storage.urls import parse_url
from tests.contract.store_world import DAY, NOW, QUESTION, found_world

ROOT = Path(__file__).parents[2]


OLD_USAGE = {"prompt_tokens": 5, "completion_tokens": 6, "cost_usd": 0.5, "latency_ms": 7.0}


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


def test_each_migration_is_named_by_its_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    named = {Path(script.path).name.partition("_")[0] for script in scripts.walk_revisions()}
    assert named == {f"v{script.revision}" for script in scripts.walk_revisions()}
    assert head() == scripts.get_current_head()


async def test_partial_and_covering_indexes_are_made_as_written(url: str, kind: str) -> None:
    catalogue = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    }
    engine = _engine(url)
    async with engine.connect() as connection:
        made = " ".join((await connection.execute(sa.text(catalogue[kind]))).scalars())
    await engine.dispose()
    partial = (
        *("uq_grades_current", "ix_grades_cache_key", "ix_grades_unsettled", "ix_grades_final"),
        *("ix_outbox_pending", "ix_revisions_pending", "uq_appeals_open", "ix_appeals_queue"),
        "ix_outbox_questions",
    )
    for name in partial:
        assert name in made
    assert made.count("WHERE") >= len(partial) + 1
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


async def _migrate(url: str, revision: str, *, down: bool = False) -> None:
    """Bring a database to a revision that isn't the newest."""

    def run(connection: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    engine = _engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def _fill_first_version(connection: sa.Connection) -> None:
    """A group as the first version kept it: one reply, graded twice, provisionally at last."""
    now = NOW.replace(tzinfo=None) if connection.dialect.name == "sqlite" else NOW
    words = {"points": [], "feedback": "", "rubric_hash": "hash", "reason": "", "flags": []}
    judged = {"judge": {"kind": "offline", "model": "rules", "version": "1"}, "usage": OLD_USAGE}
    asked = {"deck_id": "llm", "question_id": QUESTION.id, "question_hash": "q"}
    made = {"created_at": now}
    graded = {"answer_id": 7, "revision_id": 8, "attempt": True} | words | judged | made
    standing = {"revision_id": 8, "scoring_id": 8} | made
    times = {"due_at": now, "post_until": now, "local_date": DAY}
    rows: list[tuple[str, dict[str, Any]]] = [
        ("groups", {"id": 3, "name": "Owls", "deck_id": "llm", "zone": "UTC", "settings": {}}),
        ("members", {"id": 5, "group_id": 3, "name": "Ada", "name_key": "ada", "role": "member"}),
        ("questions", {"hash": "q", "data": QUESTION.to_dict()}),
        ("rounds", {"id": 6, "group_id": 3, "kind": "daily", "state": "open"} | times | asked),
        ("answers", {"id": 7, "round_id": 6, "group_id": 3, "member_id": 5} | standing),
        ("revisions", {"id": 8, "answer_id": 7, "number": 1, "text": "a", "state": "done"} | made),
        ("grades", graded | {"id": 9, "state": "graded", "score": 0.25, "current": False}),
        ("grades", graded | {"id": 10, "state": "provisional", "score": 0.75, "current": True}),
    ]
    for name, row in rows:
        connection.execute(sa.insert(first.tables[name]), row)


async def test_rows_of_the_first_version_are_all_there_and_of_use_after_the_second(
    empty_url: str,
) -> None:
    await _migrate(empty_url, "0001")
    engine = _engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(_fill_first_version)
    await engine.dispose()
    await upgrade(empty_url)
    store = await open_store(empty_url)
    async with store.write() as tx:
        grade = await tx.answers.grade(8)
        assert grade is not None
        assert (grade.id, grade.state, grade.score) == (10, GradeState.PROVISIONAL, 0.75)
        assert (grade.raw_score, grade.usage) == (None, Usage(5, 6, 0.5, 7.0))
        assert await tx.regrades.awaiting(NOW, 5) == [8]
        [found] = await tx.regrades.stale(deck_id="llm", question_id=QUESTION.id)
        assert (found.revision.id, found.round_id, found.group_id) == (8, 6, 3)
        _, new = await tx.appeals.add(3, 7, 8, "Look again.", NOW)
        assert new
        [case] = await tx.appeals.queue(3)
        assert (case.member_name, case.round.question) == ("Ada", QUESTION)
    assert (await store.counts())["provisional_grades"] == 1
    async with store.write() as tx:
        await tx.members.erase(5)
    counts = await store.counts()
    assert (counts["graded"], counts["open_appeals"], counts["groups"]) == (0, 0, 1)
    assert json.loads(json.dumps(await store.export(3)))["answers"] == []
    await store.close()


async def test_the_second_version_can_be_undone_and_done_again(empty_url: str) -> None:
    await upgrade(empty_url)
    await _migrate(empty_url, "0001", down=True)
    assert await current(empty_url) == "0001"
    with pytest.raises(StorageError, match="studybot db upgrade"):
        await check(empty_url)
    await upgrade(empty_url)
    await check(empty_url)
