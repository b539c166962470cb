"""What linked customers' records agree on; and a link gives a reviewed event that it releases its tries back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# As before, but what a person looked at begins anew, as it does after a replay: old failures count no more.
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
    UPDATE held SET
        reason = 'time', due_at = at,
        attempts = CASE reason WHEN 'person' THEN 0 ELSE attempts END,
        looks = CASE reason WHEN 'person' THEN 0 ELSE looks END
    WHERE waits_for = ANY (ones || others) AND reason <> 'time' AND EXISTS (
        SELECT FROM links
        WHERE ref = waits_for AND (waits_in = '' OR connection = waits_in) AND counterpart <> waits_unlike
    );
END
$$
"""


def upgrade() -> None:
    """Nothing was agreed on before: the next telling of each customer begins it."""
    op.create_table(
        "agreements",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="Rises with every keep; the fencing token."),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_agreements"),
        comment="What the two records of a linked customer were last known as, and should be; JSON.",
    )
    op.execute(LINK_REFS)
