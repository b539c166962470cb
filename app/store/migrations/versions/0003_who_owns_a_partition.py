"""Who owns a partition: the claim under which a worker writes about its held events"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Every worker claims its partitions when they are assigned, so nothing needs to be filled in."""
    op.create_table(
        "owners",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("consumer_group", "topic", "partition", name=op.f("pk_owners")),
        comment="Which worker claimed each partition last; the epoch fences what earlier claims would still write.",
        postgresql_with={"fillfactor": "80"},
    )
