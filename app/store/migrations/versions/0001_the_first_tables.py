"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


# The one way to write links. It takes the lock of `app.store.held.SqlHeld.hold`: whoever holds an event that waits
# for a ref and whoever links that ref take turns. Each statement of a volatile function sees what was committed before
# that statement. So a link finds the waiting event, or the event finds the link.
LINK_REFS = """
CREATE FUNCTION link_refs(
    ones text[], one_connections text[], others text[], other_connections text[], at timestamptz
) RETURNS TABLE (number integer, one text, other text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF cardinality(ones) = 0 THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(lock)
    FROM (SELECT DISTINCT hashtextextended(ref, 0) AS lock FROM unnest(ones || others) AS ref ORDER BY 1) AS sorted;
    FOR i IN 1 .. cardinality(ones) LOOP
        number := i;
        one := ones[i];
        SELECT counterpart INTO other FROM links
        WHERE ref = ones[i] AND connection = other_connections[i];
        IF NOT FOUND THEN
            other := others[i];
            SELECT counterpart INTO one FROM links
            WHERE ref = others[i] AND connection = one_connections[i];
            IF NOT FOUND THEN
                one := ones[i];
                INSERT INTO links (ref, connection, counterpart, linked_at)
                VALUES (one, other_connections[i], other, at), (other, one_connections[i], one, at)
                ON CONFLICT DO NOTHING;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
    UPDATE held SET reason = 'time', due_at = at
    WHERE waits_for = ANY (ones || others) AND reason <> 'time';
END
$$
"""


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "applied",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target", "entity", name=op.f("pk_applied")),
        comment="The last revision of each entity that was applied to a target.",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "cursors",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_cursors")),
        comment="How far the poller has read each feed.",
    )
    op.create_table(
        "held",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "key_hash",
            sa.BigInteger(),
            sa.Computed("hashtextextended(key, 0)", persisted=True),
            nullable=False,
            comment="A key may be longer than an index entry.",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("blocks", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column(
            "receipt_id", sa.Text(collation="C"), nullable=False, comment="Sorted by byte, so that children follow."
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("record_value", sa.LargeBinary(), nullable=False),
        sa.Column("header_names", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("header_values", sa.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("timestamp_ms", sa.BigInteger(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_held")),
        sa.UniqueConstraint("consumer_group", "topic", "partition", "offset", name="uq_held_record"),
        comment="Events that wait for a time, a link or a person; seq orders the events of a key.",
    )
    op.create_index(
        "ix_held_due",
        "held",
        ["consumer_group", "topic", "partition", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_held_queue",
        "held",
        ["consumer_group", "topic", "partition", "key_hash", "seq"],
        unique=False,
        postgresql_where=sa.text("blocks"),
    )
    op.create_index("ix_held_receipt_id", "held", ["receipt_id"], unique=False)
    op.create_index("ix_held_subject", "held", ["subject"], unique=False)
    op.create_index(
        "ix_held_waits_for",
        "held",
        ["waits_for"],
        unique=False,
        postgresql_using="hash",
        postgresql_where=sa.text("reason <> 'time'::text"),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "receipt_id", sa.Text(collation="C"), nullable=False, comment="Sorted by byte, so that children follow."
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("aggregate", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("receipt_id", "stage", "outcome", "topic", "partition", "offset", name="uq_journal_line"),
        comment="What became of each receipt. Grows by some lines per event; see Journal.purge.",
    )
    op.create_index("ix_journal_aggregate", "journal", ["aggregate"], unique=False)
    op.create_index("ix_journal_at", "journal", ["at"], unique=False, postgresql_using="brin")
    op.create_index("ix_journal_subject", "journal", ["subject"], unique=False)
    op.create_index(
        "uq_journal_final",
        "journal",
        ["receipt_id"],
        unique=True,
        postgresql_include=["outcome"],
        postgresql_where=sa.text("outcome IN ('delivered', 'superseded', 'unchanged', 'filtered', 'discarded')"),
    )
    op.create_table(
        "ledger",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("settle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("target", "operation", "source", name=op.f("pk_ledger")),
        comment="One row per create-once effect; the epoch is the fencing token.",
        postgresql_with={"fillfactor": "80"},
    )
    op.create_table(
        "links",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("counterpart", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ref", "connection", name=op.f("pk_links")),
        comment="Two rows per link, one from each side: ref is counterpart in connection. Written by link_refs() only.",
    )
    op.execute(LINK_REFS)
