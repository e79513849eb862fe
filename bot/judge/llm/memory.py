"""What was judged before, looked up for many replies at a time."""

from __future__ import annotations

import asyncio

from bot.domain.grading import Judgement
from bot.store import Store

MOST_AT_ONCE = 100


class Memory:
    """Judgements by cache key. Lookups that come while one is under way share the next."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, asyncio.Future[Judgement | None]] = {}
        self._looking = asyncio.Lock()

    async def recall(self, key: str) -> Judgement | None:
        """The newest judgement with that key; None if there is none."""
        found = self._waiting.get(key)
        if found is None:
            found = asyncio.get_running_loop().create_future()
            self._waiting[key] = found
        async with self._looking:
            # Those who left may stand before it.
            while not found.done():
                await self._look_up()
        return await found

    async def _look_up(self) -> None:
        """Answer those who have waited longest."""
        keys = list(self._waiting)[:MOST_AT_ONCE]
        batch = {key: self._waiting.pop(key) for key in keys}
        try:
            async with self._store.read() as tx:
                known = await tx.regrades.cached(keys)
        except BaseException as error:
            for waiter in batch.values():
                if not waiter.done():
                    waiter.set_exception(error)
                    waiter.exception()  # seen, though its asker may have left
            raise
        for key, waiter in batch.items():
            if not waiter.done():
                waiter.set_result(known.get(key))
