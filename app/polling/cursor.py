"""A feed's cursor as it is stored, and how it is set back so that the feed is read again."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from app.store.cursors import Cursors
from streams.ports import Fenced

TRIES = 5
"""How often a cursor is set back while a poller moves it on."""


def written_cursor(at: datetime) -> str:
    """A cursor as it is stored: JSON, so that it may carry more one day."""
    return orjson.dumps({"at": at.astimezone(UTC)}).decode()


def cursor_time(stored: str) -> datetime:
    """How far a feed with that cursor has been read."""
    return datetime.fromisoformat(orjson.loads(stored)["at"])


async def set_back(cursors: Cursors, feed: str, since: datetime) -> None:
    """Let the feed's poller read again from then on; one that has not come so far stays where it is.

    Raises:
        Fenced: a poller moves it on all the time.
    """
    for tries_left in reversed(range(TRIES)):
        stored = await cursors.get(feed)
        if stored is not None and cursor_time(stored) <= since:
            return
        try:
            await cursors.set(feed, written_cursor(since), previous=stored)
        except Fenced:
            if not tries_left:
                raise
        else:
            return
