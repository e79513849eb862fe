"""Column types that both databases read alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Ids: SQLite counts up only plain INTEGER keys."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python. SQLite keeps it as text without the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes; turn aware ones into UTC. Raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: pass an aware datetime.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """An aware UTC datetime."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that people typed: what no database can hold (NUL, lone surrogates) becomes U+FFFD."""

    impl = sa.Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text with unstorable characters replaced."""
        del dialect
        if value is None or value.isascii():
            return value if value is None else value.replace("\x00", "\ufffd")
        pairs = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return pairs.replace("\x00", "\ufffd")


def json_type() -> sa.JSON:
    """JSON whose None is SQL's NULL."""
    return sa.JSON(none_as_null=True)


def as_json(value: Any) -> Any:
    """A stored value as JSON-ready data: instants and dates in ISO 8601."""
    return value.isoformat() if hasattr(value, "isoformat") else value
