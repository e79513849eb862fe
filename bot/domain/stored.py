"""Decks that groups brought themselves, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.deck import Deck
from bot.domain.group import Member
from bot.domain.imports import DeckDraft


@dataclass(frozen=True, slots=True)
class StoredDeck:
    """A group's own deck. ``deck_id`` counts, whatever ``text``, a Markdown deck file, says.

    ``source`` names the file that it was read from; ``version`` counts imports from 1;
    ``updated_by`` is a member's id, None once they are forgotten.
    """

    deck_id: str
    group_id: int
    source: str
    text: str
    version: int
    updated_at: datetime
    updated_by: int | None = None


@dataclass(frozen=True, slots=True)
class DeckVersion:
    """Which import of a stored deck there is, and whose."""

    version: int
    updated_at: datetime
    group_id: int


@dataclass(frozen=True, slots=True)
class NewDraft:
    """An import that an organiser was shown. ``report`` is JSON-ready: what was said of it.

    ``deck_id`` is that of the group's deck which it would update, or one that a new deck would
    like to have.
    """

    group_id: int
    member_id: int
    deck_id: str
    source: str
    text: str
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft that waits for a yes."""

    id: int
    group_id: int
    member_id: int
    deck_id: str
    source: str
    text: str
    report: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Drafted:
    """An import to decide on: ``before`` is the deck that it would update."""

    id: int
    draft: DeckDraft
    source: str
    before: Deck | None
    in_use: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What was stored. ``in_use``: the group asks from it; ``earlier``: it used it before."""

    deck: Deck
    version: int
    in_use: bool
    earlier: bool


@dataclass(frozen=True, slots=True)
class Shelved:
    """A deck that a group can use; ``stored`` where it is its own, by the member of that name."""

    deck: Deck
    in_use: bool
    stored: StoredDeck | None = None
    by: Member | None = None
