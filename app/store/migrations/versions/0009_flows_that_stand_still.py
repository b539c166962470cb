"""Flows that were stopped because nearly everything failed, and who resumed them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """A table of its own; nothing is stopped yet."""
    op.create_table(
        "stops",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True)),
        sa.Column("resumed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("resume_reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stops"),
        comment="Flows that stand still until a person resumes them; those that were resumed tell the history.",
    )
    op.create_index(
        "uq_stops_standing",
        "stops",
        ["consumer_group", "flow", "target"],
        unique=True,
        postgresql_where=sa.text("resumed_at IS NULL"),
    )
