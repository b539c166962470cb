"""What was written to which system: links, the ledger, applied revisions and what may still land."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    Interval,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.store.tables.base import MOMENT, ROOM_FOR_UPDATES, metadata, needed_text

links = Table(
    "links",
    metadata,
    needed_text("ref"),
    needed_text("connection"),
    needed_text("counterpart"),
    Column("linked_at", MOMENT, nullable=False),
    PrimaryKeyConstraint("ref", "connection"),
    comment="Two rows per link, one from each side: ref is counterpart in connection. Written by link_refs() only.",
)

agreements = Table(
    "agreements",
    metadata,
    Column("account", Text, primary_key=True),
    Column("version", Integer, nullable=False, comment="Rises with every keep; the fencing token."),
    needed_text("content"),
    comment="What the two records of a linked customer were last known as, and should be; JSON.",
)

ledger = Table(
    "ledger",
    metadata,
    needed_text("target"),
    needed_text("operation"),
    needed_text("source"),
    needed_text("state"),
    needed_text("owner"),
    Column("epoch", Integer, nullable=False),
    needed_text("request_hash"),
    Column("settle_until", MOMENT, nullable=False),
    Column("sends", Integer, nullable=False, server_default="0", comment="Begins that may have reached the target."),
    needed_text("target_id"),
    Column(
        "announced",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="False while it is done and its confirmation may not have been published.",
    ),
    Column("changed_at", MOMENT, nullable=False, server_default=text("now()")),
    Column("step", Text, nullable=False, server_default="", comment="Of an effect of several; empty for the first."),
    PrimaryKeyConstraint("target", "operation", "source", "step"),
    comment="One row per create-once effect; the epoch is the fencing token.",
    postgresql_with=ROOM_FOR_UPDATES,
)

applied = Table(
    "applied",
    metadata,
    needed_text("target"),
    needed_text("entity"),
    Column("updated_at", MOMENT, nullable=False),
    needed_text("content"),
    PrimaryKeyConstraint("target", "entity"),
    comment="The last revision of each entity that was applied to a target.",
    postgresql_with=ROOM_FOR_UPDATES,
)

open_writes = Table(
    "open_writes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    needed_text("target"),
    needed_text("entity"),
    needed_text("receipt_id"),
    Column("opened_at", MOMENT, nullable=False),
    Column("open_until", MOMENT, nullable=False, comment="Until then it may land."),
    Column("due_at", MOMENT, nullable=False, comment="Then its entity is read again."),
    comment="Absolute writes that were sent and may have landed after a newer one; each is gone when that is out.",
)
Index("ix_open_writes_entity", open_writes.c.target, open_writes.c.entity)

written_stock = Table(
    "written_stock",
    metadata,
    needed_text("target"),
    needed_text("sku"),
    Column("quantities", JSONB, nullable=False, comment="Pieces by source."),
    Column("total", Numeric, nullable=False),
    Column("emptied_at", MOMENT, comment="When the total last fell to zero."),
    Column("age", Interval, comment="From the change in the point of sale to its writing, when that was last known."),
    Column("aged_at", MOMENT, comment="When that was."),
    PrimaryKeyConstraint("target", "sku"),
    comment="What the web store's sources hold of each SKU, as it was last written or read.",
    postgresql_with=ROOM_FOR_UPDATES,
)
