"""When many reply at once, what they write is stored before anything of it is graded."""

from __future__ import annotations

import asyncio

MANY = 4
"""Replies stored together from which on there is a rush."""
AFTERWARDS = 0.05
LONGEST = 2.0
"""Seconds that other work steps back at most, so that a rush without end holds nothing up."""


class Rush:
    """Whether replies pour in just now, in this process."""

    def __init__(self) -> None:
        self._until = 0.0

    def note(self, replies: int) -> None:
        """So many were stored together."""
        if replies >= MANY:
            self._until = asyncio.get_running_loop().time() + AFTERWARDS

    async def over(self) -> None:
        """Wait until it has calmed down, but not for long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LONGEST
        while (wait := min(self._until, deadline) - loop.time()) > 0:  # noqa: ASYNC110 - time is what it waits for
            await asyncio.sleep(wait)
