"""How often an effect was sent that nobody has seen, effects of several steps, and confirmations after the fact"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
CONTRACT = "the ledger's key gets the step; before the first release"


def upgrade() -> None:
    """What is pending now has been sent once at least."""
    op.add_column(
        "ledger",
        sa.Column(
            "sends",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Begins that may have reached the target.",
        ),
    )
    op.add_column(
        "ledger",
        sa.Column(
            "step",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="Of an effect of several; empty for the first.",
        ),
    )
    op.add_column(
        "ledger",
        sa.Column(
            "announced",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="False while it is done and its confirmation may not have been published.",
        ),
    )
    op.drop_constraint("pk_ledger", "ledger")
    op.create_primary_key("pk_ledger", "ledger", ["target", "operation", "source", "step"])
    op.execute("UPDATE ledger SET sends = 1 WHERE state = 'pending'")
