"""Bringing a database's tables up to date, and asking how old they are."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import postgres, queue, sqlite
from storage.errors import StorageError
from storage.urls import Target, parse_url

_SCRIPTS = Path(__file__).parent / "migrations"
# Where Alembic keeps the revision (https://alembic.sqlalchemy.org/en/latest/tutorial.html).
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))
# Any number does, as long as nothing else in the database locks it.
_LOCK = 7_353_219_846_120_117
_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def head() -> str:
    """The newest revision that this code knows."""
    return max(_known(), default="")


async def upgrade(url: str) -> None:
    """Bring a database up to date; a new SQLite file is made. Safe for several at once.

    Raises StorageError if it can't be used, or was written by a newer studybot.
    """
    target = parse_url(url)
    sqlite.prepare_folder(target)
    async with _turn(), _alone(target) as connection:
        found = await connection.run_sync(_revision)
        _refuse_newer(target, found)
        if found != head():
            await connection.run_sync(_upgrade)
    if target.path is None:
        await queue.install(target)


async def current(url: str) -> str | None:
    """A database's revision; None before the first upgrade. Makes nothing.

    Raises StorageError if the database can't be used.
    """
    target = parse_url(url)
    if target.path is not None and not target.path.exists():
        return None
    async with _connected(target) as connection:
        return await connection.run_sync(_revision)


async def check(url: str) -> None:
    """Raise StorageError unless the database is there and up to date."""
    target = parse_url(url)
    found = await current(url)
    if found is None:
        where = target.path or target.shown
        raise StorageError(f"{where} holds no studybot tables yet. Run: studybot db upgrade")
    _refuse_newer(target, found)
    if found != head():
        raise StorageError(
            f"The database is at revision {found}, this studybot needs {head()}. "
            "Run: studybot db upgrade"
        )


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    """One migration at a time in this process: Alembic keeps its context in globals."""
    lock = _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock:
        yield


@asynccontextmanager
async def _connected(target: Target) -> AsyncIterator[AsyncConnection]:
    """A connection; what goes wrong on it is told as a StorageError."""
    file = target.path is not None
    engine = sqlite.engine_for(target) if file else postgres.engine_for(target)
    tell = sqlite.unusable if file else postgres.unreachable
    errors = (DBAPIError, sqlite3.Error) if file else postgres.CONNECT_ERRORS
    try:
        async with engine.connect() as connection:
            yield connection
    except errors as error:
        raise tell(target, error) from None
    finally:
        await engine.dispose()


@asynccontextmanager
async def _alone(target: Target) -> AsyncIterator[AsyncConnection]:
    """A transaction that no other migration runs beside."""
    async with _connected(target) as connection:
        if target.path is not None:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                await connection.exec_driver_sql("ROLLBACK")
                raise
            await connection.exec_driver_sql("COMMIT")
            return
        async with connection.begin():
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield connection


def _refuse_newer(target: Target, revision: str | None) -> None:
    if revision is not None and revision not in _known():
        raise StorageError(
            f"The database {target.path or target.shown} was written by a newer studybot "
            f"(revision {revision}). Install that version, or restore a backup made with this one."
        )


def _known() -> set[str]:
    """The revisions that this code knows: v0001_first_tables.py holds 0001."""
    files = (_SCRIPTS / "versions").glob("v*_*.py")
    return {file.name.partition("_")[0].removeprefix("v") for file in files}


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))


def _upgrade(connection: sa.Connection) -> None:
    # Alembic takes a tenth of a start's time and memory, and is seldom needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
