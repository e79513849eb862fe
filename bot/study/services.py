"""What every use case works with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.deck import Deck
from bot.errors import NotFoundError
from bot.ports import Clock, Grader, Library, Messenger
from bot.store import Store
from bot.study.corrections import Corrections


@dataclass(frozen=True, slots=True)
class Services:
    """The ports, built once by the composition root; tests pass fakes.

    ``alone`` is held by work that may have killed its process before. ``lease`` is how long
    a row that is worked on is hidden from others; see ``bot.study.leases``. A row under
    whose work ``most_crashes`` processes died is given up. ``corrections`` is what the
    offline judge learned from organisers.
    """

    store: Store
    library: Library
    grader: Grader
    clock: Clock
    messengers: Mapping[str, Messenger]
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    lease: timedelta = timedelta(seconds=15)
    most_crashes: int = 5
    corrections: Corrections = field(default_factory=Corrections)


def deck_of(library: Library, deck_id: str) -> Deck:
    """The deck with that id. Raises NotFoundError naming the decks there are."""
    deck = library.deck(deck_id)
    if deck is None:
        names = ", ".join(each.id for each in library.decks()) or "none"
        raise NotFoundError(f"There is no deck “{deck_id[:60]}”. Decks here: {names}.")
    return deck
