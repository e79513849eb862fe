"""Time as this Slack tells it: the machine's, moved on by tests."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class Alarm:
    """Something to be done at ``at``, unless ``cancelled`` by then."""

    at: float
    order: int
    act: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """Seconds since 1970. ``advance`` moves it by hand; unless ``flowing``, nothing else does."""

    def __init__(self, *, flowing: bool = True) -> None:
        self._flowing = flowing
        self._started = time.time()
        self._base = self._started
        self._alarms: list[Alarm] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")

    def now(self) -> float:
        return self._base + (time.time() - self._started if self._flowing else 0)

    def at(self, when: float, act: Callable[[], None]) -> Alarm:
        """Call ``act`` once the clock shows ``when``."""
        alarm = Alarm(when, next(self._order), act)
        heapq.heappush(self._alarms, alarm)
        if when <= self.now():
            asyncio.get_running_loop().call_soon(self._ring)
        else:
            self._set_timer()
        return alarm

    def after(self, seconds: float, act: Callable[[], None]) -> Alarm:
        return self.at(self.now() + seconds, act)

    def advance(self, seconds: float) -> None:
        """Move on; what falls due is begun in its order, at its own time."""
        ends = self.now() + seconds
        while self._alarms and self._alarms[0].at <= ends:
            self._base += max(0.0, self._alarms[0].at - self.now())
            self._ring()
        self._base += max(0.0, ends - self.now())

    def close(self) -> None:
        self._alarms.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        now = self.now()
        while self._alarms and (self._alarms[0].at <= now or self._alarms[0].cancelled):
            alarm = heapq.heappop(self._alarms)
            if not alarm.cancelled:
                alarm.act()

    def _set_timer(self) -> None:
        if not (self._flowing and self._alarms) or self._alarms[0].at >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._alarms[0].at
        wait = max(0.0, self._timer_at - self.now())
        self._timer = asyncio.get_running_loop().call_later(wait, self._timed)

    def _timed(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        self._ring()
        self._set_timer()
