"""Waiting for something to become true, without polling: told of every change of the world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Changes:
    """Conditions are looked at again once per turn of the loop in which something changed."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._scheduled = False

    def notify(self) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._look)

    async def until(
        self, condition: Callable[[], T | None], within: float = 10, *, what: str = "the condition"
    ) -> T:
        """The condition's first value that is true.

        Raises:
            TimeoutError: naming ``what`` when it didn't come within ``within`` seconds.
        """
        if found := condition():
            return found
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        entry = (condition, future)
        self._waiting.append(entry)
        try:
            return await asyncio.wait_for(future, within)
        except TimeoutError:
            raise TimeoutError(f"{what} did not come within {within} s") from None
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    def _look(self) -> None:
        self._scheduled = False
        for entry in list(self._waiting):
            condition, future = entry
            if future.done():
                continue
            try:
                found = condition()
            except Exception as error:  # noqa: BLE001  (it belongs to the one who waits)
                future.set_exception(error)
            else:
                if found:
                    future.set_result(found)
