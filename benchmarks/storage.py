# ruff: noqa: INP001, T201  (a script, not part of a package; it prints what it measured)
"""How fast the Store is on this machine (python -m benchmarks.storage).

Durable writes are measured beside plain aiosqlite in the same run, so that the ratio means
something on any disk. Leaderboards are summed for a week, over 100,000 scores.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

import aiosqlite

from bot.domain.group import GroupSettings
from bot.domain.rounds import NewRound, RoundState
from bot.domain.schedule import RoundKind
from bot.store import Score
from storage.database import Database, open_store
from storage.migrate import upgrade
from storage.sql import utc_now

WRITERS = 64
ROWS = 4096
MEMBERS = 1000
DAYS = 100
BOARDS = 300


async def timed(work: Callable[[int], Awaitable[None]]) -> float:
    """Rows a second when 64 writers call ``work`` again and again, 4,096 times in all."""

    async def writer(number: int) -> None:
        for each in range(number, ROWS, WRITERS):
            await work(each)

    start = time.perf_counter()
    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return ROWS / (time.perf_counter() - start)


async def plain(file: Path) -> float:
    """Aiosqlite alone, one row a commit, with the same durability."""
    lock = asyncio.Lock()
    async with aiosqlite.connect(file, isolation_level=None) as connection:
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute("CREATE TABLE inbox (platform, event_id, received_at)")

        async def write(number: int) -> None:
            async with lock:
                await connection.execute("BEGIN IMMEDIATE")
                await connection.execute(
                    "INSERT INTO inbox VALUES ('web', ?, '2026-06-01')", (str(number),)
                )
                await connection.execute("COMMIT")

        return await timed(write)


async def through(store: Database, run: int) -> float:
    """The Store's own blocks of one row each."""

    async def write(number: int) -> None:
        async with store.write() as tx:
            await tx.first_time(f"run{run}", str(number), utc_now())

    return await timed(write)


async def boards(store: Database) -> list[float]:
    """Milliseconds for each of 300 sums of a week, over 100,000 scores."""
    first = date(2026, 1, 1)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    now = utc_now()
    async with store.write() as tx:
        group = await tx.groups.create("Big", "llm", "UTC", GroupSettings())
        rounds = await tx.rounds.insert(
            [NewRound(group.id, d, RoundKind.DAILY, RoundState.CLOSED, now, now) for d in days]
        )
        members = [
            await tx.members.ensure(group.id, "web", str(n), f"member {n}") for n in range(MEMBERS)
        ]
    for round_ in rounds:
        async with store.write() as tx:
            for n, member in enumerate(members):
                await tx.boards.put(
                    Score(group.id, member.id, round_.id, round_.local_date, n % 101)
                )
    times = []
    for _ in range(BOARDS):
        start = time.perf_counter()
        async with store.read() as tx:
            totals = await tx.boards.totals(group.id, days[-7])
        times.append((time.perf_counter() - start) * 1000)
        if len(totals) != MEMBERS:
            raise ValueError(f"{len(totals)} members on the board instead of {MEMBERS}")
    return sorted(times)


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/study.db"
        await upgrade(url)
        store = await open_store(url)
        rates = [(await plain(folder / f"{n}.db"), await through(store, n)) for n in range(3)]
        raw, ours = (statistics.median(rate) for rate in zip(*rates, strict=True))
        print(f"aiosqlite, a row a commit       {raw:8,.0f} rows/s")
        print(f"store.write(), 64 writers       {ours:8,.0f} rows/s   x {ours / raw:.2f}")
        times = await boards(store)
        print(f"a week's board, 100,000 scores  p50 {times[len(times) // 2]:.2f} ms", end="   ")
        print(f"p99 {times[int(len(times) * 0.99)]:.2f} ms")
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
