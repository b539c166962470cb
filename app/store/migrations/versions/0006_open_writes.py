"""Absolute writes that may land late, after newer ones"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Of writes that were sent before nothing is known; the next change of each SKU overwrites what came of them."""
    op.create_table(
        "open_writes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "open_until",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Until then it may land.",
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="Then its entity is read again."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_writes")),
        comment="Absolute writes that were sent and may have landed after a newer one; each is gone when that is out.",
    )
    op.create_index("ix_open_writes_entity", "open_writes", ["target", "entity"], unique=False)
