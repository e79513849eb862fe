"""Appeals, judgements that can be used again, and what language models may be asked and cost."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, Float, ForeignKey, Index, Integer, String, Table

revision = "0002"
down_revision = "0001"
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


def _ref(name: str, target: str, *, index: bool = False) -> Column[int]:
    link = ForeignKey(f"{target}.id", ondelete="CASCADE")
    return Column(name, ROW_ID, link, nullable=False, index=index)


def _sum(name: str, kind: sa.types.TypeEngine[Any]) -> Column[Any]:
    return Column(name, kind, nullable=False, server_default="0")


def _open(name: str, *columns: str, unique: bool = False) -> Index:
    where = sa.text("state = 'open'")
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# Only what foreign keys have to find of the first tables.
for name in ("groups", "members", "answers", "revisions"):
    Table(name, metadata, Column("id", ROW_ID, primary_key=True))

appeals = Table(
    "appeals",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    _ref("group_id", "groups"),
    _ref("answer_id", "answers", index=True),
    _ref("revision_id", "revisions", index=True),
    Column("reason", sa.Text(), nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("resolved_at", INSTANT),
    Column("resolved_by", ROW_ID, ForeignKey("members.id", ondelete="SET NULL"), index=True),
    _open("uq_appeals_open", "answer_id", unique=True),
    _open("ix_appeals_queue", "group_id", "id"),
    sqlite_autoincrement=True,
)

model_spend = Table(
    "model_spend",
    metadata,
    Column("day", Date, primary_key=True),
    Column("group_id", ROW_ID, primary_key=True, autoincrement=False),
    Column("model", String, primary_key=True),
    _sum("calls", Integer()),
    _sum("failed", Integer()),
    _sum("prompt_tokens", sa.BigInteger()),
    _sum("cached_tokens", sa.BigInteger()),
    _sum("completion_tokens", sa.BigInteger()),
    _sum("cost_usd", Float()),
    Index(None, "group_id", "day"),
)

model_reserved = Table(
    "model_reserved",
    metadata,
    Column("until", INSTANT, primary_key=True),
    Column("cost_usd", Float, nullable=False),
)

model_limits = Table(
    "model_limits",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("arrival", INSTANT),
)

model_slots = Table(
    "model_slots",
    metadata,
    Column("process", String, primary_key=True),
    Column("wants", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("until", INSTANT, nullable=False),
)

NEW = [appeals, model_spend, model_reserved, model_limits, model_slots]
INDEXES = {
    "ix_grades_cache_key": (["cache_key", "id"], "cache_key IS NOT NULL"),
    "ix_grades_unsettled": (["revision_id"], "current AND state IN ('provisional', 'ungraded')"),
    "ix_grades_final": (["id"], "current AND state = 'final'"),
}


def upgrade() -> None:
    """Add to grades what may be missing of old ones, and make the new tables."""
    # Columns that may be empty are added in place on both databases, without a copy.
    op.add_column("grades", Column("raw_score", Float))
    op.add_column("grades", Column("cache_key", String))
    for index, (columns, where) in INDEXES.items():
        clause = sa.text(where)
        op.create_index(index, "grades", columns, sqlite_where=clause, postgresql_where=clause)
    metadata.create_all(op.get_bind(), tables=NEW)


def downgrade() -> None:
    """Drop what was added."""
    metadata.drop_all(op.get_bind(), tables=NEW)
    for index in INDEXES:
        op.drop_index(index, "grades")
    op.drop_column("grades", "raw_score")
    op.drop_column("grades", "cache_key")
