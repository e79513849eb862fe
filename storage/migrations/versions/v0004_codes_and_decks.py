"""Codes that join channels and accounts, and decks that groups bring themselves."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, String, Table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _ref(name: str, target: str, *, nullable: bool = False, gone: str = "CASCADE") -> Column[Any]:
    link = ForeignKey(f"{target}.id", ondelete=gone)
    return Column(name, ROW_ID, link, nullable=nullable, index=True)


# Only what foreign keys have to find of the first tables.
for name in ("groups", "members"):
    Table(name, metadata, Column("id", ROW_ID, primary_key=True))

codes = Table(
    "codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String, nullable=False),
    _ref("group_id", "groups"),
    _ref("member_id", "members"),
    Column("expires_at", INSTANT, nullable=False, index=True),
)

decks = Table(
    "decks",
    metadata,
    Column("deck_id", String, primary_key=True),
    _ref("group_id", "groups"),
    Column("source", sa.Text(), nullable=False),
    Column("text", sa.Text(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", INSTANT, nullable=False, index=True),
    _ref("updated_by", "members", nullable=True, gone="SET NULL"),
)

deck_drafts = Table(
    "deck_drafts",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    _ref("group_id", "groups"),
    _ref("member_id", "members"),
    Column("deck_id", String, nullable=False),
    Column("source", sa.Text(), nullable=False),
    Column("text", sa.Text(), nullable=False),
    Column("report", sa.JSON(), nullable=False),
    Column("created_at", INSTANT, nullable=False, index=True),
    sqlite_autoincrement=True,
)

NEW = [codes, decks, deck_drafts]


def upgrade() -> None:
    """Make the tables."""
    metadata.create_all(op.get_bind(), tables=NEW)


def downgrade() -> None:
    """Drop what was added."""
    metadata.drop_all(op.get_bind(), tables=NEW)
