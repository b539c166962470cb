"""What a person decides: launches, stops, held changes and oversells; what was decided stays as the history."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.base import MOMENT, metadata, needed_text

cutovers = Table(
    "cutovers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("flow", Text(collation="C"), nullable=False),
    Column("source", Text(collation="C"), nullable=False),
    Column("target", Text(collation="C"), nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("launched_at", MOMENT, nullable=False),
    needed_text("launched_by"),
    Column("ended_at", MOMENT),
    Column("ended_by", Text, nullable=False, server_default=""),
    comment="Flows that were launched, and since when each writes; those that ended tell the history.",
)
Index(
    "uq_cutovers_standing",
    cutovers.c.flow,
    cutovers.c.source,
    cutovers.c.target,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)

stops = Table(
    "stops",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    needed_text("consumer_group"),
    needed_text("flow"),
    needed_text("target"),
    Column("at", MOMENT, nullable=False),
    needed_text("reason"),
    Column("resumed_at", MOMENT),
    Column("resumed_by", Text, nullable=False, server_default=""),
    Column("resume_reason", Text, nullable=False, server_default=""),
    comment="Flows that stand still until a person resumes them; those that were resumed tell the history.",
)
Index(
    "uq_stops_standing",
    stops.c.consumer_group,
    stops.c.flow,
    stops.c.target,
    unique=True,
    postgresql_where=text("resumed_at IS NULL"),
)

guard_holds = Table(
    "guard_holds",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    needed_text("kind"),
    needed_text("target"),
    Column("opened_at", MOMENT, nullable=False),
    Column("population", Integer, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("decided_at", MOMENT),
    Column("approved", Boolean, nullable=False, server_default=text("false")),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    comment="Windows that changed too much at once; those that a person decided on tell the history.",
)
Index(
    "uq_guard_holds_open",
    guard_holds.c.kind,
    guard_holds.c.target,
    unique=True,
    postgresql_where=text("decided_at IS NULL"),
)

guard_changes = Table(
    "guard_changes",
    metadata,
    needed_text("kind"),
    needed_text("target"),
    needed_text("sku"),
    Column("before", Numeric, nullable=False),
    Column("after", Numeric, nullable=False),
    needed_text("standing"),
    Column("at", MOMENT, nullable=False),
    needed_text("receipt_id"),
    Column("hold", BigInteger),
    PrimaryKeyConstraint("kind", "target", "sku"),
    comment="The last guarded change of each SKU, and the hold that has it in its list.",
)
Index(
    "ix_guard_changes_passed",
    guard_changes.c.kind,
    guard_changes.c.target,
    guard_changes.c.at,
    postgresql_where=text("standing = 'passed'"),
)
Index("ix_guard_changes_hold", guard_changes.c.hold)

oversells = Table(
    "oversells",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    needed_text("connection"),
    needed_text("sku"),
    needed_text("location"),
    Column("missing", Numeric, nullable=False),
    Column("told", JSONB, nullable=False, comment="Pieces, web orders and other locations, as they were last seen."),
    Column("found_at", MOMENT, nullable=False),
    Column("read_at", MOMENT, nullable=False, comment="Of the reading that saw it last."),
    Column("ended_at", MOMENT),
    Column("way", Text, nullable=False, server_default=""),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    comment="Pieces sold in store and online that are not there for both; those that are over tell the history.",
)
Index(
    "uq_oversells_open",
    oversells.c.connection,
    oversells.c.sku,
    oversells.c.location,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
)
