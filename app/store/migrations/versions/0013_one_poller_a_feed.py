"""Whose turn it is to read a feed, and which receivers of webhooks we have registered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Tables of their own: every feed is free at first, and no receiver is known to be ours."""
    op.create_table(
        "feed_leases",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="Grows with each new owner; fences the old one."),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), comment="When the last read to the list's end began."),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_leases"),
        comment="Which poller reads each feed, and when it was last read to its end.",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "webhook_registrations",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="Of the receiver, when we had registered it.",
        ),
        sa.Column("sealed", sa.LargeBinary(), comment="Its secret, encrypted under the connection's client secret."),
        sa.Column("previous", sa.LargeBinary(), comment="The secret before it, for what is still on its way."),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="False while the secret in force is not known."),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", name="pk_webhook_registrations"),
        comment="The receivers of webhooks that we have registered in other systems.",
    )
