"""One after the other: what one member does is dealt with in the order in which they did it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Locks by author, for as long as somebody needs them."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._users: dict[int, int] = {}
        self._author_of: dict[int, int] = {}
        self._under_way: Counter[int] = Counter()

    @asynccontextmanager
    async def of(self, author_id: int, message_id: int) -> AsyncIterator[None]:
        """Wait until what that author did before has been dealt with."""
        self._author_of[message_id] = author_id
        self._under_way[message_id] += 1
        try:
            async with self._lock(author_id):
                yield
        finally:
            # A message and its edits may wait together.
            self._under_way[message_id] -= 1
            if not self._under_way[message_id]:
                del self._under_way[message_id], self._author_of[message_id]

    @asynccontextmanager
    async def after(self, message_id: int) -> AsyncIterator[None]:
        """The same for whoever wrote a message, if it is still being dealt with."""
        author_id = self._author_of.get(message_id)
        if author_id is None:
            yield
            return
        async with self._lock(author_id):
            yield

    @asynccontextmanager
    async def _lock(self, author_id: int) -> AsyncIterator[None]:
        lock = self._locks.setdefault(author_id, asyncio.Lock())
        self._users[author_id] = self._users.get(author_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[author_id] -= 1
            if not self._users[author_id]:
                del self._users[author_id], self._locks[author_id]
