"""How far the places that take replies were read, and the question behind a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKey, String, Table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEX = "ix_outbox_questions"
metadata = sa.MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Only what the foreign key has to find of the first tables.
Table("channels", metadata, Column("id", ROW_ID, primary_key=True))

places = Table(
    "places",
    metadata,
    Column("channel_id", ROW_ID, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String, primary_key=True),
    Column("last_seen", String),
    Column("read_at", sa.DateTime(timezone=True), nullable=False),
)


def upgrade() -> None:
    """Make the table and the index."""
    metadata.create_all(op.get_bind(), tables=[places])
    asked = sa.text("kind = 'question'")
    op.create_index(INDEX, "outbox", ["external_id"], sqlite_where=asked, postgresql_where=asked)


def downgrade() -> None:
    """Drop what was added."""
    op.drop_index(INDEX, "outbox")
    metadata.drop_all(op.get_bind(), tables=[places])
