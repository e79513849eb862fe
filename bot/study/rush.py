"""When many reply at once, what they write is stored before anything of it is graded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MANY = 4
"""Replies stored together from which on there is a rush."""
AFTERWARDS = 0.05
LONGEST = 5.0
"""Seconds that other work steps back at most, so that a rush without end holds nothing up."""


class Rush:
    """Whether replies pour in just now, in this process."""

    def __init__(self) -> None:
        self._storing = 0
        self._calm = asyncio.Event()
        self._calm.set()

    @contextmanager
    def of(self, replies: int) -> Iterator[None]:
        """While inside, so many replies are being stored together."""
        if replies < MANY:
            yield
            return
        self._storing += 1
        self._calm.clear()
        try:
            yield
        finally:
            # Those that came meanwhile are next, once they have been read.
            asyncio.get_running_loop().call_later(AFTERWARDS, self._ended)

    async def over(self) -> None:
        """Wait until it has calmed down, but not for long."""
        if self._calm.is_set():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._calm.wait(), LONGEST)

    def _ended(self) -> None:
        self._storing -= 1
        if not self._storing:
            self._calm.set()
