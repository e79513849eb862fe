"""How much the model is asked: slots, rate and money that all processes share in the database."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.grading import Usage
from bot.errors import StoreUnavailableError
from bot.ports import Clock, ModelError
from bot.store import Store
from bot.store.judging import Call

log = logging.getLogger(__name__)

RENEW_SECONDS = 1.0
LEASE = timedelta(seconds=15)
"""How long a dead process's slots are missed; living ones renew theirs every second."""
POLL_SECONDS = 0.1
"""How often a process asks again while others hold the slots that it wants."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``slots`` calls at once, ``per_minute`` and dollars a UTC day; None is no limit."""

    slots: int = 8
    per_minute: int | None = None
    daily_usd: float | None = None


class CallTicket:
    """One allowed call; see ``bot.ports.Ticket``."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.failed = False
        self.used = False

    def spent(self, usage: Usage, *, failed: bool = False) -> None:
        """What the call used, failed or not."""
        self.usage, self.failed, self.used = usage, failed, True


class LocalAllowance:
    """``bot.ports.Allowance`` for a command that stores nothing: slots of its own alone."""

    def __init__(self, slots: int) -> None:
        self._slots = asyncio.Semaphore(slots)

    @asynccontextmanager
    async def call(self, group_id: int | None, estimate: Usage) -> AsyncIterator[CallTicket]:
        """Wait for a slot."""
        del group_id, estimate
        async with self._slots:
            yield CallTicket()


class SharedAllowance:
    """``bot.ports.Allowance`` over the Store, for one process of perhaps several."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        model: str,
        limits: Limits,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._limits = limits
        self._sleep = sleep
        self._slots = Slots(store, clock, limits)
        self._ledger = Ledger(store)

    @asynccontextmanager
    async def call(self, group_id: int | None, estimate: Usage) -> AsyncIterator[CallTicket]:
        """Wait for a slot and the rate; raises ModelError of kind budget. See the port."""
        ticket, reserved = CallTicket(), 0.0
        await self._slots.take()
        try:
            await self._wait_for_rate()
            reserved = await self._reserve(estimate)
            yield ticket
        finally:
            # Before anything is written: the next call needn't wait for that.
            self._slots.give_back()
            if ticket.used or reserved:
                day = self._clock().date()
                made = Call(day, group_id, self._model, ticket.usage, ticket.failed, reserved)
                await self._ledger.write(made)

    async def close(self) -> None:
        """Give all slots back; calls have ended before."""
        await self._slots.close()

    async def _wait_for_rate(self) -> None:
        if self._limits.per_minute is None:
            return
        interval = timedelta(minutes=1) / self._limits.per_minute
        # A second's worth at once, so that a burst of replies isn't spaced out for nothing.
        burst = max(1, self._limits.per_minute // 60)
        async with self._store.write() as tx:
            wait = await tx.model_use.draw(1, interval, burst, self._clock())
        await self._sleep(wait.total_seconds())

    async def _reserve(self, estimate: Usage) -> float:
        budget = self._limits.daily_usd
        if budget is None:
            return 0.0
        now = self._clock()
        async with self._store.write() as tx:
            if await tx.model_use.reserve(now.date(), estimate.cost_usd, budget):
                return estimate.cost_usd
        raise ModelError(
            "budget",
            f"Today's budget for the language model (${budget:g}) is used up. The model is asked "
            "again from 00:00 UTC on; STUDYBOT_LLM_DAILY_BUDGET_USD sets the budget.",
            retry_after=_until_tomorrow(now),
        )


def _until_tomorrow(now: datetime) -> float:
    """Seconds to the next UTC midnight."""
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return (midnight - now).total_seconds()


class Slots:
    """The slots that a process holds of those that all share, while it has calls to make."""

    def __init__(self, store: Store, clock: Clock, limits: Limits) -> None:
        self._store = store
        self._clock = clock
        self._limit = limits.slots
        self._process = secrets.token_hex(8)
        self._busy = 0
        self._held = 0
        self._peak = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._wanted = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Wait for a slot, in the order of asking."""
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep(), name="model slots")
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        if self._waiting and self._held < self._limit:
            self._wanted.set()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting = deque(each for each in self._waiting if each is not turn)
            else:
                self.give_back()
            raise

    def give_back(self) -> None:
        """A call has ended."""
        self._busy -= 1
        self._admit()

    async def close(self) -> None:
        """Leave, if nothing is under way; else the slots come back when their lease ends."""
        if self._keeper is not None and not self._keeper.done():
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if not self._busy:
            await self._ask(wants=0)

    def _admit(self) -> None:
        while self._waiting and self._busy < self._held:
            turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)
        self._peak = max(self._peak, self._busy + len(self._waiting))

    async def _keep(self) -> None:
        """Hold slots for as long as there are calls, and leave a moment after the last."""
        while True:
            wants, self._peak = self._peak, self._busy + len(self._waiting)
            self._wanted.clear()
            try:
                await self._ask(wants)
            except Exception:
                # The edge of the loop: without it, who waits would wait for ever.
                log.exception("the model's slots could not be renewed; trying again")
                await asyncio.sleep(RENEW_SECONDS)
                continue
            if not (wants or self._busy or self._waiting):
                return
            if self._waiting and self._held < self._limit:
                await asyncio.sleep(POLL_SECONDS)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), RENEW_SECONDS)

    async def _ask(self, wants: int) -> None:
        """Renew what is held, give back what is not wanted, get what is free."""
        # What is not in use may be gone when the answer comes.
        self._held = min(self._held, self._busy)
        now = self._clock()
        # The Store tells of a database that is away; what runs goes on, what waits asks again.
        with suppress(StoreUnavailableError):
            async with self._store.write() as tx:
                # Again: calls may have ended while this waited for its turn to write.
                self._held = min(self._held, self._busy)
                self._held = await tx.model_use.hold(
                    self._process,
                    wants=wants,
                    busy=self._busy,
                    limit=self._limit,
                    now=now,
                    until=now + LEASE,
                )
        self._admit()


class Ledger:
    """Writes finished calls down, those that end together in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: list[Call] = []
        self._writing = asyncio.Lock()

    async def write(self, call: Call) -> None:
        """Store a call. While the database is away it is kept for the next turn."""
        self._pending.append(call)
        async with self._writing:
            if not self._pending:
                return  # whoever was here before took it along
            batch, self._pending = self._pending, []
            try:
                async with self._store.write() as tx:
                    await tx.model_use.record(batch)
            except StoreUnavailableError:
                self._pending = batch + self._pending
                log.warning("%s calls to the model wait to be written down", len(batch))
