"""The tables. `migrations/` makes them; a test holds that both say the same."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

_Moment = DateTime(timezone=True)
_ROOM_FOR_UPDATES = {"fillfactor": "80"}
"""An update of a column without an index then stays on its page and touches no index."""


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


links = Table(
    "links",
    metadata,
    _text("ref"),
    _text("connection"),
    _text("counterpart"),
    Column("linked_at", _Moment, nullable=False),
    PrimaryKeyConstraint("ref", "connection"),
    comment="Two rows per link, one from each side: ref is counterpart in connection. Written by link_refs() only.",
)

agreements = Table(
    "agreements",
    metadata,
    Column("account", Text, primary_key=True),
    Column("version", Integer, nullable=False, comment="Rises with every keep; the fencing token."),
    _text("content"),
    comment="What the two records of a linked customer were last known as, and should be; JSON.",
)

ledger = Table(
    "ledger",
    metadata,
    _text("target"),
    _text("operation"),
    _text("source"),
    _text("state"),
    _text("owner"),
    Column("epoch", Integer, nullable=False),
    _text("request_hash"),
    Column("settle_until", _Moment, nullable=False),
    Column("sends", Integer, nullable=False, server_default="0", comment="Begins that may have reached the target."),
    _text("target_id"),
    Column(
        "announced",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="False while it is done and its confirmation may not have been published.",
    ),
    Column("changed_at", _Moment, nullable=False, server_default=text("now()")),
    Column("step", Text, nullable=False, server_default="", comment="Of an effect of several; empty for the first."),
    PrimaryKeyConstraint("target", "operation", "source", "step"),
    comment="One row per create-once effect; the epoch is the fencing token.",
    postgresql_with=_ROOM_FOR_UPDATES,
)

applied = Table(
    "applied",
    metadata,
    _text("target"),
    _text("entity"),
    Column("updated_at", _Moment, nullable=False),
    _text("content"),
    PrimaryKeyConstraint("target", "entity"),
    comment="The last revision of each entity that was applied to a target.",
    postgresql_with=_ROOM_FOR_UPDATES,
)

open_writes = Table(
    "open_writes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _text("target"),
    _text("entity"),
    _text("receipt_id"),
    Column("opened_at", _Moment, nullable=False),
    Column("open_until", _Moment, nullable=False, comment="Until then it may land."),
    Column("due_at", _Moment, nullable=False, comment="Then its entity is read again."),
    comment="Absolute writes that were sent and may have landed after a newer one; each is gone when that is out.",
)
Index("ix_open_writes_entity", open_writes.c.target, open_writes.c.entity)

owners = Table(
    "owners",
    metadata,
    Column("consumer_group", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    _text("owner"),
    Column("since", _Moment, nullable=False),
    comment="Which worker claimed each partition last; the epoch fences what earlier claims would still write.",
    postgresql_with=_ROOM_FOR_UPDATES,
)

held = Table(
    "held",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    _text("consumer_group"),
    _text("topic"),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    _text("key"),
    Column(
        "key_hash",
        BigInteger,
        Computed("hashtextextended(key, 0)", persisted=True),
        nullable=False,
        comment="A key may be longer than an index entry.",
    ),
    _text("reason"),
    Column("due_at", _Moment),
    Column("waits_for", Text),
    Column("waits_in", Text, nullable=False, server_default="", comment="Connection; empty for any."),
    Column("waits_unlike", Text, nullable=False, server_default="", comment="A counterpart that is wrong."),
    Column("blocks", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    _text("stage"),
    _text("flow"),
    _text("step"),
    _text("target"),
    Column("receipt_id", Text(collation="C"), nullable=False, comment="Sorted by byte, so that children follow."),
    _text("subject"),
    _text("error"),
    _text("message"),
    Column("record_key", LargeBinary, nullable=False),
    Column("record_value", LargeBinary, nullable=False),
    Column("header_names", ARRAY(Text), nullable=False),
    Column("header_values", ARRAY(LargeBinary), nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("held_at", _Moment, nullable=False),
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
    Column("at", _Moment, nullable=False),
    _text("stage"),
    _text("outcome"),
    _text("flow"),
    _text("step"),
    _text("target"),
    _text("subject"),
    _text("aggregate"),
    _text("error"),
    _text("message"),
    _text("topic"),
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

cursors = Table(
    "cursors",
    metadata,
    Column("feed", Text, primary_key=True),
    _text("value"),
    Column("moved_at", _Moment, nullable=False, server_default=text("now()")),
    comment="How far the poller has read each feed.",
)

feed_leases = Table(
    "feed_leases",
    metadata,
    Column("feed", Text, primary_key=True),
    _text("owner"),
    Column("token", BigInteger, nullable=False, comment="Grows with each new owner; fences the old one."),
    Column("until", _Moment, nullable=False),
    Column("read_at", _Moment, comment="When the last read to the list's end began."),
    comment="Which poller reads each feed, and when it was last read to its end.",
    postgresql_with=_ROOM_FOR_UPDATES,
)

webhook_registrations = Table(
    "webhook_registrations",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("webhook_id", Text, nullable=False, server_default=""),
    _text("url"),
    Column("version", Text, nullable=False, server_default="", comment="Of the receiver, when we had registered it."),
    Column("sealed", LargeBinary, comment="Its secret, encrypted under the connection's client secret."),
    Column("previous", LargeBinary, comment="The secret before it, for what is still on its way."),
    Column("complete", Boolean, nullable=False, comment="False while the secret in force is not known."),
    Column("changed_at", _Moment, nullable=False),
    comment="The receivers of webhooks that we have registered in other systems.",
)

stops = Table(
    "stops",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _text("consumer_group"),
    _text("flow"),
    _text("target"),
    Column("at", _Moment, nullable=False),
    _text("reason"),
    Column("resumed_at", _Moment),
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
    _text("kind"),
    _text("target"),
    Column("opened_at", _Moment, nullable=False),
    Column("population", Integer, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("decided_at", _Moment),
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
    _text("kind"),
    _text("target"),
    _text("sku"),
    Column("before", Numeric, nullable=False),
    Column("after", Numeric, nullable=False),
    _text("standing"),
    Column("at", _Moment, nullable=False),
    _text("receipt_id"),
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

written_stock = Table(
    "written_stock",
    metadata,
    _text("target"),
    _text("sku"),
    Column("quantities", JSONB, nullable=False, comment="Pieces by source."),
    Column("total", Numeric, nullable=False),
    Column("emptied_at", _Moment, comment="When the total last fell to zero."),
    Column("age", Interval, comment="From the change in the point of sale to its writing, when that was last known."),
    Column("aged_at", _Moment, comment="When that was."),
    PrimaryKeyConstraint("target", "sku"),
    comment="What the web store's sources hold of each SKU, as it was last written or read.",
    postgresql_with=_ROOM_FOR_UPDATES,
)

oversells = Table(
    "oversells",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    _text("connection"),
    _text("sku"),
    _text("location"),
    Column("missing", Numeric, nullable=False),
    Column("told", JSONB, nullable=False, comment="Pieces, web orders and other locations, as they were last seen."),
    Column("found_at", _Moment, nullable=False),
    Column("read_at", _Moment, nullable=False, comment="Of the reading that saw it last."),
    Column("ended_at", _Moment),
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

cutovers = Table(
    "cutovers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("flow", Text(collation="C"), nullable=False),
    Column("source", Text(collation="C"), nullable=False),
    Column("target", Text(collation="C"), nullable=False),
    Column("at", _Moment, nullable=False),
    Column("launched_at", _Moment, nullable=False),
    _text("launched_by"),
    Column("ended_at", _Moment),
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
