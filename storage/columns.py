"""What the tables are made of: one naming of constraints, and columns that come up often."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from storage.types import RowId, UtcDateTime, Words, json_type

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[int]:
    """An id of its own."""
    return Column("id", RowId, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[Any]:
    """Another row; this one goes with it."""
    link = ForeignKey(f"{target}.id", ondelete="CASCADE")
    return Column(name, RowId, link, nullable=nullable, index=index)


def text(name: str, *, nullable: bool = False) -> Column[Any]:
    """What people typed."""
    return Column(name, Words(), nullable=nullable)


def json(name: str, *, nullable: bool = False) -> Column[Any]:
    """A JSON value."""
    return Column(name, json_type(), nullable=nullable)


def when(name: str, *, nullable: bool = True, index: bool = False) -> Column[Any]:
    """An instant."""
    return Column(name, UtcDateTime(), nullable=nullable, index=index)


def number(name: str) -> Column[Any]:
    """A count that begins at 0."""
    return Column(name, Integer, nullable=False, server_default="0")


def large(name: str) -> Column[Any]:
    """As ``number``, for sums beyond two thousand million."""
    return Column(name, sa.BigInteger, nullable=False, server_default="0")


def flag(name: str) -> Column[Any]:
    """A yes or no that begins as no."""
    return Column(name, Boolean, nullable=False, server_default=sa.false())


def work_columns() -> tuple[Column[Any], ...]:
    """What a row needs that a worker acts on."""
    return (number("attempts"), number("failures"), when("not_before"))


def table(name: str, *items: sa.schema.SchemaItem) -> Table:
    """A table whose ids are never used again."""
    return Table(name, metadata, *items, sqlite_autoincrement=True)


def partial(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """A partial index, the same on both databases."""
    clause = sa.text(where)
    return Index(name, *columns, unique=unique, sqlite_where=clause, postgresql_where=clause)
