"""What every Store promises of its transactions."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.domain.group import GroupSettings
from bot.domain.work import OutKind, OutState
from bot.errors import StoreUnavailableError
from storage import tables
from storage.database import Database, open_store
from storage.errors import StorageError
from storage.migrate import upgrade
from storage.postgres import PostgresDatabase
from storage.sql import utc_now
from storage.sqlite import SqliteDatabase
from storage.urls import parse_url
from tests.contract.store_world import DAY, NOW, World, new_round
from tests.support.postgres import Server


async def _group_names(store: Database) -> set[str]:
    async with store.read() as tx:
        return {group.name for group in await tx.groups.everyone()}


async def _create(store: Database, name: str) -> None:
    async with store.write() as tx:
        await tx.groups.create(name, "llm", "UTC", GroupSettings())


async def test_400_read_modify_writes_at_once_lose_nothing(world: World) -> None:
    async with world.store.write() as tx:
        [round_] = await tx.rounds.insert([new_round(world.group.id)])
        await tx.groups.update(replace(world.group, name="0"))

    async def increment() -> None:
        async with world.store.write() as tx:
            await tx.rounds.get(round_.id, lock=True)
            group = await tx.groups.get(world.group.id)
            assert group is not None
            await tx.groups.update(replace(group, name=str(int(group.name) + 1)))

    await asyncio.gather(*(increment() for _ in range(400)))
    assert await _group_names(world.store) == {"400"}


async def test_a_block_that_raises_leaves_nothing_and_its_neighbours_commit(
    store: Database,
) -> None:
    async def block(number: int) -> None:
        async with store.write() as tx:
            await tx.groups.create(f"g{number}", "llm", "UTC", GroupSettings())
            if number % 3 == 0:
                raise ValueError(f"block {number}")

    outcomes = await asyncio.gather(*(block(n) for n in range(30)), return_exceptions=True)
    failed = {n for n, outcome in enumerate(outcomes) if isinstance(outcome, ValueError)}
    assert failed == {n for n in range(30) if n % 3 == 0}
    assert await _group_names(store) == {f"g{n}" for n in range(30) if n % 3}


async def test_a_statement_that_fails_undoes_its_own_block_alone(world: World) -> None:
    async def orphan() -> None:
        async with world.store.write() as tx:
            await tx.groups.create("undone", "llm", "UTC", GroupSettings())
            await tx.groups.add_channel(999_999, "web", "nowhere", "no such group")

    outcomes = await asyncio.gather(
        _create(world.store, "before"),
        orphan(),
        _create(world.store, "after"),
        return_exceptions=True,
    )
    assert [isinstance(outcome, DBAPIError) for outcome in outcomes] == [False, True, False]
    assert await _group_names(world.store) == {world.group.name, "before", "after"}


async def test_a_commit_that_fails_fails_every_block_in_it(
    migrated_file: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated_file, tmp_path / "study.db")
    database = SqliteDatabase(parse_url(f"sqlite:///{tmp_path}/study.db"), utc_now)
    await database.open()
    row = {"platform": "web", "external_id": "x", "name": "x"}

    async def event(number: int, group_id: int | None = None) -> None:
        async with database.write() as session:
            values = {"platform": "web", "event_id": str(number), "received_at": NOW}
            await session.execute(sa.insert(tables.inbox).values(values))
            if group_id is not None:
                # The missing group is noticed at the commit only.
                await session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
                await session.execute(sa.insert(tables.channels).values(group_id=group_id, **row))

    outcomes = await asyncio.gather(
        event(1), event(2, group_id=99), event(3), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [sqlite3.IntegrityError] * 3
    await event(4)
    async with database.read() as session:
        assert await session.scalars(sa.select(tables.inbox.c.event_id)) == ["4"]
    await database.close()


async def test_nobody_sees_a_block_before_it_is_left(store: Database) -> None:
    async with store.write() as tx:
        await tx.groups.create("hidden", "llm", "UTC", GroupSettings())
        assert [group.name for group in await tx.groups.everyone()] == ["hidden"]
        assert await _group_names(store) == set()
    assert await _group_names(store) == {"hidden"}


async def test_what_a_block_wrote_is_seen_by_another_store_at_once(
    store: Database, url: str
) -> None:
    await _create(store, "shared")
    other = await open_store(url)
    assert await _group_names(other) == {"shared"}
    await _create(other, "back")
    assert await _group_names(store) == {"shared", "back"}
    await other.close()


async def test_a_cancelled_block_rolls_back_only_its_own_part(store: Database) -> None:
    inside, others = asyncio.Event(), [asyncio.Event(), asyncio.Event()]

    async def cancelled() -> None:
        async with store.write() as tx:
            await tx.groups.create("cancelled", "llm", "UTC", GroupSettings())
            inside.set()
            await asyncio.Event().wait()

    async def neighbour(number: int) -> None:
        others[number].set()
        await _create(store, f"n{number}")

    first = asyncio.create_task(neighbour(0))
    await first
    victim = asyncio.create_task(cancelled())
    await inside.wait()
    waiting = [asyncio.create_task(neighbour(1)) for _ in range(3)]
    await others[1].wait()
    victim.cancel()
    with pytest.raises(asyncio.CancelledError):
        await victim
    await asyncio.gather(*waiting)
    assert await _group_names(store) == {"n0", "n1"}


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, 13, 21])
async def test_cancelling_blocks_at_any_moment_leaves_the_store_working(
    store: Database, turns: int
) -> None:
    blocks = [asyncio.create_task(_create(store, f"b{n}")) for n in range(12)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for block in blocks[::2]:
        block.cancel()
    outcomes = await asyncio.gather(*blocks, return_exceptions=True)
    assert all(outcome is None for outcome in outcomes[1::2])
    await _create(store, "last")
    names = await _group_names(store)
    assert {f"b{n}" for n in range(1, 12, 2)} | {"last"} <= names


async def test_a_block_cancelled_while_it_waits_for_its_turn_writes_nothing(
    store: Database,
) -> None:
    async with store.write() as tx:
        waiting = asyncio.create_task(_create(store, "never"))
        await asyncio.sleep(0)
        waiting.cancel()
        await tx.groups.create("first", "llm", "UTC", GroupSettings())
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await _group_names(store) == {"first"}


async def test_a_reader_keeps_its_view_while_others_write(store: Database) -> None:
    await _create(store, "old")
    async with store.read() as tx:
        assert len(await tx.groups.everyone()) == 1
        await _create(store, "new")
        assert [group.name for group in await tx.groups.everyone()] == ["old"]
    assert await _group_names(store) == {"old", "new"}


async def test_writing_through_a_reader_is_an_error(store: Database) -> None:
    with pytest.raises(DBAPIError):
        async with store.read() as tx:
            await tx.groups.create("no", "llm", "UTC", GroupSettings())
    assert await _group_names(store) == set()
    await _create(store, "yes")


async def test_a_write_inside_a_write_is_told_instead_of_hanging(store: Database) -> None:
    async with store.write():
        with pytest.raises(RuntimeError, match="inside"):
            await _create(store, "inner")
    await _create(store, "later")
    assert await _group_names(store) == {"later"}


async def test_an_event_is_new_once_and_only_if_its_block_commits(store: Database) -> None:
    async def seen() -> bool:
        async with store.write() as tx:
            return await tx.first_time("slack", "Ev1", NOW)

    async def lost() -> None:
        async with store.write() as tx:
            assert await tx.first_time("slack", "Ev1", NOW)
            raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        await lost()
    assert sorted(await asyncio.gather(*(seen() for _ in range(5)))) == [False] * 4 + [True]
    async with store.write() as tx:
        assert await tx.first_time("discord", "Ev1", NOW)


async def test_instants_come_back_as_utc_and_naive_ones_are_refused(world: World) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    async with world.store.write() as tx:
        new = replace(new_round(world.group.id), due_at=datetime(2026, 6, 1, 5, 30, 1, 7, east))
        [made] = await tx.rounds.insert([new])
    assert made.due_at == datetime(2026, 6, 1, 0, 0, 1, 7, UTC)
    assert made.due_at.tzinfo is UTC
    naive = replace(new_round(world.group.id, DAY + timedelta(days=1)), due_at=datetime(2026, 6, 1))  # noqa: DTZ001 - the point
    with pytest.raises(Exception, match="aware"):
        async with world.store.write() as tx:
            await tx.rounds.insert([naive])


async def test_words_that_no_database_can_hold_are_stored_all_the_same(world: World) -> None:
    member = await world.member("A\x00da \ud83d end")
    assert member.name == "A\ufffdda \ufffd end"
    async with world.store.read() as tx:
        [found] = await tx.members.named(member.name)
    assert found.name == member.name
    plain = await world.member("Zoë \U0001f389 łódź")
    assert plain.name == "Zoë \U0001f389 łódź"


async def test_prune_deletes_old_events_and_finished_messages(world: World) -> None:
    old, new = NOW - timedelta(days=40), NOW
    done, question, waiting = (
        await world.out("done"),
        await world.out("question", OutKind.QUESTION),
        await world.out("waiting"),
    )
    async with world.store.write() as tx:
        await tx.first_time("web", "old", old)
        await tx.first_time("web", "new", new)
        for out_id in (done, question):
            assert await tx.outbox.finish(out_id, OutState.SENT, old, external_id="1")
    assert await world.store.prune(NOW - timedelta(days=30)) == 2
    async with world.store.write() as tx:
        assert await tx.outbox.get(done) is None
        assert await tx.outbox.get(question) is not None
        assert await tx.outbox.get(waiting) is not None
        assert await tx.first_time("web", "old", new)
        assert not await tx.first_time("web", "new", new)


async def test_ids_are_never_given_out_again(world: World) -> None:
    first = await world.out("a")
    async with world.store.write() as tx:
        await tx.outbox.finish(first, OutState.SENT, NOW - timedelta(days=2))
    await world.store.prune(NOW)
    assert await world.out("b") > first


async def test_counts_are_by_kind(world: World) -> None:
    ada = await world.member("Ada")
    round_ = await world.round()
    answer = await world.answer(round_, ada)
    await world.out()
    expected = {
        "groups": 1,
        "members": 1,
        "answers": 1,
        "graded": 0,
        "pending_grades": 1,
        "provisional_grades": 0,
        "open_appeals": 0,
        "outbox_pending": 1,
    }
    assert await world.store.counts() == expected
    await world.graded(answer)
    assert (await world.store.counts())["graded"] == 1


async def test_a_closed_store_refuses_to_write(url: str) -> None:
    store = await open_store(url)
    await store.ping()
    await store.close()
    await store.close()
    if url.startswith("sqlite"):
        with pytest.raises(StorageError, match="closed"):
            await _create(store, "late")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("study.db", "not a URL"),
        ("mysql://root:hunter2@host/db", "mysql"),
        ("sqlite://", "no SQLite file"),
        ("sqlite:///:memory:", "no SQLite file"),
        ("postgresql://ada:hunter2@host:port/db", "can't be read"),
        ("postgresql://ada:hunter2@127.0.0.1:1/db", "Check that the server runs"),
    ],
)
async def test_a_bad_database_url_is_told_without_its_password(bad: str, words: str) -> None:
    for attempt in (open_store, upgrade):
        with pytest.raises(StorageError, match=words) as told:
            await attempt(bad)
        assert "hunter2" not in str(told.value)
        assert told.value.__cause__ is None


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="can't be used"):
        await upgrade(f"sqlite:///{tmp_path}/file/study.db")


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("This is a letter, not a database. " * 40)
    for attempt in (open_store, upgrade):
        with pytest.raises(StorageError, match=r"study\.db can't be used"):
            await attempt(f"sqlite:///{tmp_path}/study.db")


async def test_a_process_that_stands_still_in_a_transaction_gives_up_its_locks(
    server: Server, migrated_server: str
) -> None:
    await server.clear(migrated_server)
    target = parse_url(server.url(migrated_server))
    stalled = PostgresDatabase(target, utc_now, stalled=timedelta(milliseconds=100))
    store = await open_store(server.url(migrated_server))
    await _create(store, "Night owls")
    with pytest.raises(StoreUnavailableError):
        await _rename_twice(stalled, store)
    assert await _group_names(store) == {"free again"}
    await stalled.close()
    await store.close()


async def _rename_twice(stalled: PostgresDatabase, other: Database) -> None:
    """Rename the group, and again once the other store has had its turn with it."""
    rename = sa.update(tables.groups).values(name="renamed")
    async with stalled.write() as session:
        await session.execute(rename)
        # Waits for the row until the server has ended the first transaction.
        async with other.write() as tx:
            [group] = await tx.groups.everyone()
            await tx.groups.update(replace(group, name="free again"))
        await session.execute(rename)
