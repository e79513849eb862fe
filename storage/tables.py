"""The tables. Ids are never used again (AUTOINCREMENT): messages already sent carry them.

Work columns, on rows that a worker acts on: ``attempts`` counts claims since the last
handled stop, ``failures`` counts handled failures, ``not_before`` is a lease's or a
pause's end.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Date, Float, ForeignKey, Index, Integer, String, Table

from storage.columns import (
    flag,
    id_column,
    json,
    large,
    number,
    partial,
    ref,
    table,
    text,
    when,
    work_columns,
)
from storage.columns import metadata as metadata  # noqa: PLC0414 - for whoever wants all tables
from storage.types import RowId, UtcDateTime, Words

groups = table(
    "groups",
    id_column(),
    text("name"),
    Column("deck_id", String, nullable=False),
    Column("zone", String, nullable=False),
    flag("paused"),
    json("settings"),
)

channels = table(
    "channels",
    id_column(),
    ref("group_id", "groups", index=True),
    Column("platform", String, nullable=False),
    Column("external_id", String, nullable=False),
    text("name"),
    text("paused_reason", nullable=True),
    number("version"),
    Column("server_id", String, index=True),
    sa.UniqueConstraint("platform", "external_id"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("group_id", RowId, ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("zone", String, nullable=False),
    Column("at", sa.Time, nullable=False),
    json("days"),
    json("skip_dates"),
    when("next_at", index=True),
)

members = table(
    "members",
    id_column(),
    ref("group_id", "groups", index=True),
    text("name"),
    Column("name_key", Words(), nullable=False, index=True),
    Column("role", String, nullable=False),
    flag("hidden"),
    number("streak_current"),
    number("streak_best"),
    number("streak_freezes"),
)

accounts = table(
    "accounts",
    id_column(),
    ref("group_id", "groups"),
    ref("member_id", "members", index=True),
    Column("platform", String, nullable=False),
    Column("external_id", Words(), nullable=False),
    text("name"),
    sa.UniqueConstraint("group_id", "platform", "external_id"),
)

questions = Table(
    "questions",
    metadata,
    Column("hash", String(64), primary_key=True),
    json("data"),
)

rounds = table(
    "rounds",
    id_column(),
    ref("group_id", "groups"),
    Column("local_date", Date, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    when("due_at", nullable=False),
    when("post_until", nullable=False),
    Column("deck_id", String),
    Column("question_id", String),
    Column("question_hash", String(64), ForeignKey("questions.hash"), index=True),
    when("opens_at"),
    when("closes_at"),
    text("reason", nullable=True),
    *work_columns(),
    sa.UniqueConstraint("group_id", "local_date", "kind"),
    partial(
        "ix_rounds_unfinished",
        "state",
        "closes_at",
        where="state IN ('due', 'posting', 'open', 'closing')",
    ),
)

# Which revision counts and which scores are plain numbers: revisions point to their
# answer, and a circle of foreign keys could not be filled or restored row by row.
answers = table(
    "answers",
    id_column(),
    ref("round_id", "rounds"),
    ref("group_id", "groups", index=True),
    ref("member_id", "members", index=True),
    when("created_at", nullable=False),
    Column("revision_id", RowId),
    Column("scoring_id", RowId),
    Column("channel_id", RowId),
    Column("message_id", String),
    flag("sealed"),
    when("withdrawn_at"),
    sa.UniqueConstraint("round_id", "member_id"),
    Index(None, "channel_id", "message_id"),
)

revisions = table(
    "revisions",
    id_column(),
    ref("answer_id", "answers"),
    Column("number", Integer, nullable=False),
    text("text"),
    Column("state", String, nullable=False),
    when("created_at", nullable=False),
    Column("channel_id", RowId),
    Column("message_id", String),
    *work_columns(),
    sa.UniqueConstraint("answer_id", "number"),
    partial("ix_revisions_pending", "id", where="state = 'pending'"),
)

grades = table(
    "grades",
    id_column(),
    ref("answer_id", "answers", index=True),
    ref("revision_id", "revisions", index=True),
    Column("state", String, nullable=False),
    Column("score", Float),
    json("points"),
    text("feedback"),
    json("judge"),
    Column("rubric_hash", String, nullable=False),
    when("created_at", nullable=False),
    flag("attempt"),
    text("reason"),
    json("flags"),
    json("usage"),
    flag("current"),
    Column("raw_score", Float),
    Column("cache_key", String),
    partial("uq_grades_current", "revision_id", where="current", unique=True),
    partial("ix_grades_cache_key", "cache_key", "id", where="cache_key IS NOT NULL"),
    partial(
        "ix_grades_unsettled",
        "revision_id",
        where="current AND state IN ('provisional', 'ungraded')",
    ),
    partial("ix_grades_final", "id", where="current AND state = 'final'"),
)

appeals = table(
    "appeals",
    id_column(),
    ref("group_id", "groups"),
    ref("answer_id", "answers", index=True),
    ref("revision_id", "revisions", index=True),
    text("reason"),
    Column("state", String, nullable=False),
    when("created_at", nullable=False),
    when("resolved_at"),
    Column("resolved_by", RowId, ForeignKey("members.id", ondelete="SET NULL"), index=True),
    partial("uq_appeals_open", "answer_id", where="state = 'open'", unique=True),
    partial("ix_appeals_queue", "group_id", "id", where="state = 'open'"),
)

# ``counted`` is what a board sums: the points, or 0 while they are withheld. The last
# index holds all that a board reads, so that no row of the table itself is touched.
scores = Table(
    "scores",
    metadata,
    Column("round_id", RowId, ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", RowId, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    ref("group_id", "groups"),
    Column("local_date", Date, nullable=False),
    Column("points", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
    text("withheld", nullable=True),
    Index(None, "member_id"),
    Index("ix_scores_board", "group_id", "local_date", "member_id", "counted"),
)

outbox = table(
    "outbox",
    id_column(),
    ref("group_id", "groups"),
    ref("channel_id", "channels"),
    Column("kind", String, nullable=False),
    Column("dedupe_key", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    when("created_at", nullable=False),
    when("finished_at"),
    ref("round_id", "rounds", nullable=True, index=True),
    ref("answer_id", "answers", nullable=True, index=True),
    ref("member_id", "members", nullable=True, index=True),
    json("data"),
    Column("external_id", String),
    Column("thread_id", String),
    text("error", nullable=True),
    *work_columns(),
    Index(None, "group_id", "kind", "id"),
    Index(None, "channel_id", "thread_id"),
    Index(None, "channel_id", "external_id"),
    partial("ix_outbox_pending", "id", where="state = 'pending'"),
    partial("ix_outbox_questions", "external_id", where="kind = 'question'"),
)

# How far a channel, or a thread of it, was read: both are named by the platform's id.
places = Table(
    "places",
    metadata,
    Column("channel_id", RowId, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String, primary_key=True),
    Column("last_seen", String),
    when("read_at", nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("platform", String, primary_key=True),
    Column("event_id", String, primary_key=True),
    when("received_at", nullable=False, index=True),
)

# thread_id is a plain number: a post outlives the one that it replied to.
posts = table(
    "posts",
    id_column(),
    ref("channel_id", "channels"),
    ref("author_id", "members", nullable=True, index=True),
    text("text"),
    json("body", nullable=True),
    Column("thread_id", RowId),
    ref("round_id", "rounds", nullable=True, index=True),
    Column("marker", String),
    ref("only_member_id", "members", nullable=True, index=True),
    flag("organisers"),
    flag("sealed"),
    Column("reaction", String),
    Column("version", Integer, nullable=False),
    when("created_at", nullable=False),
    when("edited_at"),
    when("deleted_at"),
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
    number("calls"),
    number("failed"),
    large("prompt_tokens"),
    large("cached_tokens"),
    large("completion_tokens"),
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
    when("arrival"),
)

model_slots = Table(
    "model_slots",
    metadata,
    Column("process", String, primary_key=True),
    Column("wants", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    when("until", nullable=False),
)

# What joins a channel to a group or an account to a member, while it lives; kept as a hash only.
codes = Table(
    "codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String, nullable=False),
    ref("group_id", "groups", index=True),
    ref("member_id", "members", index=True),
    when("expires_at", nullable=False, index=True),
)

# Decks that groups brought themselves, as Markdown like the files. ``version`` counts imports.
decks = Table(
    "decks",
    metadata,
    Column("deck_id", String, primary_key=True),
    ref("group_id", "groups", index=True),
    text("source"),
    text("text"),
    Column("version", Integer, nullable=False),
    when("updated_at", nullable=False, index=True),
    Column("updated_by", RowId, ForeignKey("members.id", ondelete="SET NULL"), index=True),
)

# An import that was shown and waits for an organiser's yes.
deck_drafts = table(
    "deck_drafts",
    id_column(),
    ref("group_id", "groups", index=True),
    ref("member_id", "members", index=True),
    Column("deck_id", String, nullable=False),
    text("source"),
    text("text"),
    json("report"),
    when("created_at", nullable=False, index=True),
)
