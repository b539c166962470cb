"""What all tables are made of."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, MetaData, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

MOMENT = DateTime(timezone=True)
ROOM_FOR_UPDATES = {"fillfactor": "80"}
"""An update of a column without an index then stays on its page and touches no index."""


def needed_text(name: str) -> Column[str]:
    """A column of text that is never null."""
    return Column(name, Text, nullable=False)
