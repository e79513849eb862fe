"""How far the places that take replies were dealt with, so that little is read twice.

A place is a channel or a thread, by its Discord id. What is kept in the database may lag
behind, never run ahead: a message is counted only when everything before it is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.work import Place


@dataclass(slots=True)
class _Place:
    channel_id: int
    newest: int


@dataclass(slots=True)
class Seen:
    """Places in which something happened since they were last stored."""

    _places: dict[int, _Place] = field(default_factory=dict)
    _busy: dict[int, Counter[int]] = field(default_factory=dict)

    @contextmanager
    def busy(self, place_id: int, message_id: int) -> Iterator[None]:
        """While inside, a message is being dealt with."""
        under_way = self._busy.setdefault(place_id, Counter())
        under_way[message_id] += 1
        try:
            yield
        finally:
            under_way[message_id] -= 1
            if not under_way[message_id]:
                del under_way[message_id]
            if not under_way:
                self._busy.pop(place_id, None)

    def is_busy(self, place_id: int) -> bool:
        """Whether a message is being dealt with there."""
        return place_id in self._busy

    def note(self, channel_id: int, place_id: int, message_id: int) -> None:
        """A message was dealt with, and nothing before it was missed."""
        place = self._places.setdefault(place_id, _Place(channel_id, message_id))
        place.newest = max(place.newest, message_id)

    def forget(self, *place_ids: int) -> None:
        """Something was missed there: what came later tells nothing any more."""
        for place_id in place_ids:
            self._places.pop(place_id, None)

    def clear(self) -> None:
        """Something may have been missed anywhere."""
        self._places.clear()

    def take(self, now: datetime) -> list[Place]:
        """What is to be stored; the places are forgotten until something happens there again."""
        taken = []
        for place_id, place in self._places.items():
            newest = min([place.newest, *(each - 1 for each in self._busy.get(place_id, ()))])
            taken.append(Place(place.channel_id, str(place_id), str(newest), now))
        self._places.clear()
        return taken
