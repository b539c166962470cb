"""Held events that ended do not happen again, and giving one up is an order to its owner, looks at links count"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


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
    op.add_column(
        "held",
        sa.Column(
            "looks",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="In a row, at a link that was missing.",
        ),
    )
    op.add_column(
        "held",
        sa.Column(
            "given_up",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="Who gave it up and why; its owner ends it.",
        ),
    )
