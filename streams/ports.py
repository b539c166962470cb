"""What the pipeline needs from outside, as Protocols, and the values that pass through them.

`app/` implements them; `app/roles.py` is the only place where ports meet their implementations. Every port has one
contract suite in `tests/contract/`, run against each implementation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from schemas.canonical import LocationLevel
from schemas.ids import Ref


class Clock(Protocol):
    """The time, injected so that tests own it."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a test's clock returns at once and moves itself on."""
        ...


# -- Kafka ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record as a stage sees it: raw bytes, routing in the headers."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Publisher(Protocol):
    """Writes to Kafka; returns only when the broker has acknowledged with ``acks=all``."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish all, in order per key. Raises Unavailable if the broker did not acknowledge."""
        ...


# -- Journal ----------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What a stage did with a receipt. The first five end it."""

    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    FILTERED = "filtered"
    DISCARDED = "discarded"
    PASSED = "passed"
    """Handed on to the next stage."""
    PARKED = "parked"
    """Held for a time or a link; it goes on by itself."""
    IN_REVIEW = "in_review"
    """Held for a person."""
    RELEASED = "released"
    """A hold ended and the receipt goes on."""

    @property
    def ends(self) -> bool:
        """True if nothing more happens to the receipt."""
        return self in _FINAL


_FINAL = frozenset(
    {Outcome.DELIVERED, Outcome.SUPERSEDED, Outcome.UNCHANGED, Outcome.FILTERED, Outcome.DISCARDED},
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of a receipt's story.

    Attributes:
        stage: package in `streams/` (``normalize``, ``inventory``, ``deliver``).
        flow: id of the flow document (`streams/flows/<flow>.yaml`).
        step: the port's method, and the function in `app/<system>/`; empty where no call was made.
        target: connection that was written to; empty before deliver.
        subject: order number or SKU.
        aggregate: canonical key.
        error: class name in `streams/errors.py`, empty if none.
        message: what happened and what to do next, for the operator.
        topic, partition, offset: the record that caused it.
    """

    receipt_id: str
    at: datetime
    stage: str
    outcome: Outcome
    flow: str = ""
    step: str = ""
    target: str = ""
    subject: str = ""
    aggregate: str = ""
    error: str = ""
    message: str = ""
    topic: str = ""
    partition: int = -1
    offset: int = -1


class Journal(Protocol):
    """Keeps what became of each receipt. The first final outcome of a receipt stays; a repeat is dropped."""

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        """Return when the entries are durable. Writers in one process share a batch."""
        ...


# -- Held events ------------------------------------------------------------------------------------------------


class HoldReason(StrEnum):
    """What a held event waits for."""

    TIME = "time"
    LINK = "link"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Hold:
    """A decision to hold a record.

    Attributes:
        key: the aggregate, or the record's key before that is known. Later records of it queue behind.
        due_at: when to try again; None for a person or a link.
        waits_for: ref whose link makes it due; also with a person, if an alias releases it.
        blocks: later events of the key wait behind it. False after a dead set-state.
        error, message: for the operator.
    """

    key: str
    reason: HoldReason
    stage: str
    receipt_id: str
    subject: str = ""
    flow: str = ""
    step: str = ""
    target: str = ""
    due_at: datetime | None = None
    waits_for: Ref | None = None
    blocks: bool = True
    attempts: int = 0
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record in the held table. ``seq`` orders the records of a key."""

    seq: int
    hold: Hold
    record: Record
    held_at: datetime


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key with held records, where later ones must queue behind."""

    topic: str
    partition: int
    key: str


class Held(Protocol):
    """Events that wait, in order per key. Unique on (topic, partition, offset) per consumer group ``group``."""

    async def hold(self, group: str, record: Record, hold: Hold) -> None:
        """Insert, or update the row of the same record. Durable on return.

        If ``waits_for`` is linked already by the time of the transaction, the row is due at once.
        """
        ...

    async def blocked(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[HeldKey]:
        """Keys behind which later records must queue."""
        ...

    async def due(
        self, group: str, topic: str, partitions: Collection[int], now: datetime, limit: int
    ) -> Sequence[HeldRecord]:
        """The lowest-seq record of each key, where it is due (``due_at`` ≤ now); non-blocking rows too."""
        ...

    async def remove(self, group: str, record: Record) -> bool:
        """Delete the record's row after it ended. True if its key still has blocking rows."""
        ...


# -- Links, applied revisions, ledger ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """A version of an entity: when the source says it changed, and a hash of what we map of it."""

    updated_at: datetime
    content: str


class Links(Protocol):
    """Which entity of one connection is which of another. SKU aliases are links of type ``sku``."""

    async def find(self, refs: Collection[Ref], connection: str) -> Mapping[Ref, Ref]:
        """The counterparts in ``connection`` of those refs that have one, in either direction."""
        ...

    async def insert(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        """Insert or get: returns the pair as it stands. Makes everything that waits for either ref due."""
        ...


class AppliedRevisions(Protocol):
    """The last revision applied to a target, the one place that decides stale and unchanged."""

    async def get(self, target: str, entities: Collection[Ref]) -> Mapping[Ref, Revision]:
        """The last applied revision of each entity that has one."""
        ...

    async def put(self, target: str, revisions: Mapping[Ref, Revision]) -> None:
        """Record what has been applied; an older ``updated_at`` never replaces a newer one."""
        ...


@dataclass(frozen=True, slots=True)
class EffectKey:
    """Identity of a create-once effect, without flow or version, so that replays and new flows meet the same row."""

    target: str
    operation: str
    source: Ref


class EffectState(StrEnum):
    """State of a create-once effect."""

    PENDING = "pending"
    """May have been sent."""
    OPEN = "open"
    """Provably not done: never sent, or refused."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One create-once effect.

    Attributes:
        owner: the worker that began it last.
        epoch: rises with every begin; the fencing token.
        request_hash: hash of what was sent.
        target_id: id of what was made, when done.
        settle_until: a negative look-up counts only after this.
    """

    key: EffectKey
    state: EffectState
    owner: str
    epoch: int
    request_hash: str
    settle_until: datetime
    target_id: str = ""


@dataclass(frozen=True, slots=True)
class EffectDone:
    """What becomes durable together when an effect is done."""

    key: EffectKey
    epoch: int
    target_id: str
    link: tuple[Ref, Ref] | None = None
    applied: Mapping[Ref, Revision] = field(default_factory=dict)


class Fenced(Exception):
    """Another worker has begun this effect since we read its row; nothing may be sent."""


class Ledger(Protocol):
    """Create-once effects, kept so that one source document never makes two."""

    async def get(self, key: EffectKey) -> LedgerRow | None:
        """The row, or None if the effect was never begun."""
        ...

    async def begin(
        self, key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle_until: datetime
    ) -> LedgerRow:
        """Become pending with epoch ``after_epoch + 1``; durable on return, before the first byte leaves.

        Compare-and-set on the epoch (0 = no row yet). Raises Fenced if the row has moved on.
        """
        ...

    async def reopen(self, key: EffectKey, *, epoch: int) -> None:
        """The target provably did not act: pending becomes open. Raises Fenced if the epoch has moved on."""
        ...

    async def finish(self, done: EffectDone) -> None:
        """Record the effect, its link and its applied revision in one transaction; wakes what waits for the link.

        Finishing a row that is done with the same target id is a no-op. The epoch is not compared: what was made
        was made, whoever made it.
        """
        ...


# -- The two systems, in the shop's words -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A web order to be created in the point of sale.

    Attributes:
        public_id: the number it shall be found by.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
        total, currency, email, placed_on: by which a found order is recognised as the same.
    """

    public_id: str
    document: Mapping[str, object]
    total: Decimal
    currency: str
    email: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order as the point of sale shows it."""

    order_id: str
    number: str
    public_id: str
    status: str
    total: Decimal
    currency: str
    email: str
    placed_at: datetime | None
    updated_at: datetime


class Sales(Protocol):
    """The point of sale's order book."""

    async def create_order(self, draft: OrderDraft) -> SeenOrder:
        """Create it; sent once. Raises AliasMissing, Rejected, OutcomeUnknown, Transient, Unavailable, AuthFailed."""
        ...

    async def find_order(self, public_id: str) -> SeenOrder | None:
        """The order of that public id. More than one raises Rejected: a collision for a person."""
        ...


class OrderNotes(Protocol):
    """What the web store keeps on an order for us."""

    async def set_external_number(self, order_id: str, number: str) -> None:
        """Write the other system's number on the order (absolute; safe to repeat)."""
        ...

    async def add_comment(self, order_id: str, comment: str) -> str:
        """Add a comment that mails nobody; sent once. Returns its id, empty if the store names none."""
        ...

    async def find_comment(self, order_id: str, marker: str) -> str | None:
        """The id of the comment that contains ``marker``."""
        ...


@dataclass(frozen=True, slots=True)
class SourceItem:
    """Absolute stock of one SKU in one MSI source."""

    sku: str
    source: str
    quantity: Decimal


class WebStock(Protocol):
    """The web store's stock."""

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        """Set them, all or none. Absolute, so safe to repeat."""
        ...

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        """Those SKUs that are products of the store (Magento stores source items of unknown ones silently)."""
        ...


class StockLevels(Protocol):
    """The point of sale's stock."""

    async def levels(self, skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        """Levels of each SKU in every location. A SKU that the system does not know is left out; a partial
        answer raises Transient, so that it never looks like zero stock."""
        ...


class EntityReader(Protocol):
    """Reads one entity again, where an event is only a hint."""

    async def read(self, entity: str, native_id: str) -> bytes | None:
        """The entity's JSON, None if the system does not have it."""
        ...
