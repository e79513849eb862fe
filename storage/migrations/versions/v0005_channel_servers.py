"""Which server or workspace a channel is in, so that a group can move on when it is deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_channels_server_id"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("channels", sa.Column("server_id", sa.String()))
    op.create_index(INDEX, "channels", ["server_id"])


def downgrade() -> None:
    """Drop what was added."""
    op.drop_index(INDEX, "channels")
    op.drop_column("channels", "server_id")
