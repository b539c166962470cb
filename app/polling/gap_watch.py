"""Keeps an eye on all feeds, whoever reads them, and raises an alarm for one that falls behind."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from app.polling.gaps import Watched, behind, gaps
from app.store.leases import Leases
from streams.metrics import Metrics
from streams.ports import Clock

EVERY_SECONDS = 30.0

log = structlog.get_logger(__name__)


class GapWatch:
    """Implements `app.polling.polls.Poll`: compares what the store knows of each feed with how often it is read."""

    name = "gaps"

    def __init__(
        self, feeds: Sequence[Watched], leases: Leases, clock: Clock, metrics: Metrics, alarm_seconds: float
    ) -> None:
        self._feeds = feeds
        self._leases = leases
        self._clock = clock
        self._metrics = metrics
        self._alarm_seconds = alarm_seconds
        self._open: set[str] = set()

    async def once(self) -> float:
        """Look at every feed; an alarm is told when it begins and when it is over."""
        now = self._clock.now()
        standings = {standing.feed: standing for standing in await self._leases.standings()}
        for watched in self._feeds:
            standing = standings.get(watched.feed)
            seconds = None if standing is None else behind(standing, now)
            if seconds is not None:
                self._metrics.feed_behind(watched.feed, seconds, every_seconds=watched.every_seconds)
        found = gaps(self._feeds, standings, now, self._alarm_seconds)
        for gap in found:
            if gap.feed not in self._open:
                log.error("feed_gap", feed=gap.feed, problem=f"{gap.feed} {gap.problem}", mend=gap.mend)
        now_open = {gap.feed for gap in found}
        for feed in sorted(self._open - now_open):
            log.info("feed_gap_over", feed=feed)
        self._open = now_open
        return EVERY_SECONDS

    async def close(self) -> None:
        """It holds nothing."""
