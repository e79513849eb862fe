"""A guide that was read from somebody's file, before anything of it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.deck import Deck


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Something an organiser should know of an import: left out, guessed or odd.

    ``line`` counts from 1 in the file that was read; None where it concerns the whole.
    """

    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class DeckDraft:
    """What was understood of a file.

    ``text`` is the deck as a Markdown deck file, which is what is stored; ``deck`` is what that
    text says. ``form`` names what the file was taken for, such as "plain text". ``drafted`` counts
    the key points that studybot made from answers, which an organiser should look at.
    """

    deck: Deck
    text: str
    form: str
    drafted: int
    notes: tuple[ImportNote, ...] = ()
