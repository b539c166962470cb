"""Kafka's side of a stage, in memory: what was published, and records as a consumer sees them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from schemas.envelope import Envelope
from streams.errors import Unavailable
from streams.ports import JournalEntry, Outgoing, Record

_offsets = count()


class MemoryPublisher:
    """Implements `streams.ports.Publisher`; ``down`` makes that many calls fail."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.down = 0

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.down:
            self.down -= 1
            raise Unavailable("Kafka does not answer")
        self.records.extend(records)

    def on(self, topic: str) -> list[Outgoing]:
        return [record for record in self.records if record.topic == topic]


class Counting:
    """Implements `streams.runtime.stage.Observer`."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self.failures: list[tuple[str, str, str]] = []

    def ended(self, entry: JournalEntry, seconds_since_receipt: float) -> None:
        self.entries.append(entry)

    def stage_took(self, stage: str, seconds: float) -> None:
        self.seconds = seconds

    def failed(self, stage: str, target: str, error: str) -> None:
        self.failures.append((stage, target, error))


def envelope(receipt_id: str = "r1", **changes: object) -> Envelope:
    values: dict[str, object] = {
        "receipt_id": receipt_id,
        "connection": "web",
        "system": "magento",
        "entity": "order",
        "native_id": "42",
        "received_ms": 1_795_521_600_000,
        "subject": "000000042",
        "flow": "order",
    }
    return Envelope(**{**values, **changes})  # type: ignore[arg-type]


def record(value: bytes, headers: Envelope | None = None, *, key: str = "web:order:42", topic: str = "t") -> Record:
    """A record at the next offset; without headers it has no envelope."""
    made = tuple(headers.to_headers()) if headers is not None else ()
    return Record(topic, 0, next(_offsets), key.encode(), value, made, 1_795_521_600_000)
