"""What Anki's two export formats share: notes with fields, clozes, and decks within decks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from content.importing.answers import as_written
from content.importing.columns import columns_of
from content.importing.guide import SECTION, Entry, Guide
from content.importing.html_text import text_of
from content.importing.tables import cell_text

_CLOZE = re.compile(r"\{\{c\d{1,3}::((?:(?!\{\{c\d|\}\}).)*)\}\}", re.DOTALL)
_MEDIA = re.compile(r"\[sound:[^\]\n]*\]|<img\b[^<>]*>", re.IGNORECASE)
BLANK = "[...]"
DEFAULT = "Default"  # the deck that Anki has from the start


@dataclass(frozen=True, slots=True)
class Note:
    """A note as exported: its fields' texts with their names, and the deck of its cards."""

    fields: Sequence[str]
    names: Sequence[str] = ()
    deck: str = ""
    line: int = 0
    html: bool = True


def add_notes(guide: Guide, notes: Sequence[Note]) -> None:
    """Adds a question for each note; decks become sections, their common beginning the title."""
    root = _common([note.deck.split("::") for note in notes])
    if root and not guide.title:
        guide.title = ": ".join(root)
    media = 0
    for note in notes:
        media += any(_MEDIA.search(text) for text in note.fields)
        entry = _cloze(note) if is_cloze(note) else _basic(note)
        entry.section = ": ".join(note.deck.split("::")[len(root) :]) or _last(root)
        guide.entries.append(entry)
    if media:
        one = "1 note has" if media == 1 else f"{media} notes have"
        guide.note(f"{one} pictures or sound, which were left out: check what is left of them")


def is_cloze(note: Note) -> bool:
    """Whether the note's first field has gaps to fill."""
    return bool(note.fields) and _CLOZE.search(note.fields[0]) is not None


def _common(decks: Sequence[list[str]]) -> list[str]:
    """The names that all decks begin with."""
    if not decks:
        return []
    first, last = min(decks), max(decks)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    shared = [part for part in first[:same] if part.strip()]
    return [] if shared == [DEFAULT] else shared


def _last(root: Sequence[str]) -> str:
    return root[-1] if len(root) > 1 else SECTION


def _text(note: Note, source: str) -> str:
    return text_of(source) if note.html else source.strip()


def _basic(note: Note) -> Entry:
    columns = columns_of(note.names) if note.names else None
    fields = [_text(note, source) for source in note.fields]
    if columns is not None:
        prompt, answer = columns.cell(fields, "prompt"), columns.cell(fields, "answer")
    else:
        prompt = next((text for text in fields if text), "")
        answer = (
            next((text for text in fields[fields.index(prompt) + 1 :] if text), "")
            if fields
            else ""
        )
    return Entry(as_written(prompt), cell_text(answer), note.line)


def _cloze(note: Note) -> Entry:
    """The text with its gaps is the question; filled, with what stands behind it, the answer."""
    source = note.fields[0]
    asked, filled = source, source
    for _ in range(3):  # gaps within gaps
        asked, filled = _CLOZE.sub(_gap, asked), _CLOZE.sub(_filling, filled)
    extra = _text(note, note.fields[1]) if len(note.fields) > 1 else ""
    answer = "\n\n".join(filter(None, (_text(note, filled), extra)))
    return Entry(as_written(_text(note, asked)), cell_text(answer), note.line)


def _gap(found: re.Match[str]) -> str:
    _, _, hint = found[1].partition("::")
    return f"[{hint}]" if hint.strip() else BLANK


def _filling(found: re.Match[str]) -> str:
    return found[1].partition("::")[0]
