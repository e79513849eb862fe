"""A process's slots while calls end and begin and the database takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from bot.judge.llm.allowance import Limits, Slots


class SlowUse:
    """The part of the Store that slots need; a write waits at ``gate``, a renewal at ``inside``."""

    def __init__(self) -> None:
        self.gate, self.inside = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.inside.set()
        self.queued, self.asked = asyncio.Event(), asyncio.Event()
        self.share = 3
        self.counted = 0
        self.model_use = self

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SlowUse]:
        self.queued.set()
        await self.gate.wait()
        yield self

    async def hold(self, process: str, *, wants: int, busy: int, **_: Any) -> int:
        del process
        self.asked.set()
        await self.inside.wait()
        share = min(wants, self.share)
        self.counted = max(share, busy)
        return share


async def test_no_call_begins_that_the_database_doesnt_count() -> None:
    use = SlowUse()
    slots = Slots(use, lambda: datetime.now(UTC), Limits(slots=3))  # type: ignore[arg-type] # the part of it that slots use
    await asyncio.gather(*(slots.take() for _ in range(3)))
    # Another process wants a slot now, and this one's renewal waits for its turn to write.
    use.share = 2
    use.gate.clear()
    use.queued.clear()
    await use.queued.wait()
    slots.give_back()
    use.inside.clear()
    use.asked.clear()
    use.gate.set()
    await use.asked.wait()
    begun = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    use.inside.set()
    await asyncio.wait({begun}, timeout=0.05)
    under_way = 2 + begun.done()
    assert under_way <= use.counted
    begun.cancel()
    await asyncio.wait({begun})
    slots.give_back()
    slots.give_back()
    await slots.close()
