"""Slots, rate and money that processes share: never more than there is, and fairly."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.grading import Usage
from bot.store import Store
from bot.store.judging import Call, Spend
from storage.database import Database, open_store
from storage.model_use import RESERVED_FOR, TURN_SECONDS, shares
from tests.contract.store_world import DAY, NOW, found_world

SECOND = timedelta(seconds=1)
LEASE = 10 * SECOND
DAY_LONG = timedelta(days=1)

Step = tuple[str, int, float, int]
"""A process, what it wants, the part of its calls still under way, the seconds gone by."""


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hand() -> Hand:
    """The stores' clock."""
    return Hand()


@pytest_asyncio.fixture
async def stores(url: str, hand: Hand) -> AsyncIterator[list[Database]]:
    """Two stores over one database, each with connections of its own."""
    opened = [await open_store(url, clock=hand) for _ in range(2)]
    yield opened
    for store in opened:
        await store.close()


async def _hold(
    store: Store,
    process: str,
    wants: int,
    busy: int = 0,
    *,
    limit: int = 10,
    now: datetime = NOW,
) -> int:
    async with store.write() as tx:
        return await tx.model_use.hold(
            process, wants=wants, busy=busy, limit=limit, now=now, until=now + LEASE
        )


# Slots


async def test_one_process_gets_what_it_wants_up_to_the_limit(store: Database) -> None:
    assert await _hold(store, "a", 3) == 3
    assert await _hold(store, "a", 30) == 10
    assert await _hold(store, "a", 0) == 0
    assert await _hold(store, "b", 10) == 10


async def test_what_runs_keeps_its_slots_until_it_ends_then_shares_are_even(
    store: Database,
) -> None:
    assert await _hold(store, "a", 20) == 10
    assert await _hold(store, "b", 20) == 0
    # A is told its share, and has twice as many under way: B gets none of those yet.
    assert await _hold(store, "a", 20, busy=10) == 5
    assert await _hold(store, "b", 20) == 0
    assert await _hold(store, "a", 20, busy=7) == 5
    assert await _hold(store, "b", 20) == 3
    assert await _hold(store, "a", 20, busy=5) == 5
    assert await _hold(store, "b", 20, busy=3) == 5


async def test_what_one_process_does_not_want_the_others_get(store: Database) -> None:
    assert await _hold(store, "a", 2) == 2
    assert await _hold(store, "b", 20) == 8
    assert await _hold(store, "a", 0) == 0
    assert await _hold(store, "b", 20, busy=8) == 10


async def test_a_dead_process_loses_its_slots_when_its_lease_ends(store: Database) -> None:
    assert await _hold(store, "dead", 10) == 10
    assert await _hold(store, "b", 10, now=NOW + LEASE - SECOND) == 0
    assert await _hold(store, "b", 10, now=NOW + LEASE) == 10


async def test_a_process_back_from_the_dead_takes_nobodys_slots(store: Database) -> None:
    assert await _hold(store, "a", 10) == 10
    late = NOW + LEASE
    assert await _hold(store, "b", 10, now=late) == 10
    assert await _hold(store, "a", 10, busy=10, now=late) == 0


async def test_fewer_slots_than_processes_go_round(store: Database) -> None:
    served = []
    for turn in range(6):
        now = NOW + turn * TURN_SECONDS * SECOND
        got = {name: await _hold(store, name, 5, limit=1, now=now) for name in "abc"}
        # Whoever asked before the holder gave its slot back asks again.
        got |= {name: await _hold(store, name, 5, limit=1, now=now) for name in "abc"}
        assert sum(got.values()) == 1
        served.append(next(name for name in got if got[name]))
    assert [served.count(name) for name in "abc"] == [2, 2, 2]


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=6),
    st.integers(0, 50),
    st.integers(0, 99),
)
def test_shares_are_even_and_leave_nothing_that_somebody_wants(
    wishes: dict[str, int], limit: int, turn: int
) -> None:
    given_ = shares(wishes, limit, turn)
    assert sum(given_.values()) == min(limit, sum(wishes.values()))
    assert all(0 <= given_[name] <= wishes[name] for name in wishes)
    unmet = [given_[name] for name in wishes if given_[name] < wishes[name]]
    assert not unmet or max(given_.values()) - min(unmet) <= 1


def _slots_in_use(held: dict[str, tuple[int, datetime]], now: datetime) -> int:
    return sum(slots for slots, until in held.values() if until > now)


steps = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 9), st.floats(0, 1), st.integers(0, 4)),
    max_size=25,
)


def test_no_order_of_asking_passes_the_limit(url: str) -> None:
    # Every example begins when all leases of the one before have ended.
    starts = (NOW + number * DAY_LONG for number in itertools.count())
    with asyncio.Runner() as runner:
        store = runner.run(open_store(url))

        @settings(max_examples=60, deadline=None)
        @given(steps, st.integers(1, 7))
        def check(asked: list[Step], limit: int) -> None:
            runner.run(_never_passes(store, asked, limit, next(starts)))

        check()
        runner.run(store.close())


async def _never_passes(store: Store, asked: list[Step], limit: int, now: datetime) -> None:
    """Each process keeps some of what it had under way, and starts no more than it may."""
    held: dict[str, tuple[int, datetime]] = {}
    for process, wants, part, seconds in asked:
        now += seconds * SECOND
        had, until = held.get(process, (0, now))
        busy = min(round(had * part), wants) if until > now else 0
        may = await _hold(store, process, wants, busy, limit=limit, now=now)
        assert 0 <= may <= wants
        held[process] = (max(may, busy), now + LEASE)
        assert _slots_in_use(held, now) <= limit


async def test_processes_that_ask_at_once_never_hold_more_than_there_is(
    stores: list[Database],
) -> None:
    for limit in (1, 3, 8):
        now = NOW + limit * 100 * LEASE
        asked = [_hold(stores[n % 2], f"p{n}", 4, limit=limit, now=now) for n in range(12)]
        assert sum(await asyncio.gather(*asked)) <= limit
        # Once everybody has asked, nothing is left over.
        await asyncio.gather(
            *(_hold(stores[n % 2], f"p{n}", 4, limit=limit, now=now) for n in range(12))
        )
        last = [await _hold(stores[n % 2], f"p{n}", 4, limit=limit, now=now) for n in range(12)]
        assert sum(last) == limit


# Rate


async def _draw(
    store: Store, calls: int = 1, burst: int = 1, now: datetime = NOW, every: timedelta = SECOND
) -> float:
    async with store.write() as tx:
        return (await tx.model_use.draw(calls, every, burst, now)).total_seconds()


async def test_calls_are_spaced_out_after_a_burst(store: Database) -> None:
    assert [await _draw(store, burst=3) for _ in range(6)] == [0, 0, 0, 1, 2, 3]
    # Those that waited have been let through by then; a quiet time makes room for a burst.
    assert await _draw(store, burst=3, now=NOW + 4 * SECOND) == 0
    quiet = NOW + 60 * SECOND
    assert [await _draw(store, burst=3, now=quiet) for _ in range(4)] == [0, 0, 0, 1]


async def test_several_calls_at_once_wait_for_all_of_them(store: Database) -> None:
    assert await _draw(store, calls=3, burst=5) == 0
    assert await _draw(store, calls=3, burst=5) == 1
    assert await _draw(store, calls=4, burst=2, now=NOW + 60 * SECOND) == 2


async def test_callers_at_once_in_two_processes_share_one_rate(stores: list[Database]) -> None:
    waits = await asyncio.gather(*(_draw(stores[n % 2], burst=5) for n in range(40)))
    assert sorted(waits) == [0.0] * 4 + [float(n) for n in range(36)]


# Money


async def _reserve(store: Store, usd: float, budget: float = 1.0, day: date = DAY) -> bool:
    async with store.write() as tx:
        return await tx.model_use.reserve(day, usd, budget)


async def _record(store: Store, *calls: Call) -> None:
    async with store.write() as tx:
        await tx.model_use.record(calls)


def _call(usd: float, reserved: float = 0.0, day: date = DAY, **more: object) -> Call:
    group, model = more.get("group_id"), str(more.get("model", "small"))
    group_id = group if isinstance(group, int) else None
    usage = Usage(100, 10, usd, 5.0, cached_tokens=60, calls=1)
    return Call(day, group_id, model, usage, bool(more.get("failed")), reserved)


async def test_money_is_set_aside_until_the_budget_is_used_up(store: Database) -> None:
    assert [await _reserve(store, 0.1) for _ in range(11)] == [True] * 10 + [False]
    assert not await _reserve(store, 0.01)
    assert await _reserve(store, 0.0)
    # The calls turn out to be cheaper than thought.
    await _record(store, *[_call(0.02, 0.1) for _ in range(10)])
    assert await _reserve(store, 0.8)
    assert not await _reserve(store, 0.01)
    # Another day has a budget of its own, less what is under way.
    await _record(store, _call(0.8, 0.8))
    assert await _reserve(store, 1.0, day=DAY + DAY_LONG)


async def test_money_that_a_killed_process_had_set_aside_comes_back(
    store: Database, url: str, hand: Hand
) -> None:
    del store
    killed = await open_store(url, clock=hand)
    assert await _reserve(killed, 0.7)
    await killed.close()
    other = await open_store(url, clock=hand)
    until = NOW + RESERVED_FOR + 60 * SECOND
    # Others' reservations, made and used all the while, don't keep it from running out.
    while hand.now < until:
        assert await _reserve(other, 0.3)
        assert not await _reserve(other, 0.3)
        await _record(other, _call(0.0, 0.3))
        hand.now += 120 * SECOND
    hand.now = until
    assert await _reserve(other, 1.0)
    await other.close()


async def test_what_is_given_back_late_frees_nothing_of_others(
    store: Database, url: str, hand: Hand
) -> None:
    del store
    slow = await open_store(url, clock=hand)
    assert await _reserve(slow, 0.5)
    hand.now += RESERVED_FOR + 60 * SECOND
    await _record(slow, _call(0.5, 0.5))
    assert await _reserve(slow, 0.5)
    assert not await _reserve(slow, 0.01)
    await slow.close()


async def test_a_file_opened_alone_has_nothing_set_aside_and_no_slots_held(
    store: Database, kind: str
) -> None:
    assert await _reserve(store, 1.0)
    assert await _hold(store, "dead", 10) == 10
    await store.release_claims()
    alone = kind == "sqlite"
    assert await _reserve(store, 1.0) is alone
    assert await _hold(store, "b", 10) == (10 if alone else 0)


async def test_callers_at_once_in_two_processes_never_pass_the_budget(
    stores: list[Database],
) -> None:
    async def spend(number: int) -> bool:
        store = stores[number % 2]
        if not await _reserve(store, 0.05):
            return False
        await _record(store, _call(0.05, 0.05, group_id=number % 3))
        return True

    paid = await asyncio.gather(*(spend(number) for number in range(50)))
    assert paid.count(True) == 20
    async with stores[0].read() as tx:
        spent = await tx.model_use.spent(DAY)
    assert (spent.calls, round(spent.cost_usd, 6)) == (20, 1.0)


async def test_spending_is_summed_by_day_group_and_model(store: Database) -> None:
    day = DAY_LONG
    await _record(store)
    await _record(
        store,
        _call(0.25, group_id=1),
        _call(0.25, group_id=1, failed=True),
        _call(0.5, group_id=2, model="large"),
        _call(1.0),
    )
    await _record(store, _call(2.0, day=DAY + day, group_id=1), _call(4.0, day=DAY - day))
    async with store.read() as tx:
        use = tx.model_use
        assert await use.spent(DAY, until=DAY) == Spend(4, 1, 400, 240, 40, 2.0)
        assert (await use.spent(DAY)).cost_usd == 4.0
        assert (await use.spent(DAY - day)).cost_usd == 8.0
        assert await use.spent(DAY, group_id=1) == Spend(3, 1, 300, 180, 30, 2.5)
        assert (await use.spent(DAY - day, group_id=1, until=DAY)).cost_usd == 0.5
        assert await use.spent(DAY + 2 * day) == Spend()
        assert await use.totals() == {
            "large": Spend(1, 0, 100, 60, 10, 0.5),
            "small": Spend(5, 1, 500, 300, 50, 7.5),
        }


async def test_what_a_group_spent_is_in_its_export_alone(store: Database) -> None:
    world = await found_world(store)
    await _record(store, _call(0.25, group_id=world.group.id), _call(1.0))
    data = await store.export(world.group.id)
    assert data["model_spend"] == [
        {
            "day": "2026-06-01",
            "group_id": world.group.id,
            "model": "small",
            "calls": 1,
            "failed": 0,
            "prompt_tokens": 100,
            "cached_tokens": 60,
            "completion_tokens": 10,
            "cost_usd": 0.25,
        }
    ]
