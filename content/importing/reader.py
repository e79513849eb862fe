"""What a file is, and who reads it."""

from __future__ import annotations

from bot.domain.deck import Deck
from bot.domain.imports import DeckDraft
from bot.errors import InvalidError
from content.importing.anki_package import read_package
from content.importing.anki_text import is_anki_text, read_anki_text
from content.importing.building import Watch, draft_of
from content.importing.deck_file import is_deck_file, read_deck_file
from content.importing.decoding import decode
from content.importing.formats import check_no_page, check_readable, is_zip
from content.importing.guide import MAX_FILE, MAX_LINES, Guide
from content.importing.prose import read_prose
from content.importing.tables import delimiter_of, read_table

TABLES = (".csv", ".tsv", ".tab")


class FileReader:
    """Reads decks out of files; implements ``bot.ports.DeckReader``. It keeps nothing.

    ``watch`` is handed the questions of each file and passes them on, so that it can show how
    far the work is.
    """

    def __init__(self, watch: Watch = iter) -> None:
        self._watch = watch

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
            raise InvalidError(_empty(name))
        if is_zip(data):
            return draft_of(name, read_package(name, data), title, earlier, self._watch)
        check_readable(name, data)
        text, notes = decode(name, data)
        if not text.strip():
            raise InvalidError(_empty(name))
        if text.count("\n") > MAX_LINES:
            raise InvalidError(
                f"“{name}” has over {MAX_LINES:,} lines: split it into several files."
            )
        check_no_page(name, text)
        if is_deck_file(text):
            return read_deck_file(name, text, title, earlier, notes)
        guide = _guide(name, text)
        guide.notes[:0] = notes
        return draft_of(name, guide, title, earlier, self._watch)


def _empty(name: str) -> str:
    return f"“{name}” is empty: save the guide into it and try again."


def _guide(name: str, text: str) -> Guide:
    """The text as the reader of its format understands it."""
    if is_anki_text(text):
        return read_anki_text(name, text)
    table = name.lower().endswith(TABLES)
    if delimiter := delimiter_of(text, named=table):
        return read_table(name, text, delimiter)
    return read_prose(text)
