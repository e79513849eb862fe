"""Reading DATABASE_URL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from storage.errors import StorageError

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_HINT = "Use sqlite:///path/to/file.db or postgresql://user:password@host:5432/name."


@dataclass(frozen=True, slots=True)
class Target:
    """A database: its SQLAlchemy URL, and the file if it is SQLite."""

    url: URL
    path: Path | None

    @property
    def shown(self) -> str:
        """The URL as it may be shown: without the password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def dsn(self) -> str:
        """The URL as asyncpg itself takes it."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)


def parse_url(text: str) -> Target:
    """The database that a DATABASE_URL names. Raises StorageError if it names none."""
    scheme, mark, _ = text.strip().partition("://")
    if not mark:
        raise StorageError(f"DATABASE_URL is not a URL. {_HINT}")
    if scheme.lower() not in _DRIVERS:
        raise StorageError(f"DATABASE_URL begins with “{scheme}”, which can't be used. {_HINT}")
    try:
        url = sa.make_url(text.strip())
        url = url.set(drivername=_DRIVERS[scheme.lower()])
    except (ArgumentError, ValueError):
        # The error's own text would show the URL with its password.
        raise StorageError(f"DATABASE_URL can't be read. {_HINT}") from None
    if url.get_backend_name() == "postgresql":
        return Target(url, None)
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StorageError(
            "DATABASE_URL names no SQLite file; what is learnt has to survive a restart. "
            "Use sqlite:///path/to/file.db (four slashes for an absolute path)."
        )
    return Target(url, Path(url.database).expanduser())
