"""Anki's “Notes in Plain Text”: a table with ``#name:value`` lines above it."""

from __future__ import annotations

import re

from bot.errors import InvalidError
from content.importing.anki import Note, add_notes
from content.importing.guide import Guide
from content.importing.tables import delimiter_of, rows_of

_HEADER = re.compile(
    r"#(separator|html|tags|columns|notetype|deck|if matches"
    r"|(?:notetype|deck|tags|guid) column)\s*:(.*)",
    re.IGNORECASE,
)
_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "pipe": "|", "colon": ":"}


def is_anki_text(text: str) -> bool:
    """Whether the text begins with a line such as ``#separator:tab``."""
    return _HEADER.match(text) is not None


def read_anki_text(name: str, text: str) -> Guide:
    """The notes of an export. Raises InvalidError where it can't be taken apart."""
    header, length = _header(text)
    body = text.split("\n", length)[length] if length <= text.count("\n") else ""
    guide = Guide("an Anki text export")
    separator = _separator(name, header, body)
    placed = _special_columns(name, header)
    names = _names(header, separator)
    deck = header.get("deck", "")
    html = header.get("html", "").lower() != "false"
    notes: list[Note] = []
    for line, row in rows_of(name, body, separator, length + 1):
        own = placed.get("deck")
        fields = [cell for place, cell in enumerate(row) if place not in placed.values()]
        at = row[own].strip() if own is not None and own < len(row) else deck
        kept = [each for place, each in enumerate(names) if place not in placed.values()]
        notes.append(Note(fields, kept, at, line, html))
    add_notes(guide, notes)
    return guide


def _header(text: str) -> tuple[dict[str, str], int]:
    """The header's values by name, and how many lines it takes."""
    header: dict[str, str] = {}
    length = 0
    for line in text.split("\n"):
        match = _HEADER.match(line)
        if match is None:
            break
        header[match[1].lower()] = match[2] if match[1].lower() == "columns" else match[2].strip()
        length += 1
    return header, length


def _separator(name: str, header: dict[str, str], body: str) -> str:
    named = header.get("separator", "")
    found = _SEPARATORS.get(named.lower(), named)
    if len(found) > 1:
        raise InvalidError(
            f"{name}:1: the separator “{named[:20]}” is not known: use tab, comma or semicolon."
        )
    return found or delimiter_of(body, named=True) or "\t"


def _special_columns(name: str, header: dict[str, str]) -> dict[str, int]:
    """The places, from 0, of columns that are no fields."""
    placed: dict[str, int] = {}
    for key, value in header.items():
        if key.endswith(" column"):
            if not (value.isdecimal() and 0 < int(value[:6]) < 1_000):
                raise InvalidError(f"{name}: “#{key}:{value[:20]}” must name a column by number.")
            placed[key.removesuffix(" column")] = int(value[:6]) - 1
    return placed


def _names(header: dict[str, str], separator: str) -> list[str]:
    return header["columns"].split(separator) if "columns" in header else []
