"""What every queue promises: jobs come with their commit, once, and survive mishaps."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from bot.domain.work import Job, JobKind, OutKind, OutState
from bot.ports import Handler
from storage.database import Database, open_store
from storage.queue import SETTINGS
from storage.urls import parse_url
from tests.contract.store_world import NOW, Seen, World, found_world

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def working(store: Database, handler: Handler) -> AsyncIterator[None]:
    """A worker runs inside the block."""
    worker = store.worker()
    task = asyncio.create_task(worker.run(handler))
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait_for(task, 20)


def deliver(row_id: int) -> Job:
    return Job(JobKind.DELIVER, row_id)


async def test_a_message_added_is_carried_to_the_handler(world: World) -> None:
    seen = Seen()
    async with working(world.store, seen):
        out_id = await world.out()
        assert await seen.wait(1) == [deliver(out_id)]


async def test_every_kind_of_job_reaches_the_handler(world: World) -> None:
    seen = Seen()
    async with working(world.store, seen):
        async with world.store.write() as tx:
            for number, kind in enumerate(JobKind):
                await tx.enqueue(kind, number, number + 10)
        jobs = await seen.wait(2 * len(JobKind))
    expected = {Job(kind, n + more) for n, kind in enumerate(JobKind) for more in (0, 10)}
    assert set(jobs) == expected


async def test_a_block_that_fails_enqueues_nothing(world: World) -> None:
    async def failing() -> None:
        async with world.store.write() as tx:
            await tx.enqueue(JobKind.GRADE, 1)
            await tx.outbox.add([world.new_out("lost")])
            raise ValueError("undone")

    seen = Seen()
    async with working(world.store, seen):
        with pytest.raises(ValueError, match="undone"):
            await failing()
        async with world.store.write() as tx:
            await tx.enqueue(JobKind.GRADE, 2)
        assert await seen.wait(1) == [Job(JobKind.GRADE, 2)]


async def test_the_handler_sees_what_the_block_wrote(world: World) -> None:
    states: asyncio.Queue[OutState | None] = asyncio.Queue()

    async def look(job: Job) -> None:
        async with world.store.read() as tx:
            out = await tx.outbox.get(job.row_id)
        await states.put(out.state if out else None)

    async with working(world.store, look):
        for number in range(20):
            await world.out(f"k{number}")
        found = [await asyncio.wait_for(states.get(), 20) for _ in range(20)]
    assert found == [OutState.PENDING] * 20


async def test_a_message_whose_time_has_not_come_is_left_to_the_sweep(world: World) -> None:
    seen = Seen()
    later = replace(world.new_out("later"), not_before=NOW + timedelta(days=36_500))
    async with working(world.store, seen):
        async with world.store.write() as tx:
            await tx.outbox.add([later])
        now_id = await world.out("now")
        assert await seen.wait(1) == [deliver(now_id)]


async def test_what_is_queued_already_is_not_queued_twice(world: World) -> None:
    jobs = [deliver(row_id) for row_id in range(1, 40)]
    for _ in range(3):
        await world.store.requeue(jobs)
    await world.store.requeue([])
    seen = Seen()
    async with working(world.store, seen):
        await seen.wait(len(jobs))
        await world.store.requeue([Job(JobKind.GRADE, 1)])
        await seen.wait(len(jobs) + 1)
    assert sorted(job.row_id for job in seen.jobs if job.kind is JobKind.DELIVER) == list(
        range(1, 40)
    )


async def test_a_row_handed_over_again_by_its_own_handler_comes_again(world: World) -> None:
    seen = Seen()

    async def again(job: Job) -> None:
        await seen(job)
        if len(seen.jobs) < 5:
            async with world.store.write() as tx:
                await tx.enqueue(job.kind, job.row_id)

    async with working(world.store, again):
        async with world.store.write() as tx:
            await tx.enqueue(JobKind.OPEN_ROUND, 7, 7)
        assert await seen.wait(5) == [Job(JobKind.OPEN_ROUND, 7)] * 5


async def test_a_handler_that_raises_is_logged_and_the_worker_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()

    async def fail_first(job: Job) -> None:
        await seen(job)
        if len(seen.jobs) <= 3:
            raise RuntimeError("the judge fell over")

    with caplog.at_level(logging.ERROR):
        async with working(world.store, fail_first):
            for number in range(6):
                await world.out(f"k{number}")
            await seen.wait(6)
    assert caplog.text.count("RuntimeError: the judge fell over") == 3


async def test_slow_grading_does_not_hold_up_messages(world: World) -> None:
    seen, judge = Seen(), asyncio.Event()

    async def slow(job: Job) -> None:
        if job.kind is JobKind.GRADE:
            await judge.wait()
        await seen(job)

    async with working(world.store, slow):
        async with world.store.write() as tx:
            await tx.enqueue(JobKind.GRADE, *range(200))
        out_id = await world.out()
        assert await seen.wait(1) == [deliver(out_id)]
        judge.set()
        await seen.wait(201)


async def test_thousands_of_posts_do_not_hold_up_a_response(world: World) -> None:
    seen, limit = Seen(), asyncio.Event()

    async def slow(job: Job) -> None:
        if job.kind is JobKind.DELIVER:
            await limit.wait()
        await seen(job)

    async with working(world.store, slow):
        async with world.store.write() as tx:
            await tx.enqueue(JobKind.DELIVER, *range(1000, 1200))
        out_id = await world.out(kind=OutKind.REACTION)
        assert await seen.wait(1) == [Job(JobKind.RESPOND, out_id)]
        assert Job(JobKind.RESPOND, out_id) in await world.store.open_work(NOW)
        limit.set()
        await seen.wait(201)


async def test_first_grades_come_before_thousands_of_regrades(world: World) -> None:
    seen, judge, full = Seen(), asyncio.Event(), asyncio.Event()
    begun = 0

    async def slow(job: Job) -> None:
        nonlocal begun
        begun += 1
        if begun == 4:
            full.set()
        await judge.wait()
        await seen(job)

    worker = world.store.worker(grading=4)
    task = asyncio.create_task(worker.run(slow))
    async with world.store.write() as tx:
        await tx.enqueue(JobKind.REGRADE, *range(300))
    await asyncio.wait_for(full.wait(), 20)
    async with world.store.write() as tx:
        await tx.enqueue(JobKind.GRADE, *range(8))
    judge.set()
    await seen.wait(308)
    worker.stop()
    await asyncio.wait_for(task, 20)
    places = [n for n, job in enumerate(seen.jobs) if job.kind is JobKind.GRADE]
    assert len(places) == 8
    # Those under way, and a batch that was taken as they ended, may come first.
    assert max(places) < 8 + 16


@pytest.mark.parametrize("grading", [1, 2, 3, 5, 80])
async def test_no_more_replies_are_graded_at_once_than_is_said(world: World, grading: int) -> None:
    running, most, full, go_on = 0, 0, asyncio.Event(), asyncio.Event()
    seen = Seen()

    async def slow(job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == grading:
            full.set()
        await go_on.wait()
        running -= 1
        await seen(job)

    worker = world.store.worker(grading=grading)
    task = asyncio.create_task(worker.run(slow))
    async with world.store.write() as tx:
        await tx.enqueue(JobKind.REGRADE, *range(100))
        await tx.enqueue(JobKind.GRADE, *range(100))
    await asyncio.wait_for(full.wait(), 20)
    go_on.set()
    await seen.wait(200)
    worker.stop()
    await asyncio.wait_for(task, 20)
    assert most == grading


async def test_grading_nothing_at_once_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        world.store.worker(grading=0)


async def test_stop_lets_a_running_handler_finish(world: World) -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def handler(_job: Job) -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    worker = world.store.worker()
    task = asyncio.create_task(worker.run(handler))
    await world.out()
    await asyncio.wait_for(begun.wait(), 20)
    worker.stop()
    may_end.set()
    await asyncio.wait_for(task, 20)
    assert ended.is_set()


async def test_stop_cuts_off_a_handler_that_never_ends(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()
    cut = asyncio.Event()

    async def handler(_job: Job) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    worker = world.store.worker(grace=0.1)
    task = asyncio.create_task(worker.run(handler))
    await world.out()
    await asyncio.wait_for(begun.wait(), 20)
    worker.stop()
    await asyncio.wait_for(task, 20)
    assert cut.is_set()
    assert "did not finish in time" in caplog.text


async def test_a_worker_stopped_before_it_ran_returns_at_once(world: World) -> None:
    worker = world.store.worker()
    worker.stop()
    await asyncio.wait_for(worker.run(Seen()), 5)


async def test_jobs_enqueued_while_nobody_works_wait(world: World) -> None:
    ids = [await world.out(f"k{n}") for n in range(3)]
    seen = Seen()
    async with working(world.store, seen):
        assert sorted(job.row_id for job in await seen.wait(3)) == ids


@pytest.fixture
def postgres_url(server: object, migrated_server: str) -> str:
    """The migrated PostgreSQL database, for what SQLite has no like of."""
    url: str = server.url(migrated_server)  # type: ignore[attr-defined] # conftest's Server
    return url


async def _emptied(url: str) -> Database:
    connection = await asyncpg.connect(parse_url(url).dsn)
    await connection.execute(
        f"TRUNCATE groups, {SETTINGS.queue_table}, {SETTINGS.queue_table_log} CASCADE"
    )
    await connection.close()
    return await open_store(url, heartbeat=timedelta(seconds=2))


async def test_two_workers_share_the_jobs_and_do_none_twice(postgres_url: str) -> None:
    store = await _emptied(postgres_url)
    other = await open_store(postgres_url)
    seen = Seen()
    async with working(store, seen), working(other, seen):
        async with store.write() as tx:
            await tx.enqueue(JobKind.CLOSE_ROUND, *range(100))
        await seen.wait(100)
        async with store.write() as tx:
            await tx.enqueue(JobKind.GRADE, 1)
        await seen.wait(101)
    closed = sorted(job.row_id for job in seen.jobs if job.kind is JobKind.CLOSE_ROUND)
    assert closed == list(range(100))
    await store.close()
    await other.close()


async def test_a_worker_whose_connection_is_cut_comes_back(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = await _emptied(postgres_url)
    world = await found_world(store, "cut")
    seen = Seen()
    async with working(store, seen):
        await world.out("before")
        await seen.wait(1)
        connection = await asyncpg.connect(parse_url(postgres_url).dsn)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.close()
        await world.out("after")
        await seen.wait(2)
    assert "trying again" in caplog.text
    await store.close()


async def test_a_killed_workers_job_is_taken_over_by_another(postgres_url: str) -> None:
    store = await _emptied(postgres_url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.worker_process", postgres_url, "2"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    async with store.write() as tx:
        await tx.enqueue(JobKind.GRADE, 42)
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"took grade 42\n"
    process.kill()
    await process.wait()
    seen = Seen()
    async with working(store, seen):
        assert await seen.wait(1, seconds=40) == [Job(JobKind.GRADE, 42)]
    await store.close()
