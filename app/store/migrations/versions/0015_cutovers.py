"""Since when each flow writes, and who said so"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Nothing is launched yet: every flow only observes until a person launches it, whatever it did before."""
    op.create_table(
        "cutovers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("flow", sa.Text(collation="C"), nullable=False),
        sa.Column("source", sa.Text(collation="C"), nullable=False),
        sa.Column("target", sa.Text(collation="C"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("launched_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cutovers"),
        comment="Flows that were launched, and since when each writes; those that ended tell the history.",
    )
    op.create_index(
        "uq_cutovers_standing",
        "cutovers",
        ["flow", "source", "target"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
