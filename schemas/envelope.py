"""The envelope: what travels in Kafka headers, so that routing never parses a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

SCHEMA_VERSION = 1
"""Version of the envelope that this code writes and can read. A canonical body carries the version of its own shape."""


class Via(StrEnum):
    """How an event came in."""

    WEBHOOK = "webhook"
    POLL = "poll"
    STAGE = "stage"
    """Made by a stage of the pipeline: a confirmation, or a stock hint that a sale causes."""
    READ_AGAIN = "read_again"
    """Read because nobody knew how things stand: two tellings of one time differed, a write may have landed late, or a
    repair wants to know. It counts."""
    BACKFILL = "backfill"
    """Published by a backfill, which a person approved."""


class Kind(StrEnum):
    """Whether a canonical event tells news or confirms an effect. A confirmation is never itself confirmed."""

    EVENT = "event"
    CONFIRMATION = "confirmation"


class EnvelopeError(ValueError):
    """The headers of a record do not make an envelope."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """What a backfill was approved for. An event that it causes carries it too, however far down.

    Attributes:
        flow: the one flow that it is for; to others its events are like any that come late.
        since_ms: what happened then or later may be written, also if that is before the cutover; milliseconds since the
            epoch.
    """

    flow: str
    since_ms: int

    @property
    def since(self) -> datetime:
        """As a moment."""
        return datetime.fromtimestamp(self.since_ms / 1000, UTC)

    def __str__(self) -> str:
        """As a header: ``1700000000000 order``."""
        return f"{self.since_ms} {self.flow}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the header. Raises ValueError."""
        since_ms, _, flow = text.partition(" ")
        return cls(flow, int(since_ms))


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of one record.

    Attributes:
        receipt_id: given at the door, for accounting. A fan-out child has its parent's id, a dot and a suffix.
        connection: where the event came from.
        system: ``magento`` or ``heartland``.
        entity: ``order``, ``inventory``, ``order_status``, ``stock`` ...
        native_id: the id in the source system; empty if the body has none.
        received_ms: when the door took it, milliseconds since the epoch. Latency is measured from here.
        via: webhook, poll, backfill or stage.
        kind: event or confirmation.
        subject: what a person calls it: the order number or the SKU. Empty until known.
        flow: id of the flow document that made a canonical event; empty on raw topics.
        target: the connection that a canonical event is for, which alone says how it ended; several read its topic.
            Empty for whoever reads it.
        backfill: the backfill that it comes of; None for what happens by itself.
        known: what was known of the entity by whoever asked for it to be read again, in their own words: whether the
            reading is newer than what they know by then. Empty for everything else.
        schema_version: version of the envelope.
    """

    receipt_id: str
    connection: str
    system: str
    entity: str
    native_id: str
    received_ms: int
    via: Via = Via.WEBHOOK
    kind: Kind = Kind.EVENT
    subject: str = ""
    flow: str = ""
    target: str = ""
    backfill: Backfill | None = None
    known: str = ""
    schema_version: int = SCHEMA_VERSION

    @property
    def is_child(self) -> bool:
        """True for a fan-out child, which has an equation of its own."""
        return is_child(self.receipt_id)

    def is_for(self, connection: str) -> bool:
        """Whether that connection shall be told; what names none is for whoever reads it."""
        return is_for(self.target, connection)

    def child(
        self,
        suffix: str,
        *,
        entity: str,
        native_id: str,
        kind: Kind = Kind.EVENT,
        subject: str | None = None,
        flow: str | None = None,
        target: str = "",
    ) -> Envelope:
        """The envelope of an event that this one causes: same root receipt, same clock, its own id.

        ``subject`` and ``flow`` are this one's if not given.
        """
        return Envelope(
            receipt_id=f"{self.receipt_id}.{suffix}",
            connection=self.connection,
            system=self.system,
            entity=entity,
            native_id=native_id,
            received_ms=self.received_ms,
            via=Via.STAGE,
            kind=kind,
            subject=self.subject if subject is None else subject,
            flow=self.flow if flow is None else flow,
            target=target,
            backfill=self.backfill,
            schema_version=self.schema_version,
        )

    def to_headers(self) -> list[tuple[str, bytes]]:
        """As Kafka headers; every value is UTF-8."""
        return [
            ("receipt-id", self.receipt_id.encode()),
            ("connection", self.connection.encode()),
            ("system", self.system.encode()),
            ("entity", self.entity.encode()),
            ("native-id", self.native_id.encode()),
            ("received-ms", b"%d" % self.received_ms),
            ("via", self.via.encode()),
            ("kind", self.kind.encode()),
            ("subject", self.subject.encode()),
            ("flow", self.flow.encode()),
            ("target", self.target.encode()),
            ("schema-version", b"%d" % self.schema_version),
            *([("backfill", str(self.backfill).encode())] if self.backfill else []),
            *([("known", self.known.encode())] if self.known else []),
        ]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]] | Mapping[str, bytes]) -> Envelope:
        """Read Kafka headers; unknown ones are ignored, the last of a repeated one counts.

        Raises:
            EnvelopeError: a header is missing or unreadable; the message names it.
        """
        found = {name: value.decode("utf-8", "replace") for name, value in dict(headers).items()}
        try:
            return cls(
                receipt_id=found["receipt-id"],
                connection=found["connection"],
                system=found["system"],
                entity=found["entity"],
                native_id=found["native-id"],
                received_ms=int(found["received-ms"]),
                via=Via(found["via"]),
                kind=Kind(found["kind"]),
                subject=found.get("subject", ""),
                flow=found.get("flow", ""),
                target=found.get("target", ""),
                backfill=Backfill.parse(found["backfill"]) if "backfill" in found else None,
                known=found.get("known", ""),
                schema_version=int(found["schema-version"]),
            )
        except KeyError as error:
            raise EnvelopeError(f"the header {error.args[0]!r} is missing") from error
        except ValueError as error:
            raise EnvelopeError(f"a header is unreadable: {error}") from error


def receipt_id(now_ms: int, entropy: bytes) -> str:
    """A receipt id: ``r`` + 12 hex digits of time + 20 of chance, so that ids sort by time.

    Args:
        now_ms: milliseconds since the epoch.
        entropy: ten random bytes.
    """
    return f"r{now_ms:012x}{entropy[:10].hex()}"


def place_id(topic: str, partition: int, offset: int) -> str:
    """The id under which a record is accounted that has no envelope: its place in Kafka."""
    return f"{topic}-{partition}-{offset}".replace(".", "-")


def is_for(target: str, connection: str) -> bool:
    """Whether an event with that target is for a connection; without one it is for whoever reads it."""
    return target in ("", connection)


def is_child(receipt_id: str) -> bool:
    """True for the id of a fan-out child, which has an equation of its own."""
    return "." in receipt_id


def root_of(receipt_id: str) -> str:
    """The receipt that the door gave, also for a child's id."""
    return receipt_id.partition(".")[0]


def received_ms_of(receipt_id: str) -> int:
    """When the door gave a receipt id, milliseconds since the epoch. Raises ValueError if it is not one of ours."""
    return int(receipt_id[1:13], 16)
