"""What the guards count and hold, and what the web stores' sources hold"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
CONTRACT = "what was applied to SKUs is read again; before the first release"


def upgrade() -> None:
    """What stock was written before is not known, so all of it counts as not written: the next reading of each SKU is
    written once more, and the guards learn from it how many SKUs are in stock."""
    op.execute("DELETE FROM applied WHERE split_part(entity, ':', 2) = 'sku'")
    op.create_table(
        "guard_holds",
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("approved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_guard_holds"),
        comment="Windows that changed too much at once; those that a person decided on tell the history.",
    )
    op.create_index(
        "uq_guard_holds_open",
        "guard_holds",
        ["kind", "target"],
        unique=True,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "guard_changes",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("before", sa.Numeric(), nullable=False),
        sa.Column("after", sa.Numeric(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("receipt_id", sa.Text(), nullable=False),
        sa.Column("hold", sa.BigInteger()),
        sa.PrimaryKeyConstraint("kind", "target", "sku", name="pk_guard_changes"),
        comment="The last guarded change of each SKU, and the hold that has it in its list.",
    )
    op.create_index(
        "ix_guard_changes_passed",
        "guard_changes",
        ["kind", "target", "at"],
        unique=False,
        postgresql_where=sa.text("standing = 'passed'"),
    )
    op.create_index("ix_guard_changes_hold", "guard_changes", ["hold"], unique=False)
    op.create_table(
        "written_stock",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantities", JSONB(), nullable=False, comment="Pieces by source."),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("emptied_at", sa.DateTime(timezone=True), comment="When the total last fell to zero."),
        sa.PrimaryKeyConstraint("target", "sku", name="pk_written_stock"),
        comment="What the web store's sources hold of each SKU, as it was last written or read.",
        postgresql_with={"fillfactor": "80"},
    )
