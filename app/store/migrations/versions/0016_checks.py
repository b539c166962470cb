"""What the last check of each kind has found"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """No check has been made yet; the next one of each kind is told."""
    op.create_table(
        "checks",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("numbers", JSONB(), nullable=False, comment="What it counted: about what, and how many."),
        sa.PrimaryKeyConstraint("name", name="pk_checks"),
        comment="What the last check of each kind has found, for the metrics.",
    )
