"""A copy brings everything back, into either kind of database, or changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.grading import Usage
from bot.domain.group import GroupSettings
from bot.domain.stored import NewDraft
from bot.domain.work import OutState
from bot.store.judging import Call
from storage.backup import backup, restore
from storage.database import Database, open_store
from storage.errors import StorageError
from tests.contract.store_world import NOW, World, found_world

Contents = dict[str, bytes]


async def _live(world: World) -> None:
    answer = await world.answer(await world.round(), await world.member("Zoë"), "an answer")
    grade = await world.graded(answer)
    async with world.store.write() as tx:
        await tx.appeals.add(world.group.id, answer.id, grade.revision_id, "Look again.", NOW)
        paid = Call(NOW.date(), world.group.id, "small", Usage(3, 4, 0.25), failed=False)
        await tx.model_use.record([paid])
        await tx.model_use.draw(1, timedelta(seconds=1), 1, NOW)
        assert await tx.model_use.reserve(NOW.date(), 0.5, 1.0)
        until = NOW + timedelta(minutes=1)
        await tx.model_use.hold("p", wants=1, busy=0, limit=1, now=NOW, until=until)
    await _decks(world)
    await world.out("kept")


async def _decks(world: World) -> None:
    member = await world.member("Zoë")
    async with world.store.write() as tx:
        await tx.decks.put("own", world.group.id, "own.txt", "# Öwn", member.id, NOW)
        draft = NewDraft(world.group.id, member.id, "own", "own.txt", "# Draft", {"notes": []})
        await tx.decks.add_draft(draft, NOW)


async def _contents(file: Path) -> Contents:
    with zipfile.ZipFile(file) as archive:
        return {n: archive.read(n) for n in archive.namelist() if n != "manifest.json"}


@pytest.fixture
def other_url(kind: str, migrated_server: str, server: Any, tmp_path: Path) -> str:
    """A database of the other kind."""
    if kind == "postgresql":
        return f"sqlite:///{tmp_path}/other.db"
    asyncio.run(server.clear(migrated_server))
    url: str = server.url(migrated_server)
    return url


async def test_a_group_moves_to_the_other_kind_of_database_and_back(
    world: World, url: str, other_url: str, tmp_path: Path
) -> None:
    await _live(world)
    exported = await world.store.export(world.group.id)
    await backup(url, tmp_path / "one.zip")
    await restore(other_url, tmp_path / "one.zip")
    other = await open_store(other_url)
    assert await other.export(world.group.id) == exported
    await backup(other_url, tmp_path / "two.zip")
    assert await _contents(tmp_path / "one.zip") == await _contents(tmp_path / "two.zip")
    # New rows don't collide with those brought over.
    there = World(other, world.group, world.channel)
    await there.member("New")
    await there.out("new")
    await backup(other_url, tmp_path / "three.zip")
    await other.close()
    await restore(url, tmp_path / "three.zip", force=True)
    async with world.store.read() as tx:
        assert len(await tx.members.in_group(world.group.id)) == 2


async def test_ids_given_out_before_the_copy_are_not_given_out_after_it(
    world: World, url: str, other_url: str, tmp_path: Path
) -> None:
    gone = await world.out("gone")
    async with world.store.write() as tx:
        await tx.outbox.finish(gone, OutState.SENT, NOW)
    await world.store.prune(NOW.replace(year=2027))
    await backup(url, tmp_path / "copy.zip")
    await restore(other_url, tmp_path / "copy.zip")
    other = await open_store(other_url)
    assert await World(other, world.group, world.channel).out("next") > gone
    await other.close()


def _as_first_version(contents: Contents) -> None:
    """What the first version would have written of the same rows."""
    manifest = json.loads(contents["manifest.json"])
    manifest["revision"] = "0001"
    later = ("appeals", "model_spend", "model_reserved", "model_limits", "model_slots", "places")
    for table in (*later, "codes", "decks", "deck_drafts"):
        del contents[f"{table}.jsonl"], manifest["tables"][table]
    for table in ("appeals", "deck_drafts"):
        del manifest["last_ids"][table]
    for table, columns in (("grades", ("raw_score", "cache_key")), ("channels", ("server_id",))):
        told = manifest["tables"][table]
        kept = [n for n, c in enumerate(told["columns"]) if c not in columns]
        rows = [json.loads(line) for line in contents[f"{table}.jsonl"].splitlines()]
        lines = [json.dumps([row[n] for n in kept]).encode() + b"\n" for row in rows]
        contents[f"{table}.jsonl"] = b"".join(lines)
        told["columns"] = [told["columns"][n] for n in kept]
        told["sha256"] = hashlib.sha256(contents[f"{table}.jsonl"]).hexdigest()
    contents["manifest.json"] = json.dumps(manifest).encode()


async def test_a_copy_made_by_the_first_version_comes_back(
    world: World, url: str, other_url: str, tmp_path: Path
) -> None:
    await _live(world)
    exported = await world.store.export(world.group.id)
    file = tmp_path / "copy.zip"
    await backup(url, file)
    _rewrite(_as_first_version)(file)
    await restore(other_url, file)
    other = await open_store(other_url)
    [answer] = exported["answers"]
    answer["appeals"], exported["model_spend"], exported["decks"] = [], [], []
    assert await other.export(world.group.id) == exported
    async with other.write() as tx:
        assert await tx.model_use.reserve(NOW.date(), 1.0, 1.0)
        [revision] = answer["revisions"]
        _, new = await tx.appeals.add(world.group.id, answer["id"], revision["id"], "", NOW)
        assert new
    await other.close()


def _first_version_without_rounds(contents: Contents) -> None:
    _as_first_version(contents)
    manifest = json.loads(contents["manifest.json"])
    del contents["rounds.jsonl"], manifest["tables"]["rounds"]
    contents["manifest.json"] = json.dumps(manifest).encode()


async def test_a_copy_is_consistent_while_others_write(
    world: World, url: str, tmp_path: Path
) -> None:
    async def write(number: int) -> None:
        async with world.store.write() as tx:
            group = await tx.groups.create(f"g{number}", "llm", "UTC", GroupSettings())
            await tx.groups.add_channel(group.id, "web", f"r{number}", "Room")

    writers = [asyncio.create_task(write(number)) for number in range(60)]
    await backup(url, tmp_path / "copy.zip")
    await asyncio.gather(*writers)
    contents = await _contents(tmp_path / "copy.zip")
    groups, channels = (contents[f"{n}.jsonl"].count(b"\n") for n in ("groups", "channels"))
    assert groups == channels


async def test_a_copy_never_replaces_a_file(world: World, url: str, tmp_path: Path) -> None:
    file = tmp_path / "copy.zip"
    file.write_text("mine")
    with pytest.raises(StorageError, match="there already"):
        await backup(url, file)
    assert file.read_text() == "mine"
    await backup(url, file, force=True)
    assert zipfile.is_zipfile(file)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]  # noqa: PTH208 - nothing here waits
    with pytest.raises(StorageError, match="can't be written"):
        await backup(url, tmp_path / "no-such-folder" / "copy.zip")
    del world


async def test_a_database_with_groups_is_replaced_only_by_force(
    world: World, url: str, tmp_path: Path
) -> None:
    await backup(url, tmp_path / "copy.zip")
    later = await found_world(world.store, "later")
    with pytest.raises(StorageError, match="--force"):
        await restore(url, tmp_path / "copy.zip")
    async with world.store.read() as tx:
        assert len(await tx.groups.everyone()) == 2
    await restore(url, tmp_path / "copy.zip", force=True)
    async with world.store.read() as tx:
        assert await tx.groups.everyone() == [world.group]
        assert await tx.groups.get(later.group.id) is None


def _rewrite(change: Callable[[Contents], None]) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        change(contents)
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in contents.items():
                archive.writestr(name, data)

    return apply


def _cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def _manifest(**changes: object) -> Callable[[Path], None]:
    def change(contents: Contents) -> None:
        contents["manifest.json"] = json.dumps(
            json.loads(contents["manifest.json"]) | changes
        ).encode()

    return _rewrite(change)


def _edit_rows(contents: Contents) -> None:
    contents["groups.jsonl"] = contents["groups.jsonl"].replace(b"Night", b"Light")


def _lose_table(contents: Contents) -> None:
    del contents["answers.jsonl"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_cut, "can't be restored"),
        (lambda file: file.write_text("a letter"), "can't be restored"),
        (lambda file: file.unlink(), "can't be restored"),
        (_rewrite(_edit_rows), "groups was changed"),
        (_rewrite(_lose_table), "can't be restored"),
        (_rewrite(lambda contents: contents.clear()), "can't be restored"),
        (_manifest(format="other"), "another format"),
        (_manifest(revision="9999"), "another version"),
        (_manifest(revision="0001"), "other columns"),
        (_rewrite(_first_version_without_rounds), "can't be restored"),
        (_manifest(last_ids={}), "can't be restored"),
        (_manifest(tables=[]), "can't be restored"),
    ],
)
async def test_a_damaged_copy_changes_nothing(
    world: World, url: str, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    await _live(world)
    file = tmp_path / "copy.zip"
    await backup(url, file)
    before = await world.store.export(world.group.id)
    damage(file)
    with pytest.raises(StorageError, match=words):
        await restore(url, file, force=True)
    assert await world.store.export(world.group.id) == before


async def test_a_database_without_tables_is_not_copied(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="studybot db upgrade"):
        await backup(empty_url, tmp_path / "copy.zip")
    assert not (tmp_path / "copy.zip").exists()


async def test_a_copy_can_be_taken_from_a_file_in_use_by_another_process(
    migrated_file: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    shutil.copy(migrated_file, tmp_path / "study.db")
    writer = sqlite3.connect(tmp_path / "study.db")
    writer.execute("BEGIN IMMEDIATE")
    await backup(url, tmp_path / "copy.zip")
    writer.close()
    store: Database = await open_store(url)
    await store.ping()
    await store.close()
