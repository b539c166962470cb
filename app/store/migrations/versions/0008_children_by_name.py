"""Each line of the journal names the events that were published because of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Lines from before name none: what they caused is accounted for only where it is."""
    op.add_column(
        "journal",
        sa.Column(
            "children",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
            comment="What was published because of it: suffixes of receipt ids.",
        ),
    )
