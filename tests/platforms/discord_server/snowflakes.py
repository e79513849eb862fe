"""Discord's ids: milliseconds since 2015 in the upper bits, so that ids sort by time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
TIME_SHIFT = 22  # below the time lie a worker's number and a counter


class Snowflakes:
    """Ids for this moment, each greater than every one before it."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        fresh = (time.time_ns() // 1_000_000 - EPOCH_MS) << TIME_SHIFT
        self._last = max(fresh, self._last + 1)
        return self._last

    def next_apart(self) -> int:
        """An id in a millisecond of its own, as shards are told apart by the time alone."""
        self._last = max(self.next() >> TIME_SHIFT, (self._last >> TIME_SHIFT) + 1) << TIME_SHIFT
        return self._last


def time_of(snowflake: int) -> datetime:
    """When an id was made (UTC)."""
    return datetime.fromtimestamp(((snowflake >> TIME_SHIFT) + EPOCH_MS) / 1000, UTC)


def iso(when: datetime | None) -> str | None:
    """A time as Discord writes it."""
    return None if when is None else when.isoformat()
