"""What an event waits for: the counterpart in one connection, and another than a wrong one; links can be replaced"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# As before, but it wakes only what waits for a link that is there now.
LINK_REFS = """
CREATE OR REPLACE FUNCTION link_refs(
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
    WHERE waits_for = ANY (ones || others) AND reason <> 'time' AND EXISTS (
        SELECT FROM links
        WHERE ref = waits_for AND (waits_in = '' OR connection = waits_in) AND counterpart <> waits_unlike
    );
END
$$
"""

RELINK_REF = """
CREATE FUNCTION relink_ref(
    ref_ text, ref_connection text, other_ text, other_connection text, at timestamptz
) RETURNS TABLE (number integer, one text, other text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- in the order in which link_refs takes its locks, or the two would wait for each other
    PERFORM pg_advisory_xact_lock(lock)
    FROM (SELECT DISTINCT hashtextextended(r, 0) AS lock FROM unnest(ARRAY[ref_, other_]) AS r ORDER BY 1) AS sorted;
    RETURN QUERY SELECT 1, counterpart, other_ FROM links
    WHERE ref = other_ AND connection = ref_connection AND counterpart <> ref_;
    IF FOUND THEN
        RETURN; -- it is another one's: nothing changes
    END IF;
    DELETE FROM links
    WHERE connection = ref_connection AND counterpart = ref_ AND ref = (
        SELECT counterpart FROM links AS known WHERE known.ref = ref_ AND known.connection = other_connection
    );
    DELETE FROM links WHERE ref = ref_ AND connection = other_connection;
    RETURN QUERY SELECT * FROM link_refs(
        ARRAY[ref_], ARRAY[ref_connection], ARRAY[other_], ARRAY[other_connection], at
    );
END
$$
"""


def upgrade() -> None:
    """What waits already waits for any connection, as it did."""
    op.add_column(
        "held",
        sa.Column("waits_in", sa.Text(), server_default="", nullable=False, comment="Connection; empty for any."),
    )
    op.add_column(
        "held",
        sa.Column("waits_unlike", sa.Text(), server_default="", nullable=False, comment="A counterpart that is wrong."),
    )
    op.execute(LINK_REFS)
    op.execute(RELINK_REF)
