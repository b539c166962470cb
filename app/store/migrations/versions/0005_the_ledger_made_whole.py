"""How often an effect was sent that nobody has seen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


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
    op.execute("UPDATE ledger SET sends = 1 WHERE state = 'pending'")
