"""Anki's deck packages (.apkg): a zip with a SQLite database, which is read and never trusted."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bot.errors import InvalidError
from content.importing.anki import Note, add_notes
from content.importing.decoding import cleaned
from content.importing.formats import open_zip, unreadable_zip
from content.importing.guide import MAX_QUESTIONS, Guide

MAX_UNPACKED = 50_000_000  # bytes
MAX_CARDS = 200_000
MAX_FIELD = 100_000  # characters in one field; the rest could be no answer anyway
MAX_SECONDS = 10.0  # for one query, which in an honest package takes a fraction of one
STEPS = 100_000  # of SQLite's machine, between two looks at the clock
NEWEST = "collection.anki21b"
OLDER = ("collection.anki21", "collection.anki2")  # the first that is there holds the notes
CURE = (
    "in Anki, choose Export, tick “Support older Anki versions”, and import the file that this"
    " makes."
)
_STUB = "Please update to the latest Anki version"
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


def read_package(name: str, data: bytes) -> Guide:
    """The notes of a package. Raises InvalidError for what is none, or is broken or too big."""
    with open_zip(name, data) as archive:
        members = archive.namelist()
        found = next((member for member in OLDER if member in members), None)
        if NEWEST in members and found != OLDER[0]:
            raise InvalidError(f"“{name}” is compressed as only Anki itself can read it: {CURE}")
        if found is None:
            raise unreadable_zip(name, members)
        database = _unpacked(name, archive, archive.getinfo(found))
    guide = Guide("an Anki package")
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "collection.db"
            path.write_bytes(database)
            notes = _notes(name, path)
    except (sqlite3.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidError(
            f"“{name}” holds a database that can't be read ({error}): export the deck again."
        ) from error
    if any(_STUB in text for note in notes[:3] for text in note.fields):
        raise InvalidError(f"“{name}” holds no notes for other programs: {CURE}")
    add_notes(guide, notes)
    return guide


def _unpacked(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    too_big = InvalidError(
        f"“{name}” unpacks to over {MAX_UNPACKED // 1_000_000} MB: export the deck without media,"
        " or in parts."
    )
    if member.file_size > MAX_UNPACKED:
        raise too_big
    if member.compress_type not in _PLAIN or member.flag_bits & 1:
        raise InvalidError(f"“{name}” is packed in a way that Anki doesn't use: {CURE}")
    try:
        with archive.open(member) as file:
            data = file.read(MAX_UNPACKED + 1)
    except _BROKEN as error:
        raise InvalidError(f"“{name}” is a broken zip archive: export the deck again.") from error
    if len(data) > MAX_UNPACKED:
        raise too_big
    return data


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, with everything off by which its schema could act."""
    uri = f"{path.as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        ends = time.monotonic() + MAX_SECONDS
        db.set_progress_handler(lambda: int(time.monotonic() > ends), STEPS)
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        db.execute("PRAGMA query_only = ON")
        yield db


def _notes(name: str, path: Path) -> list[Note]:
    with _opened(path) as db:
        tables = _tables(db)
        if missing := {"notes", "cards", "col"} - tables:
            raise InvalidError(
                f"“{name}” is no Anki deck: it has no table {', '.join(sorted(missing))}."
                " Export the deck from Anki again."
            )
        newer = {"notetypes", "fields", "decks"} <= tables
        fields, decks = _newer_names(db) if newer else _older_names(db)
        cards = "SELECT nid, CASE WHEN odid THEN odid ELSE did END FROM cards LIMIT ?"
        decks_of = {nid: did for nid, did in db.execute(cards, (MAX_CARDS,))}  # noqa: C416 - rows
        query = "SELECT id, mid, flds FROM notes ORDER BY id LIMIT ?"
        rows = db.execute(query, (MAX_QUESTIONS + 1,)).fetchall()
    return [
        Note(_fields(flds), fields.get(mid, ()), decks.get(decks_of.get(nid), ""))
        for nid, mid, flds in rows
    ]


def _tables(db: sqlite3.Connection) -> set[str]:
    """The real tables: a view or a virtual table of a name that we read is not among them."""
    found = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' LIMIT 1000")
    plain = "create table"
    return {
        name
        for name, sql in found
        if isinstance(name, str) and isinstance(sql, str) and sql.lower().startswith(plain)
    }


def _fields(value: Any) -> list[str]:
    """A note's fields, which Anki keeps in one text."""
    text = value if isinstance(value, str) else ""
    return [cleaned(field[:MAX_FIELD]) for field in text.split("\x1f")]


def _older_names(db: sqlite3.Connection) -> tuple[dict[Any, tuple[str, ...]], dict[Any, str]]:
    """Field names by note type and deck names by deck, out of the collection's JSON."""
    row = db.execute("SELECT models, decks FROM col LIMIT 1").fetchone() or ("{}", "{}")
    models, decks = (json.loads(value or "{}") for value in row)
    fields = {
        int(key): tuple(cleaned(str(field["name"])) for field in model["flds"])
        for key, model in models.items()
    }
    return fields, {int(key): cleaned(str(deck["name"])) for key, deck in decks.items()}


def _newer_names(db: sqlite3.Connection) -> tuple[dict[Any, tuple[str, ...]], dict[Any, str]]:
    """The same out of tables, as Anki has had them since 2.1.28."""
    db.create_collation("unicase", lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))
    names: dict[Any, tuple[str, ...]] = {}
    for kind, name in db.execute("SELECT ntid, name FROM fields ORDER BY ntid, ord LIMIT 10000"):
        names[kind] = (*names.get(kind, ()), cleaned(str(name)))
    decks = db.execute("SELECT id, name FROM decks LIMIT 10000")
    return names, {did: cleaned(str(name).replace("\x1f", "::")) for did, name in decks}
