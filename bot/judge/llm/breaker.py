"""A circuit breaker: after failures in a row nothing is called for a while, then one call is tried.

Pattern: Michael Nygard, Release It!, 2nd edition, 2018, "Circuit Breaker".
"""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 5
FIRST_PAUSE = 10.0
LONGEST_PAUSE = 60.0
MANY = 64
"""How many waiting replies are taken on at once while nothing is amiss."""


class Breaker:
    """Closed while calls succeed; opens for 10, then 20, then at most 60 seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures = 0
        self._pause = 0.0
        self._until = 0.0
        self._trying = False

    @property
    def closed(self) -> bool:
        """Whether calls go through as usual."""
        return self._pause == 0.0

    def admit(self) -> bool:
        """Whether a call may be made now. Tell ``succeeded``, ``failed`` or ``left`` after it."""
        if self.closed:
            return True
        if self._trying or self._now() < self._until:
            return False
        self._trying = True
        return True

    def spare(self) -> int:
        """How many calls that can wait may be made now: one, when it is time to try again."""
        if self.closed:
            return MANY
        return int(not self._trying and self._now() >= self._until)

    def succeeded(self) -> None:
        """A call went well: everything goes through again."""
        self._failures, self._pause, self._trying = 0, 0.0, False

    def failed(self, *, at_once: bool = False, for_seconds: float | None = None) -> None:
        """A call failed: ``at_once`` opens now, ``for_seconds`` for as long as the server asked."""
        self._failures += 1
        late = not self.closed and not self._trying
        self._trying = False
        if late:
            return  # a call that was under way when it opened
        if at_once or for_seconds is not None or self._pause or self._failures >= FAILURES:
            self._pause = min(LONGEST_PAUSE, self._pause * 2) if self._pause else FIRST_PAUSE
            self._until = self._now() + max(self._pause, for_seconds or 0.0)

    def left(self) -> None:
        """A call ended without saying anything of the server: it was cancelled or not made."""
        self._trying = False
