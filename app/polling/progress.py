"""How far a feed is behind while it catches up, told in the log."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from streams.ports import Clock

BEHIND_SECONDS = 600.0
"""A feed that has less to catch up does so in silence."""
EVERY_SECONDS = 30.0
"""Between two lines of one feed."""

log = structlog.get_logger(__name__)


class Progress:
    """Tells how one read of a feed comes on."""

    def __init__(self, feed: str, begins_at: datetime, clock: Clock) -> None:
        self._feed = feed
        self._begins_at = begins_at
        self._clock = clock
        self._started = clock.now()
        self._told_at: datetime | None = None
        self._rows = 0

    def page(self, reached: datetime, rows: int) -> None:
        """A page with so many rows was published, and there are more."""
        self._rows += rows
        now = self._clock.now()
        behind = (now - reached).total_seconds()
        if behind < BEHIND_SECONDS or not self._is_time(now):
            return
        self._told_at = now
        log.info(
            "feed_catches_up",
            feed=self._feed,
            rows=self._rows,
            reached=f"{reached:%Y-%m-%d %H:%M:%S} UTC",
            behind_seconds=round(behind),
            done_in_seconds=self._left(reached, now, behind),
        )

    def end(self, rows: int) -> None:
        """The list's end is reached."""
        if self._told_at is not None:
            seconds = (self._clock.now() - self._started).total_seconds()
            log.info("feed_caught_up", feed=self._feed, rows=self._rows + rows, seconds=round(seconds))

    def _is_time(self, now: datetime) -> bool:
        return self._told_at is None or now - self._told_at >= timedelta(seconds=EVERY_SECONDS)

    def _left(self, reached: datetime, now: datetime, behind: float) -> int | None:
        """Seconds until the end at the pace so far; None while there is none."""
        taken, read = (now - self._started).total_seconds(), (reached - self._begins_at).total_seconds()
        return round(behind * taken / read) if taken > 0 and read > 0 else None
