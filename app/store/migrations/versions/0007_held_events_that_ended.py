"""Held events that ended, so that none of them happens again when Kafka gives its record again"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    """Nothing needs to be filled in: what ended before had its chance to come again."""
    op.create_table(
        "ended",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column(
            "timestamp_ms",
            sa.BigInteger(),
            nullable=False,
            comment="Of the record, which it tells from one of a new log.",
        ),
        sa.PrimaryKeyConstraint("consumer_group", "topic", "partition", "offset", name=op.f("pk_ended")),
        comment="Held records that ended and that Kafka may give again, until their partition is committed past them.",
    )
