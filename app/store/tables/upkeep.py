"""What tells those who watch over Tillstream how it stands."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.base import MOMENT, metadata

checks = Table(
    "checks",
    metadata,
    Column("name", Text(collation="C"), primary_key=True),
    Column("ended_at", MOMENT, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("numbers", JSONB, nullable=False, comment="What it counted: about what, and how many."),
    comment="What the last check of each kind has found, for the metrics.",
)
