"""How far each feed has been read, in SQL."""

from __future__ import annotations

from typing import Protocol

from app.store.engine import Database
from streams.ports import Fenced

_GET = "SELECT value FROM cursors WHERE feed = $1"
# the share lock keeps the lease with its holder until the cursor has moved
_SET = """
WITH lease AS (SELECT FROM feed_leases WHERE feed = $1 AND token = $4 FOR SHARE)
INSERT INTO cursors AS c (feed, value) SELECT $1::text, $2::text
WHERE ($3::text IS NULL OR EXISTS (SELECT FROM cursors WHERE feed = $1))
AND ($4::bigint IS NULL OR EXISTS (SELECT FROM lease))
ON CONFLICT (feed) DO UPDATE SET value = excluded.value, moved_at = now()
WHERE c.value = $3 OR c.value = excluded.value
RETURNING feed
"""


class Cursors(Protocol):
    """Where the poller goes on reading. Only who knows where a cursor stands can move it."""

    async def get(self, feed: str) -> str | None:
        """The cursor (JSON text) of a feed, None if it was never read."""
        ...

    async def set(self, feed: str, value: str, *, previous: str | None, token: int | None = None) -> None:
        """Move the cursor on from ``previous`` (None: there is none yet); durable on return.

        Setting the value that it has is a no-op, so that a call whose answer was lost may be repeated.

        Args:
            feed: name of the feed.
            value: where the cursor goes.
            previous: where it stands.
            token: of the feed's lease (`app.store.leases`); None for a person's command, which no lease holds up.

        Raises:
            Fenced: the cursor has been moved by somebody else, or another poller has the lease; read it again.
        """
        ...


class SqlCursors:
    """Implements `Cursors`. Both methods also raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, feed: str) -> str | None:
        """The cursor of a feed, None if it was never read."""
        rows = await self._database.fetch(_GET, feed)
        return str(rows[0]["value"]) if rows else None

    async def set(self, feed: str, value: str, *, previous: str | None, token: int | None = None) -> None:
        """Move the cursor on from ``previous``; raises Fenced if it does not stand there, or the lease is another's."""
        if not await self._database.fetch(_SET, feed, value, previous, token):
            raise Fenced(f"the cursor of {feed} has been moved on by another poller; read it again")
