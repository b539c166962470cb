"""Tells the metrics what the last check of each kind has found, whoever made it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from streams.metrics import Metrics
from streams.ports import CheckResult, Checks, Clock

EVERY_SECONDS = 15.0


class ChecksWatch:
    """Implements `app.polling.polls.Poll`: reads the results that commands have kept."""

    name = "checks"

    def __init__(self, checks: Checks, connections: Collection[str], clock: Clock, metrics: Metrics) -> None:
        """Numbers about other than these connections are of the past, and are not told."""
        self._checks = checks
        self._connections = connections
        self._clock = clock
        self._metrics = metrics

    async def once(self) -> float:
        """Read the results and tell them."""
        results = [self._of_today(result) for result in await self._checks.last()]
        self._metrics.upkeep.checks(results, self._clock)
        return EVERY_SECONDS

    async def close(self) -> None:
        """It holds nothing."""

    def _of_today(self, result: CheckResult) -> CheckResult:
        numbers = tuple(number for number in result.numbers if number.about[0] in self._connections)
        return replace(result, numbers=numbers)
