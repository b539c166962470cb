"""What the stages, the door and the poller count and time, each metric with its labels as typed parameters, so that a
wrong label does not type-check.

A process owns one `Metrics`; `document` lists what it would serve, for the README and its test.
"""

from __future__ import annotations

from collections.abc import Callable

from schemas.envelope import Via
from streams.metrics.declarations import Declarations, Described, resident_bytes
from streams.metrics.upkeep import Upkeep
from streams.ports import HoldReason, JournalEntry, Outcome

LATENCY_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Receipt to effect, in seconds: fine around the hundred milliseconds that are promised, coarse after an outage."""
WORK_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""One piece of work, in seconds: a mapping takes under a millisecond, a slow HTTP request half a minute."""


class Metrics(Declarations):
    """The metrics of one process. Implements `streams.runtime.stage.Observer`.

    Attributes:
        upkeep: what needs looking after: checks, what expires, recoveries.
    """

    def __init__(self) -> None:
        super().__init__()
        self.upkeep = Upkeep(self)
        self._receipts = self.counter(
            "tillstream_receipts_total",
            "receipts",
            "Events that the door took: acknowledged by Kafka, then answered with 202 or counted as polled.",
            ("connection", "entity", "via"),
        )
        self._refusals = self.counter(
            "tillstream_refusals_total",
            "requests",
            "Webhook requests that were not accepted, by HTTP status and why.",
            ("status", "reason"),
        )
        self._published = self.counter(
            "tillstream_published_total",
            "records",
            "Records that Kafka acknowledged with acks=all.",
            ("topic",),
        )
        self._publish_seconds = self.histogram(
            "tillstream_publish_seconds",
            "How long Kafka took to acknowledge.",
            (),
            WORK_BUCKETS,
        )
        self._outcomes = self.counter(
            "tillstream_outcomes_total",
            "receipts",
            "What each stage did with the receipts that reached it.",
            ("stage", "outcome"),
        )
        self._delivered = self.counter(
            "tillstream_delivered_total",
            "receipts",
            "Receipts whose effect is done in the target.",
            ("target", "flow"),
        )
        self._failures = self.counter(
            "tillstream_failures_total",
            "tries",
            "Tries that failed, by class of error (streams/errors.py).",
            ("stage", "target", "error"),
        )
        self._in_flight = self.gauge(
            "tillstream_in_flight_records",
            "records",
            "Records that a stage has taken from Kafka and not finished.",
            ("stage",),
        )
        self._held = self.gauge(
            "tillstream_held_records",
            "records",
            "Records that wait for a time, a link or a person; each worker of a group tells those of the whole group.",
            ("reason",),
        )
        self._oversells = self.gauge(
            "tillstream_oversold_records",
            "records",
            "Pieces of a SKU at a location that were sold in store and online and wait for a person; alarm above 0. "
            "Each inventory worker tells those of all.",
            (),
        )
        self._lag = self.gauge(
            "tillstream_lag_records",
            "records",
            "Records between a consumer's committed offset and the end of the partition.",
            ("topic", "partition"),
        )
        self._oldest = self.gauge(
            "tillstream_oldest_unfinished_seconds",
            "seconds",
            "Age of the oldest record that a worker has taken from the partition and not finished; 0 if there is none.",
            ("topic", "partition"),
        )
        self._retention = self.gauge(
            "tillstream_retention_used_ratio",
            "ratio",
            "That age as a part of how long Kafka keeps the topic's records; at 1 they are lost. Alarm at 0.8.",
            ("topic", "partition"),
        )
        self._partition = self.gauge(
            "tillstream_partition_state",
            "state",
            "Whether a partition goes on: 0 it does, 1 it is halted at a record that a newer version wrote.",
            ("topic", "partition"),
        )
        self._latency = self.histogram(
            "tillstream_latency_seconds",
            "From the receipt at the door to the effect in the target.",
            ("target", "flow"),
            LATENCY_BUCKETS,
        )
        self._oversell_window = self.histogram(
            "tillstream_oversell_window_seconds",
            "The oversell window: age of stock when the web store gets it, from its change in the point of sale. Ask "
            "for its p95 and p99; two sales that are farther apart are not one piece sold twice.",
            ("target",),
            LATENCY_BUCKETS,
        )
        self._stage_seconds = self.histogram(
            "tillstream_stage_seconds",
            "How long a stage worked on one batch of a key, tries and the waits between them included.",
            ("stage",),
            WORK_BUCKETS,
        )
        self._http_seconds = self.histogram(
            "tillstream_http_request_seconds",
            "Requests to Magento and Heartland; the status is 2xx ... 5xx, or error if no answer came.",
            ("connection", "operation", "status"),
            WORK_BUCKETS,
        )
        self._breaker = self.gauge(
            "tillstream_breaker_state",
            "state",
            "Whether a target is sent anything: 0 it is, 1 it is tried, 2 it is down, 3 it refuses our credentials.",
            ("target",),
        )
        self._budget = self.gauge(
            "tillstream_budget_rate",
            "requests per second",
            "How fast this worker may send to a target at present; +Inf without a limit, 0 while it is paused.",
            ("target",),
        )
        self._stopped = self.gauge(
            "tillstream_flow_state",
            "state",
            "Whether a flow goes on: 0 it does, 1 it is stopped: nearly everything failed; see `tillstream resume`.",
            ("target", "flow"),
        )
        self._rows = self.counter(
            "tillstream_polled_total",
            "rows",
            "Rows that a feed read; seen ones were in the overlap and are not published again.",
            ("feed", "result"),
        )
        self._poll_gap = self.gauge(
            "tillstream_poll_gap_seconds",
            "seconds",
            "Time since a feed's last successful poll; alarm when it is far above the feed's interval.",
            ("feed",),
        )
        self._registered = self.counter(
            "tillstream_webhook_registrations_total",
            "tries",
            "Looks at a registered webhook: kept as it was, or created, replaced or removed to repair it.",
            ("connection", "result"),
        )
        self._feed_behind = self.gauge(
            "tillstream_feed_behind_seconds",
            "seconds",
            "How far a feed is behind, whoever reads it: since its last read to the end began, or since the row that "
            "its cursor has come to, if that is later. Every poller tells it of every feed.",
            ("feed",),
        )
        self._feed_late = self.gauge(
            "tillstream_feed_late_seconds",
            "seconds",
            "How much of that is more than the time between two reads of the feed; 0 while it is read as it should be.",
            ("feed",),
        )
        self._buffer = self.gauge(
            "tillstream_publish_buffer_records",
            "records",
            "Records handed to Kafka and not acknowledged.",
            (),
        )
        self._buffer_bytes = self.gauge(
            "tillstream_publish_buffer_bytes",
            "bytes",
            "Size of the records handed to Kafka and not acknowledged.",
            (),
        )
        memory = self.gauge("tillstream_memory_bytes", "bytes", "Resident memory of this process.", ())
        memory.set_function(resident_bytes)

    # -- the door ---------------------------------------------------------------------------------------------

    def received(self, connection: str, entity: str, via: Via, receipts: int = 1) -> None:
        """The door took events; call it after Kafka's acknowledgement."""
        self._receipts.labels(connection, entity, via.value).inc(receipts)

    def refused(self, status: int, reason: str) -> None:
        """A webhook request was not accepted; ``reason`` is one of few fixed words, never what was sent."""
        self._refusals.labels(str(status), reason).inc()

    def polled(self, feed: str, *, published: int, seen: int) -> None:
        """A feed read one page."""
        self._rows.labels(feed, "published").inc(published)
        self._rows.labels(feed, "seen").inc(seen)

    def registered(self, connection: str, result: str) -> None:
        """A registered webhook was looked at, with that result."""
        self._registered.labels(connection, result).inc()

    def feed_behind(self, feed: str, seconds: float, *, every_seconds: float) -> None:
        """A feed that is read so often is so far behind."""
        self._feed_behind.labels(feed).set(seconds)
        self._feed_late.labels(feed).set(max(0.0, seconds - every_seconds))

    def watch_poll_gap(self, feed: str, seconds: Callable[[], float]) -> None:
        """Ask ``seconds`` for the time since the feed's last successful poll whenever metrics are read."""
        self._poll_gap.labels(feed).set_function(seconds)

    # -- Kafka ------------------------------------------------------------------------------------------------

    def published(self, topic: str, records: int) -> None:
        """Kafka acknowledged records."""
        self._published.labels(topic).inc(records)

    def publish_took(self, seconds: float) -> None:
        """One call of a publisher was acknowledged."""
        self._publish_seconds.observe(seconds)

    def watch_publish_buffer(self, records: Callable[[], int], size: Callable[[], int]) -> None:
        """Ask for the publisher's unacknowledged records and bytes whenever metrics are read."""
        self._buffer.set_function(records)
        self._buffer_bytes.set_function(size)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """How far a consumer is behind on one partition that it owns."""
        self._lag.labels(topic, str(partition)).set(records)

    def oldest_unfinished(self, topic: str, partition: int, seconds: float, retention_used: float | None) -> None:
        """Age of the oldest unfinished record; ``retention_used`` is None if the topic's records do not expire."""
        self._oldest.labels(topic, str(partition)).set(seconds)
        if retention_used is None:
            self._retention.remove(topic, str(partition))
        else:
            self._retention.labels(topic, str(partition)).set(retention_used)

    def partition_halted(self, topic: str, partition: int, *, halted: bool) -> None:
        """Whether one partition that a consumer owns waits for a worker that can read its next record."""
        self._partition.labels(topic, str(partition)).set(halted)

    def forget_partition(self, topic: str, partition: int) -> None:
        """The partition was revoked; another worker tells of it now."""
        for gauge in (self._lag, self._oldest, self._retention, self._partition):
            gauge.remove(topic, str(partition))

    # -- stages -----------------------------------------------------------------------------------------------

    def ended(self, entry: JournalEntry, seconds_since_receipt: float) -> None:
        """A handler wrote a journal line; a delivered one is an effect and has a latency."""
        self._outcomes.labels(entry.stage, entry.outcome.value).inc()
        if entry.outcome is Outcome.DELIVERED:
            self._delivered.labels(entry.target, entry.flow).inc()
            self._latency.labels(entry.target, entry.flow).observe(seconds_since_receipt)

    def failed(self, stage: str, target: str, error: str) -> None:
        """A try failed; ``error`` is the class name in `streams/errors.py`."""
        self._failures.labels(stage, target, error).inc()

    def in_flight(self, stage: str, records: int) -> None:
        """How many records a stage has taken and not finished."""
        self._in_flight.labels(stage).set(records)

    def held(self, reason: HoldReason, records: int) -> None:
        """How many records wait for that."""
        self._held.labels(reason.value).set(records)

    def oversells(self, waiting: int) -> None:
        """How many oversells wait for a person."""
        self._oversells.set(waiting)

    def stock_published(self, target: str, age_seconds: float) -> None:
        """A web store has a stock that changed so long ago in the point of sale."""
        self._oversell_window.labels(target).observe(age_seconds)

    def stage_took(self, stage: str, seconds: float) -> None:
        """A stage finished one batch of a key."""
        self._stage_seconds.labels(stage).observe(seconds)

    def http_took(self, connection: str, operation: str, status: int | None, seconds: float) -> None:
        """One request to another system; ``status`` is None if no answer came."""
        status_class = "error" if status is None else f"{status // 100}xx"
        self._http_seconds.labels(connection, operation, status_class).observe(seconds)

    def watch_gate(self, target: str, state: Callable[[], float], rate: Callable[[], float]) -> None:
        """Ask for the state of a target's breaker and its rate whenever metrics are read."""
        self._breaker.labels(target).set_function(state)
        self._budget.labels(target).set_function(rate)

    def flow_stopped(self, target: str, flow: str, *, stopped: bool) -> None:
        """A flow was stopped, or goes on; ``target`` is empty for a stage that writes to no other system."""
        self._stopped.labels(target, flow).set(int(stopped))


def document() -> tuple[Described, ...]:
    """Every metric that Tillstream serves."""
    return Metrics().described
