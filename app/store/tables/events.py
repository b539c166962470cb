"""What became of each event: who processes it, where it waits, how it ended."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables.base import MOMENT, ROOM_FOR_UPDATES, metadata, needed_text

owners = Table(
    "owners",
    metadata,
    Column("consumer_group", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    needed_text("owner"),
    Column("since", MOMENT, nullable=False),
    comment="Which worker claimed each partition last; the epoch fences what earlier claims would still write.",
    postgresql_with=ROOM_FOR_UPDATES,
)

held = Table(
    "held",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    needed_text("consumer_group"),
    needed_text("topic"),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    needed_text("key"),
    Column(
        "key_hash",
        BigInteger,
        Computed("hashtextextended(key, 0)", persisted=True),
        nullable=False,
        comment="A key may be longer than an index entry.",
    ),
    needed_text("reason"),
    Column("due_at", MOMENT),
    Column("waits_for", Text),
    Column("waits_in", Text, nullable=False, server_default="", comment="Connection; empty for any."),
    Column("waits_unlike", Text, nullable=False, server_default="", comment="A counterpart that is wrong."),
    Column("blocks", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    needed_text("stage"),
    needed_text("flow"),
    needed_text("step"),
    needed_text("target"),
    Column("receipt_id", Text(collation="C"), nullable=False, comment="Sorted by byte, so that children follow."),
    needed_text("subject"),
    needed_text("error"),
    needed_text("message"),
    Column("record_key", LargeBinary, nullable=False),
    Column("record_value", LargeBinary, nullable=False),
    Column("header_names", ARRAY(Text), nullable=False),
    Column("header_values", ARRAY(LargeBinary), nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("held_at", MOMENT, nullable=False),
    Column("code", Text, nullable=False, server_default=""),
    Column("letter", Text, nullable=False, server_default="", comment="The dead letter as JSON; empty if parked."),
    Column("replays", Integer, nullable=False, server_default="0"),
    Column("edited", LargeBinary, comment="What is processed in place of record_value, which stays."),
    Column("looks", Integer, nullable=False, server_default="0", comment="In a row, at a link that was missing."),
    Column("edited_by", Text, nullable=False, server_default=""),
    Column("given_up", Text, nullable=False, server_default="", comment="Who gave it up and why; its owner ends it."),
    UniqueConstraint("consumer_group", "topic", "partition", "offset", "timestamp_ms", name="uq_held_record"),
    comment="Events that wait for a time, a link or a person; seq orders the events of a key.",
)
Index(
    "ix_held_queue",
    held.c.consumer_group,
    held.c.topic,
    held.c.partition,
    held.c.key_hash,
    held.c.seq,
    postgresql_where=text("blocks"),
)
Index(
    "ix_held_due",
    held.c.consumer_group,
    held.c.topic,
    held.c.partition,
    held.c.due_at,
    postgresql_where=text("due_at IS NOT NULL"),
)
Index(
    "ix_held_waits_for",
    held.c.waits_for,
    postgresql_using="hash",  # a ref of any length
    postgresql_where=text("reason <> 'time'::text"),
)
Index("ix_held_subject", held.c.subject)
Index("ix_held_receipt_id", held.c.receipt_id)

ended = Table(
    "ended",
    metadata,
    Column("consumer_group", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("timestamp_ms", BigInteger, nullable=False, comment="Of the record, which it tells from one of a new log."),
    comment="Held records that ended and that Kafka may give again, until their partition is committed past them.",
)

FINAL = "outcome IN ('delivered', 'superseded', 'unchanged', 'filtered', 'discarded')"
"""The outcomes that end a receipt, `streams.ports.Outcome.ends`, in SQL."""

journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("receipt_id", Text(collation="C"), nullable=False, comment="Sorted by byte, so that children follow."),
    Column("at", MOMENT, nullable=False),
    needed_text("stage"),
    needed_text("outcome"),
    needed_text("flow"),
    needed_text("step"),
    needed_text("target"),
    needed_text("subject"),
    needed_text("aggregate"),
    needed_text("error"),
    needed_text("message"),
    needed_text("topic"),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column(
        "children",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'::text[]"),
        comment="What was published because of it: suffixes of receipt ids.",
    ),
    comment="What became of each receipt. Grows by some lines per event; see Journal.purge.",
)
Index(
    "uq_journal_line",
    journal.c.receipt_id,
    journal.c.stage,
    journal.c.outcome,
    journal.c.topic,
    journal.c.partition,
    journal.c.offset,
    unique=True,
    postgresql_where=text("outcome <> 'released'::text"),  # told once by the statement that releases; each one counts
)
Index(
    "uq_journal_final",
    journal.c.receipt_id,
    unique=True,
    postgresql_include=["outcome"],
    postgresql_where=text(FINAL),
)
Index("ix_journal_subject", journal.c.subject)
Index("ix_journal_aggregate", journal.c.aggregate)
Index("ix_journal_at", journal.c.at, postgresql_using="brin")
