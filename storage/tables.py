"""The tables. Ids are never used again (AUTOINCREMENT): messages already sent carry them.

Work columns, on rows that a worker acts on: ``attempts`` counts claims since the last
handled stop, ``failures`` counts handled failures, ``not_before`` is a lease's or a
pause's end.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date, Float, ForeignKey, Index, Integer, String, Table

from storage.types import RowId, UtcDateTime, Words, json_type

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", RowId, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[Any]:
    link = ForeignKey(f"{target}.id", ondelete="CASCADE")
    return Column(name, RowId, link, nullable=nullable, index=index)


def _text(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Words(), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, json_type(), nullable=nullable)


def _when(name: str, *, nullable: bool = True, index: bool = False) -> Column[Any]:
    return Column(name, UtcDateTime(), nullable=nullable, index=index)


def _number(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default="0")


def _large(name: str) -> Column[Any]:
    return Column(name, sa.BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=sa.false())


def _work() -> tuple[Column[Any], ...]:
    return (_number("attempts"), _number("failures"), _when("not_before"))


def _table(name: str, *items: sa.schema.SchemaItem) -> Table:
    return Table(name, metadata, *items, sqlite_autoincrement=True)


def _only(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """A partial index, the same on both databases."""
    clause = sa.text(where)
    return Index(name, *columns, unique=unique, sqlite_where=clause, postgresql_where=clause)


groups = _table(
    "groups",
    _id(),
    _text("name"),
    Column("deck_id", String, nullable=False),
    Column("zone", String, nullable=False),
    _flag("paused"),
    _json("settings"),
)

channels = _table(
    "channels",
    _id(),
    _ref("group_id", "groups", index=True),
    Column("platform", String, nullable=False),
    Column("external_id", String, nullable=False),
    _text("name"),
    _text("paused_reason", nullable=True),
    _number("version"),
    sa.UniqueConstraint("platform", "external_id"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("group_id", RowId, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("zone", String, nullable=False),
    Column("at", sa.Time, nullable=False),
    _json("days"),
    _json("skip_dates"),
    _when("next_at", index=True),
)

members = _table(
    "members",
    _id(),
    _ref("group_id", "groups", index=True),
    _text("name"),
    Column("name_key", Words(), nullable=False, index=True),
    Column("role", String, nullable=False),
    _flag("hidden"),
    _number("streak_current"),
    _number("streak_best"),
    _number("streak_freezes"),
)

accounts = _table(
    "accounts",
    _id(),
    _ref("group_id", "groups"),
    _ref("member_id", "members", index=True),
    Column("platform", String, nullable=False),
    Column("external_id", Words(), nullable=False),
    _text("name"),
    sa.UniqueConstraint("group_id", "platform", "external_id"),
)

questions = Table(
    "questions",
    metadata,
    Column("hash", String(64), primary_key=True),
    _json("data"),
)

rounds = _table(
    "rounds",
    _id(),
    _ref("group_id", "groups"),
    Column("local_date", Date, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    _when("due_at", nullable=False),
    _when("post_until", nullable=False),
    Column("deck_id", String),
    Column("question_id", String),
    Column("question_hash", String(64), ForeignKey("questions.hash"), index=True),
    _when("opens_at"),
    _when("closes_at"),
    _text("reason", nullable=True),
    *_work(),
    sa.UniqueConstraint("group_id", "local_date", "kind"),
    _only(
        "ix_rounds_unfinished",
        "state",
        "closes_at",
        where="state IN ('due', 'posting', 'open', 'closing')",
    ),
)

# Which revision counts and which scores are plain numbers: revisions point to their
# answer, and a circle of foreign keys could not be filled or restored row by row.
answers = _table(
    "answers",
    _id(),
    _ref("round_id", "rounds"),
    _ref("group_id", "groups", index=True),
    _ref("member_id", "members", index=True),
    _when("created_at", nullable=False),
    Column("revision_id", RowId),
    Column("scoring_id", RowId),
    Column("channel_id", RowId),
    Column("message_id", String),
    _flag("sealed"),
    _when("withdrawn_at"),
    sa.UniqueConstraint("round_id", "member_id"),
    Index(None, "channel_id", "message_id"),
)

revisions = _table(
    "revisions",
    _id(),
    _ref("answer_id", "answers"),
    Column("number", Integer, nullable=False),
    _text("text"),
    Column("state", String, nullable=False),
    _when("created_at", nullable=False),
    Column("channel_id", RowId),
    Column("message_id", String),
    *_work(),
    sa.UniqueConstraint("answer_id", "number"),
    _only("ix_revisions_pending", "id", where="state = 'pending'"),
)

grades = _table(
    "grades",
    _id(),
    _ref("answer_id", "answers", index=True),
    _ref("revision_id", "revisions", index=True),
    Column("state", String, nullable=False),
    Column("score", Float),
    _json("points"),
    _text("feedback"),
    _json("judge"),
    Column("rubric_hash", String, nullable=False),
    _when("created_at", nullable=False),
    _flag("attempt"),
    _text("reason"),
    _json("flags"),
    _json("usage"),
    _flag("current"),
    Column("raw_score", Float),
    Column("cache_key", String),
    _only("uq_grades_current", "revision_id", where="current", unique=True),
    _only("ix_grades_cache_key", "cache_key", "id", where="cache_key IS NOT NULL"),
    _only(
        "ix_grades_unsettled",
        "revision_id",
        where="current AND state IN ('provisional', 'ungraded')",
    ),
    _only("ix_grades_final", "id", where="current AND state = 'final'"),
)

appeals = _table(
    "appeals",
    _id(),
    _ref("group_id", "groups"),
    _ref("answer_id", "answers", index=True),
    _ref("revision_id", "revisions", index=True),
    _text("reason"),
    Column("state", String, nullable=False),
    _when("created_at", nullable=False),
    _when("resolved_at"),
    Column("resolved_by", RowId, ForeignKey("members.id", ondelete="SET NULL"), index=True),
    _only("uq_appeals_open", "answer_id", where="state = 'open'", unique=True),
    _only("ix_appeals_queue", "group_id", "id", where="state = 'open'"),
)

# ``counted`` is what a board sums: the points, or 0 while they are withheld. The last
# index holds all that a board reads, so that no row of the table itself is touched.
scores = Table(
    "scores",
    metadata,
    Column("round_id", RowId, ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", RowId, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    _ref("group_id", "groups"),
    Column("local_date", Date, nullable=False),
    Column("points", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
    _text("withheld", nullable=True),
    Index(None, "member_id"),
    Index("ix_scores_board", "group_id", "local_date", "member_id", "counted"),
)

outbox = _table(
    "outbox",
    _id(),
    _ref("group_id", "groups"),
    _ref("channel_id", "channels"),
    Column("kind", String, nullable=False),
    Column("dedupe_key", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    _when("created_at", nullable=False),
    _when("finished_at"),
    _ref("round_id", "rounds", nullable=True, index=True),
    _ref("answer_id", "answers", nullable=True, index=True),
    _ref("member_id", "members", nullable=True, index=True),
    _json("data"),
    Column("external_id", String),
    Column("thread_id", String),
    _text("error", nullable=True),
    *_work(),
    Index(None, "group_id", "kind", "id"),
    Index(None, "channel_id", "thread_id"),
    Index(None, "channel_id", "external_id"),
    _only("ix_outbox_pending", "id", where="state = 'pending'"),
    _only("ix_outbox_questions", "external_id", where="kind = 'question'"),
)

# How far a channel, or a thread of it, was read: both are named by the platform's id.
places = Table(
    "places",
    metadata,
    Column("channel_id", RowId, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String, primary_key=True),
    Column("last_seen", String),
    _when("read_at", nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("platform", String, primary_key=True),
    Column("event_id", String, primary_key=True),
    _when("received_at", nullable=False, index=True),
)

# thread_id is a plain number: a post outlives the one that it replied to.
posts = _table(
    "posts",
    _id(),
    _ref("channel_id", "channels"),
    _ref("author_id", "members", nullable=True, index=True),
    _text("text"),
    _json("body", nullable=True),
    Column("thread_id", RowId),
    _ref("round_id", "rounds", nullable=True, index=True),
    Column("marker", String),
    _ref("only_member_id", "members", nullable=True, index=True),
    _flag("organisers"),
    _flag("sealed"),
    Column("reaction", String),
    Column("version", Integer, nullable=False),
    _when("created_at", nullable=False),
    _when("edited_at"),
    _when("deleted_at"),
    sa.UniqueConstraint("channel_id", "marker"),
    Index(None, "channel_id", "thread_id", "id"),
)

# What calls to models came to. group_id is 0 for nobody's calls, and no foreign key: the money
# was spent, whatever became of the group.
model_spend = Table(
    "model_spend",
    metadata,
    Column("day", Date, primary_key=True),
    Column("group_id", RowId, primary_key=True, autoincrement=False),
    Column("model", String, primary_key=True),
    _number("calls"),
    _number("failed"),
    _large("prompt_tokens"),
    _large("cached_tokens"),
    _large("completion_tokens"),
    Column("cost_usd", Float, nullable=False, server_default="0"),
    Index(None, "group_id", "day"),
)

# Money set aside for calls under way, gathered by the instant at which it is set free again.
model_reserved = Table(
    "model_reserved",
    metadata,
    Column("until", UtcDateTime(), primary_key=True),
    Column("cost_usd", Float, nullable=False),
)

# One row: the rate that all processes share, and what they take turns on for all of this.
model_limits = Table(
    "model_limits",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    _when("arrival"),
)

model_slots = Table(
    "model_slots",
    metadata,
    Column("process", String, primary_key=True),
    Column("wants", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    _when("until", nullable=False),
)
