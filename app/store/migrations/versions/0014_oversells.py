"""What is sold twice, what a person does about it, and how old the web stores' stock is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Nothing is found oversold of what was read before: the next reading of each SKU finds it."""
    op.create_table(
        "oversells",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("missing", sa.Numeric(), nullable=False),
        sa.Column(
            "told", JSONB(), nullable=False, comment="Pieces, web orders and other locations, as they were last seen."
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False, comment="Of the reading that saw it last."),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("way", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_oversells"),
        comment="Pieces sold in store and online that are not there for both; those that are over tell the history.",
    )
    op.create_index(
        "uq_oversells_open",
        "oversells",
        ["connection", "sku", "location"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    told = "From the change in the point of sale to its writing, when that was last known."
    op.add_column("written_stock", sa.Column("age", sa.Interval(), comment=told))
    op.add_column("written_stock", sa.Column("aged_at", sa.DateTime(timezone=True), comment="When that was."))
