"""What a model may be asked, over real databases: slots of several processes, rate, money."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.domain.grading import Usage
from bot.judge.llm.allowance import Limits, SharedAllowance, Slots
from bot.ports import ModelError
from bot.store import Store, Tx
from bot.store.judging import Spend
from storage.database import Database, open_store

PAID = Usage(prompt_tokens=800, completion_tokens=100, cost_usd=0.4, cached_tokens=600, calls=1)


def now() -> datetime:
    return datetime.now(UTC)


class Crowd:
    """Counts calls under way over all processes."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.done = 0

    async def call(self, allowance: SharedAllowance, usage: Usage = PAID) -> None:
        async with allowance.call(None, usage) as ticket:
            self.running += 1
            self.most = max(self.most, self.running)
            await asyncio.sleep(0.002)
            self.running -= 1
            self.done += 1
            ticket.spent(usage)


async def spend(store: Database) -> Spend:
    async with store.read() as tx:
        return await tx.model_use.spent(now().date() - timedelta(days=1))


async def test_two_processes_never_make_more_calls_at_once_than_allowed(url: str) -> None:
    crowd = Crowd()
    async with AsyncExitStack() as stack:
        processes = []
        for _ in range(2):
            store = await open_store(url)
            stack.push_async_callback(store.close)
            allowance = SharedAllowance(store, now, "small", Limits(slots=4))
            stack.push_async_callback(allowance.close)
            processes.append((store, allowance))
        calls = [crowd.call(allowance) for _, allowance in processes for _ in range(40)]
        await asyncio.gather(*calls)
        assert (crowd.done, crowd.running) == (80, 0)
        assert crowd.most <= 4
        total = await spend(processes[0][0])
        assert (total.calls, total.failed, total.prompt_tokens) == (80, 0, 80 * 800)
        assert total.cached_tokens == 80 * 600
        assert total.cost_usd == pytest.approx(80 * 0.4)


async def test_one_process_gets_every_slot_and_gives_them_all_back(store: Database) -> None:
    crowd = Crowd()
    allowance = SharedAllowance(store, now, "small", Limits(slots=5))
    await asyncio.gather(*(crowd.call(allowance) for _ in range(60)))
    assert crowd.most == 5
    await allowance.close()
    other = SharedAllowance(store, now, "small", Limits(slots=5))
    again = Crowd()
    await asyncio.gather(*(again.call(other) for _ in range(20)))
    assert again.most == 5
    await other.close()


async def test_a_waiter_that_is_cut_off_takes_no_slot_along(store: Database) -> None:
    allowance = SharedAllowance(store, now, "small", Limits(slots=1))
    leave, inside = asyncio.Event(), asyncio.Event()

    async def stay() -> None:
        async with allowance.call(None, Usage()):
            inside.set()
            await leave.wait()

    first = asyncio.create_task(stay())
    await inside.wait()
    crowd = Crowd()
    waiting = [asyncio.create_task(crowd.call(allowance)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    leave.set()
    await asyncio.gather(first, *waiting[1:])
    assert (crowd.done, crowd.most) == (2, 1)
    await allowance.close()


async def test_when_the_days_money_is_gone_no_call_is_made(store: Database) -> None:
    crowd = Crowd()
    allowance = SharedAllowance(store, now, "small", Limits(slots=8, daily_usd=1.0))
    results = await asyncio.gather(
        *(crowd.call(allowance) for _ in range(10)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, ModelError)]
    assert crowd.done == 2
    assert len(refused) == 8
    assert {error.kind for error in refused} == {"budget"}
    assert "STUDYBOT_LLM_DAILY_BUDGET_USD" in str(refused[0])
    assert all(0 < (error.retry_after or 0) <= 86_400 for error in refused)
    assert (await spend(store)).cost_usd == pytest.approx(0.8)
    await allowance.close()


async def test_money_set_aside_for_a_call_that_cost_less_comes_back(store: Database) -> None:
    allowance = SharedAllowance(store, now, "small", Limits(slots=1, daily_usd=1.0))
    for _ in range(10):
        async with allowance.call(None, Usage(cost_usd=0.9)) as ticket:
            ticket.spent(Usage(cost_usd=0.01, calls=1))
    assert (await spend(store)).cost_usd == pytest.approx(0.1)
    await allowance.close()


async def test_a_call_that_failed_is_written_down_as_one(store: Database) -> None:
    allowance = SharedAllowance(store, now, "small", Limits())

    async def fail() -> None:
        async with allowance.call(None, PAID) as ticket:
            ticket.spent(PAID, failed=True)
            raise ModelError("output", "useless", usage=PAID)

    with pytest.raises(ModelError):
        await fail()
    total = await spend(store)
    assert (total.calls, total.failed) == (1, 1)
    assert total.cost_usd == pytest.approx(0.4)
    await allowance.close()


async def test_calls_are_spaced_by_the_rate_after_a_first_burst(store: Database) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    limits = Limits(slots=8, per_minute=120)
    allowance = SharedAllowance(store, lambda: noon, "small", limits, sleep)
    for _ in range(5):
        async with allowance.call(None, Usage()):
            pass
    assert waits == pytest.approx([0, 0, 0.5, 1.0, 1.5])
    await allowance.close()


class Stumbling:
    """A database whose first block of writing fails in a way of its own."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._failed = False

    def write(self) -> AbstractAsyncContextManager[Tx]:
        """The database's own, but for the first."""
        if not self._failed:
            self._failed = True
            raise LookupError("the row is gone")
        return self._store.write()


async def test_a_database_that_stumbles_leaves_nobody_waiting(store: Database) -> None:
    slots = Slots(cast("Store", Stumbling(store)), now, Limits(slots=1))
    async with asyncio.timeout(30):
        await slots.take()
    slots.give_back()
    await slots.close()
