"""Warns before Kafka deletes a record that is not finished: the oldest one's age against its topic's retention."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from streams.errors import TillstreamError
from streams.metrics import Metrics
from streams.names import PLAIN, KafkaNames
from streams.ports import Clock, Partition

log = structlog.get_logger(__name__)

DAY, HOUR = 86_400, 3600
"""Seconds."""
NEAR = 0.8
"""Part of the retention from which on an unfinished record is in danger."""
REFRESH_SECONDS = 600.0
"""How often the retention of the topics is read from Kafka; whoever prolongs it sees the alarm end after that time."""

Read = Callable[[], Awaitable[Mapping[str, float | None]]]
"""Reads the retention of each topic in seconds, None for ever. Raises TillstreamError."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old the oldest unfinished record of a partition is.

    Attributes:
        seconds: 0 if every record is finished.
        retention_seconds: how long Kafka keeps records of that topic; None if it does not delete by age, or that is
            not known yet.
    """

    seconds: float
    retention_seconds: float | None

    @classmethod
    def of(cls, oldest_ms: int | None, now: datetime, retention_seconds: float | None) -> Age:
        """The age now of a record with that timestamp; a clock behind Kafka's makes no negative ages."""
        seconds = 0.0 if oldest_ms is None else max(0.0, now.timestamp() - oldest_ms / 1000)
        return cls(seconds, retention_seconds)

    @property
    def used(self) -> float | None:
        """The part of the retention that has passed; above 1 Kafka may delete the record at any moment."""
        if self.retention_seconds is None:
            return None
        return self.seconds / max(self.retention_seconds, 0.001)

    @property
    def near(self) -> bool:
        """Whether the record is in danger."""
        return self.used is not None and self.used >= NEAR


class RetentionWatch:
    """Tells metrics, log and ``/readyz`` how far the retention of unfinished records is used up.

    Args:
        read: the retention of the topics, from Kafka.
        metrics: are told.
        clock: says how old a record is.
        bootstrap_servers: Kafka's, for the command that wins time.
        names: what topics are called in Kafka, for the same.
    """

    def __init__(
        self, read: Read, metrics: Metrics, clock: Clock, bootstrap_servers: str, names: KafkaNames = PLAIN
    ) -> None:
        self._read = read
        self._bootstrap_servers = bootstrap_servers
        self._names = names
        self._metrics = metrics
        self._clock = clock
        self._retentions: Mapping[str, float | None] = {}
        self._ages: dict[Partition, Age] = {}

    async def keep_current(self) -> None:
        """Read the retention of the topics from time to time, until cancelled. A failure leaves the last known one."""
        while True:
            try:
                self._retentions = await self._read()
            except TillstreamError as error:
                log.warning("retention_unread", problem=str(error), effect="the last known retention counts")
            await self._clock.sleep(REFRESH_SECONDS)

    def look(self, oldest: Mapping[Partition, int | None]) -> None:
        """Take note of every owned partition's oldest unfinished record, by its timestamp in milliseconds.

        A record in danger is logged once, and again if it was out of danger meanwhile.
        """
        before, now = self._ages, self._clock.now()
        self._ages = {place: Age.of(ms, now, self._retentions.get(place[0])) for place, ms in oldest.items()}
        for place, age in self._ages.items():
            self._metrics.oldest_unfinished(*place, age.seconds, age.used)
            if age.near and not (place in before and before[place].near):
                log.error(
                    "retention_nearly_used_up", topic=place[0], partition=place[1], problem=self._danger(place, age)
                )

    def note(self) -> str | None:
        """Which record is in the greatest danger and what to do next; None if none is."""
        in_danger = {place: age for place, age in self._ages.items() if age.near}
        if not in_danger:
            return None
        worst = max(in_danger, key=lambda place: in_danger[place].used or 0.0)
        others = f" ({len(in_danger) - 1} more partitions are near it)" if len(in_danger) > 1 else ""
        return self._danger(worst, in_danger[worst]) + others

    def _danger(self, place: Partition, age: Age) -> str:
        topic, partition = place
        kept = age.retention_seconds or 0.0
        return (
            f"the oldest unfinished record of {topic} {partition} is {_days(age.seconds)} old, and Kafka deletes it at "
            f"{_days(kept)}. Find what keeps it (`tillstream doctor`, /readyz, the log) and mend that. To win time: "
            f"kafka-configs.sh --bootstrap-server {self._bootstrap_servers} --alter --entity-type topics "
            f"--entity-name {self._names.in_kafka(topic)} --add-config retention.ms={round(2 * kept * 1000)}"
        )


def _days(seconds: float) -> str:
    return f"{seconds / DAY:.1f} d" if seconds >= DAY else f"{seconds / HOUR:.1f} h"
