"""Copies of a whole database, in one format for SQLite and PostgreSQL.

A copy is a zip: a manifest, and one file of JSON lines a table. Made from one database it
can be restored into the other kind.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from storage import migrate
from storage.errors import StorageError
from storage.postgres import PostgresDatabase
from storage.sql import Session, utc_now
from storage.sqlite import SqliteDatabase
from storage.tables import groups, metadata
from storage.types import UtcDateTime, as_json
from storage.urls import parse_url

FORMAT = "studybot-backup"
VERSION = 1
_CHUNK = 500
_MANIFEST = "manifest.json"
_DAMAGED = (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError, NotImplementedError)

Manifest = dict[str, Any]

# Tables and columns that copies of older revisions lack, and that are right when left empty:
# those copies can still be restored. A migration that changes what is there ends the list.
_NEW_IN_0005 = {"channels.server_id"}
_NEW_IN_0004 = {"codes", "decks", "deck_drafts", *_NEW_IN_0005}
_NEW_IN_0003 = {"places", *_NEW_IN_0004}
_LACKING: dict[str, set[str]] = {
    "0001": {
        "grades.raw_score",
        "grades.cache_key",
        "appeals",
        "model_spend",
        "model_reserved",
        "model_limits",
        "model_slots",
        *_NEW_IN_0003,
    },
    "0002": _NEW_IN_0003,
    "0003": _NEW_IN_0004,
    "0004": _NEW_IN_0005,
}


async def backup(url: str, file: Path | str, *, force: bool = False) -> None:
    """Copy a database to a file, as it was at one instant; studybot may be running.

    The file appears whole or not at all. Raises StorageError if it is there already
    (unless ``force``), can't be written, or the database isn't up to date.
    """
    file = Path(file)
    if file.exists() and not force:
        raise StorageError(f"{file} is there already. Choose another name, or delete it first.")
    await migrate.check(url)
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        async with _database(url, writing=False) as database, database.read() as session:
            with zipfile.ZipFile(partial, "x", zipfile.ZIP_DEFLATED) as archive:
                await _write(session, archive)
        _settle(partial, file)
    except OSError as error:
        raise StorageError(
            f"{file} can't be written ({error}). Check the folder and the space on its disk."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


async def restore(url: str, file: Path | str, force: bool = False) -> None:  # noqa: FBT001, FBT002 - read as a keyword
    """Bring back a copy: all of it or, when anything is wrong, nothing of it.

    A new database is made up to date first. Raises StorageError if the file isn't a whole
    copy made by this version, or by one that had fewer tables, or if the database holds
    groups (unless ``force``).
    """
    file = Path(file)
    with _opened(file) as (archive, manifest):
        await migrate.upgrade(url)
        async with _database(url, writing=True) as database, database.write() as session:
            held = (await session.execute(sa.select(sa.func.count()).select_from(groups))).scalar()
            if held and not force:
                raise StorageError(
                    f"The database holds {held} study group(s) already, which would be lost. "
                    "Add --force to replace everything in it."
                )
            try:
                await _load(session, archive, manifest)
            except (*_DAMAGED, SQLAlchemyError) as error:
                raise _not_a_copy(file, error) from error


@asynccontextmanager
async def _database(url: str, *, writing: bool) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    target = parse_url(url)
    kind = PostgresDatabase if target.path is None else SqliteDatabase
    database = kind(target, utc_now)
    # A file can be read without taking, or waiting for, its writer's place.
    if writing or target.path is None:
        await database.open()
    try:
        yield database
    finally:
        await database.close()


async def _write(session: Session, archive: zipfile.ZipFile) -> None:
    tables = {}
    for table in metadata.sorted_tables:
        tables[table.name] = await _write_table(session, archive, table)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "revision": migrate.head(),
        "made_at": datetime.now(UTC).isoformat(),
        "tables": tables,
        "last_ids": {
            name: await _last_id(session, name) for name in _counted(metadata.sorted_tables)
        },
    }
    archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))


async def _write_table(
    session: Session, archive: zipfile.ZipFile, table: sa.Table
) -> dict[str, Any]:
    digest, number = hashlib.sha256(), 0
    with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as out:
        async for row in _all_rows(session, table):
            line = json.dumps([as_json(value) for value in row]).encode() + b"\n"
            out.write(line)
            digest.update(line)
            number += 1
    columns = [column.name for column in table.c]
    return {"columns": columns, "rows": number, "sha256": digest.hexdigest()}


async def _all_rows(session: Session, table: sa.Table) -> AsyncIterator[sa.Row[Any]]:
    """A table's rows in the order of its key, some at a time."""
    key = list(table.primary_key.columns)
    statement = sa.select(table).order_by(*key).limit(_CHUNK)
    rows = await session.all(statement)
    while rows:
        for row in rows:
            yield row
        last = sa.tuple_(*(sa.literal(getattr(row, c.name), c.type) for c in key))
        rows = await session.all(statement.where(sa.tuple_(*key) > last))


def _settle(partial: Path, file: Path) -> None:
    """Give the finished file its name, once it is on the disk."""
    with partial.open("rb+") as done:
        os.fsync(done.fileno())
    partial.replace(file)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """A copy whose every row is there, with its manifest. Raises StorageError if it isn't."""
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, *_DAMAGED) as error:
        raise _not_a_copy(file, error) from error
    with archive:
        try:
            manifest = json.loads(archive.read(_MANIFEST))
            _check_made_for_us(file, manifest)
            for table in _tables_of(manifest):
                _check_table(archive, manifest, table)
        except (OSError, *_DAMAGED) as error:
            raise _not_a_copy(file, error) from error
        yield archive, manifest


def _check_made_for_us(file: Path, manifest: Manifest) -> None:
    if manifest["format"] != FORMAT:
        raise ValueError("another format")
    readable = (migrate.head(), *_LACKING)
    if manifest["version"] != VERSION or manifest["revision"] not in readable:
        raise StorageError(
            f"{file} was made by another version of studybot (revision {manifest['revision']}, "
            f"this one has {migrate.head()}). Restore it with that version, then run: "
            "studybot db upgrade"
        )


def _tables_of(manifest: Manifest) -> list[sa.Table]:
    """The tables that a copy must hold, in the order to fill them in."""
    lacking = _LACKING.get(manifest["revision"], set())
    return [table for table in metadata.sorted_tables if table.name not in lacking]


def _check_table(archive: zipfile.ZipFile, manifest: Manifest, table: sa.Table) -> None:
    told = manifest["tables"][table.name]
    digest = hashlib.sha256()
    with archive.open(f"{table.name}.jsonl") as lines:
        for line in lines:
            digest.update(line)
    if digest.hexdigest() != told["sha256"]:
        raise ValueError(f"{table.name} was changed")
    lacking = _LACKING.get(manifest["revision"], set())
    wanted = {column.name for column in table.c if str(column) not in lacking}
    if set(told["columns"]) != wanted:
        raise ValueError(f"{table.name} has other columns")


async def _load(session: Session, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    for table in reversed(metadata.sorted_tables):
        await session.execute(sa.delete(table))
    tables = _tables_of(manifest)
    for table in tables:
        columns = [table.c[name] for name in manifest["tables"][table.name]["columns"]]
        with archive.open(f"{table.name}.jsonl") as lines:
            for rows in _chunks(lines, columns):
                await session.execute(sa.insert(table), rows)
    for name in _counted(tables):
        await _set_last_id(session, name, int(manifest["last_ids"][name]))


def _chunks(lines: Any, columns: list[sa.Column[Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for line in lines:
        values = zip(columns, json.loads(line), strict=True)
        chunk.append({column.name: _from_json(column, value) for column, value in values})
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _from_json(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    for kind, read in (
        (UtcDateTime, datetime.fromisoformat),
        (sa.Date, date.fromisoformat),
        (sa.Time, time.fromisoformat),
    ):
        if isinstance(column.type, kind):
            return read(value)
    return value


def _counted(tables: list[sa.Table]) -> list[str]:
    """Tables whose ids are counted up, and must not be given out again after a restore."""
    return [table.name for table in tables if "id" in table.c]


async def _last_id(session: Session, table: str) -> int:
    if session.sqlite:
        found = await session.scalars(
            sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table)
        )
        return int(found[0]) if found else 0
    row = await session.one(sa.text(f"SELECT last_value, is_called FROM {table}_id_seq"))  # noqa: S608 - the name is ours
    return int(row.last_value) if row is not None and row.is_called else 0


async def _set_last_id(session: Session, table: str, last: int) -> None:
    """Count on from there, or from where the database is already."""
    if last == 0:
        return
    if session.sqlite:
        last = max(last, await _last_id(session, table))
        for statement in (
            "DELETE FROM sqlite_sequence WHERE name = :name",
            "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)",
        ):
            await session.execute(sa.text(statement), {"name": table, "last": last})
        return
    await session.execute(
        sa.text(
            f"SELECT setval('{table}_id_seq', GREATEST(:last, (SELECT last_value FROM {table}_id_seq)))"  # noqa: E501, S608 - the name is ours
        ),
        {"last": last},
    )


def _not_a_copy(file: Path, error: Exception) -> StorageError:
    cause = str(error) or type(error).__name__
    if isinstance(error, (SQLAlchemyError, sqlite3.Error)):
        cause = "its rows contradict each other"
    return StorageError(
        f"{file} can't be restored ({cause}). It must be a whole, unchanged file made by "
        "studybot db backup. Nothing was changed."
    )
