"""What a dead letter says, how often a person replayed it and with which body; each release has its journal line"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
CONTRACT = "the journal's uniqueness moves to an index of the same columns and the place; before the first release"


def upgrade() -> None:
    """What is in review already has no letter of its own: its hold's columns tell what they told."""
    op.add_column("held", sa.Column("code", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "held",
        sa.Column(
            "letter",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="The dead letter as JSON; empty if parked.",
        ),
    )
    op.add_column("held", sa.Column("replays", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "held",
        sa.Column("edited", sa.LargeBinary(), comment="What is processed in place of record_value, which stays."),
    )
    op.add_column("held", sa.Column("edited_by", sa.Text(), server_default="", nullable=False))
    op.drop_constraint("uq_journal_line", "journal")
    op.create_index(
        "uq_journal_line",
        "journal",
        ["receipt_id", "stage", "outcome", "topic", "partition", "offset"],
        unique=True,
        postgresql_where=sa.text("outcome <> 'released'"),
    )
