"""How what the systems tell is taken in: how far each list was read, by whom, and who tells by webhooks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    Table,
    Text,
    text,
)

from app.store.tables.base import MOMENT, ROOM_FOR_UPDATES, metadata, needed_text

cursors = Table(
    "cursors",
    metadata,
    Column("feed", Text, primary_key=True),
    needed_text("value"),
    Column("moved_at", MOMENT, nullable=False, server_default=text("now()")),
    comment="How far the poller has read each feed.",
)

feed_leases = Table(
    "feed_leases",
    metadata,
    Column("feed", Text, primary_key=True),
    needed_text("owner"),
    Column("token", BigInteger, nullable=False, comment="Grows with each new owner; fences the old one."),
    Column("until", MOMENT, nullable=False),
    Column("read_at", MOMENT, comment="When the last read to the list's end began."),
    comment="Which poller reads each feed, and when it was last read to its end.",
    postgresql_with=ROOM_FOR_UPDATES,
)

webhook_registrations = Table(
    "webhook_registrations",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("webhook_id", Text, nullable=False, server_default=""),
    needed_text("url"),
    Column("version", Text, nullable=False, server_default="", comment="Of the receiver, when we had registered it."),
    Column("sealed", LargeBinary, comment="Its secret, encrypted under the connection's client secret."),
    Column("previous", LargeBinary, comment="The secret before it, for what is still on its way."),
    Column("complete", Boolean, nullable=False, comment="False while the secret in force is not known."),
    Column("changed_at", MOMENT, nullable=False),
    comment="The receivers of webhooks that we have registered in other systems.",
)
