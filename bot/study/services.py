"""What every use case works with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.deck import Deck
from bot.domain.imports import DeckDraft
from bot.errors import InvalidError
from bot.ports import Clock, DeckReader, Grader, Library, Messenger
from bot.store import Store
from bot.study.background import Background
from bot.study.corrections import Corrections
from bot.study.rush import Rush


class NoReader:
    """A DeckReader for processes that import no guides."""

    def read(
        self, name: str, data: bytes, *, title: str | None = None, earlier: Deck | None = None
    ) -> DeckDraft:
        """Raises InvalidError."""
        del data, title, earlier
        raise InvalidError(f"“{name[:60]}” can't be read here: this process imports no guides.")


@dataclass(frozen=True, slots=True)
class Services:
    """The ports, built once by the composition root; tests pass fakes.

    ``alone`` is held by work that may have killed its process before. ``lease`` is how long
    a row that is worked on is hidden from others; see ``bot.study.leases``. A row under
    whose work ``most_crashes`` processes died is given up. ``corrections`` is what the
    offline judge learned from organisers. ``deck_reader`` reads the guides that groups bring,
    one at a time: who does holds ``reading``. Who loads or indexes a group's own deck holds
    ``loading``; ``background`` does what nobody waits for.
    Grading and sending step back while there is a ``rush`` of replies.
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
    deck_reader: DeckReader = field(default_factory=NoReader)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)
    background: Background = field(default_factory=Background)
    rush: Rush = field(default_factory=Rush)
