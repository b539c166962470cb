"""Whose turn it is to read a feed, and when it was last read to its end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """A table of its own: every feed is free at first, and was not read to its end as far as anybody knows."""
    op.create_table(
        "feed_leases",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="Grows with each new owner; fences the old one."),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), comment="When the last read to the list's end began."),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_leases"),
        comment="Which poller reads each feed, and when it was last read to its end.",
        postgresql_with={"fillfactor": "80"},
    )
