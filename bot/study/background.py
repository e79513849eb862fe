"""Work that somebody asks for and nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class Background:
    """Runs work under a name; what is under way isn't begun again."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Begin the work of that name, if it isn't under way. What it raises is logged."""
        if name in self._tasks:
            return
        task = asyncio.create_task(work(), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def ended(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*self._tasks.values())

    async def close(self) -> None:
        """End what is under way, before what it works with is closed."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
