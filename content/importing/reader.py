"""What a file is, and who reads it."""

from __future__ import annotations

from bot.domain.deck import Deck
from bot.domain.imports import DeckDraft, ImportNote
from bot.errors import InvalidError
from content.importing.building import draft_of
from content.importing.deck_file import is_deck_file, read_deck_file
from content.importing.decoding import decode
from content.importing.guide import MAX_FILE
from content.importing.prose import read_prose


class FileReader:
    """Reads decks out of files; implements ``bot.ports.DeckReader``. It keeps nothing."""

    def read(
        self, name: str, data: bytes, *, title: str | None = None, earlier: Deck | None = None
    ) -> DeckDraft:
        """What a file says, as a deck; ``name`` hints at its format where its content doesn't.

        With ``earlier``, the same guide as it was imported before, questions that are the same
        keep their ids, and what was added to them by hand. Raises InvalidError saying what can't
        be read, where, and what to do.
        """
        if len(data) > MAX_FILE:
            raise InvalidError(
                f"“{name}” is over {MAX_FILE // 1_000_000} MB: split it into several files."
            )
        if not data.strip():
            raise InvalidError(f"“{name}” is empty: save the guide into it and try again.")
        text, notes = decode(name, data)
        return self._text(name, text, notes, title, earlier)

    def _text(
        self,
        name: str,
        text: str,
        notes: list[ImportNote],
        title: str | None,
        earlier: Deck | None,
    ) -> DeckDraft:
        if is_deck_file(text):
            return read_deck_file(name, text, title, earlier, notes)
        guide = read_prose(text)
        guide.notes[:0] = notes
        return draft_of(name, guide, title, earlier)
