"""A record of a topic that was made anew takes no old one's place among what is held"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
CONTRACT = "what is held gets a wider key; before the first release"


def upgrade() -> None:
    """A topic that was made anew counts its offsets from 0 again; what is held of the old one stays."""
    op.drop_constraint("uq_held_record", "held")
    op.create_unique_constraint(
        "uq_held_record", "held", ["consumer_group", "topic", "partition", "offset", "timestamp_ms"]
    )
