"""What a replay would do: the stage's own handler on the real systems, where reads pass and nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.clock import SystemClock
from app.handlers import Tools, deliver_handler, engine_of, normalize_handler
from app.health import Readiness
from app.http import Request
from app.parts import Parts
from app.settings import Settings
from app.store import HeldEvent, Store
from app.store.agreements import SqlAgreements
from app.store.applied import SqlApplied
from app.store.guards import SqlGuards
from app.store.ledger import SqlLedger
from app.store.links import SqlLinks
from app.store.writes import SqlOpenWrites
from app.store.written_stock import SqlWrittenStock
from app.systems import Systems, Web
from schemas.envelope import Envelope
from schemas.ids import Ref
from streams import groups
from streams.channels import Channels
from streams.customer.agreement import Agreement
from streams.deliver.create_once import Call
from streams.deliver.effect import Effects
from streams.deliver.operations import Operation
from streams.metrics import Metrics
from streams.ports import (
    Clock,
    EffectDone,
    EffectKey,
    EffectState,
    Fenced,
    GuardKind,
    Intent,
    KeptAgreement,
    LedgerRow,
    OpenWrite,
    Outgoing,
    Proposed,
    Revision,
    SourceItem,
    Verdict,
    WebStock,
)
from streams.ports.guards import NO_AGES
from streams.runtime.work import Arrival, Handler, Work


class _Stop(Exception):
    """A call that creates something was noted; what would come after it is not known."""


def unwritten(store: Store, clock: Clock) -> Store:
    """A store that is read, and in which deliveries change nothing."""
    return replace(
        store,
        agreements=_Agreements(store.database),
        links=_Links(store.database, clock),
        applied=_Applied(store.database),
        writes=_Writes(store.database),
        ledger=_Ledger(store.database, clock),
        guards=_Guards(store.database, clock),
        written_stock=_WrittenStock(store.database, clock),
    )


class DryRun:
    """Runs held events without an effect; `close` it at the end.

    Args:
        settings: name the systems, which are asked what they have.
        store: is read.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._calls: list[str] = []
        clock = SystemClock()
        parts = Parts(settings, "dry-run", clock, Metrics(), Readiness(), asyncio.Event())
        self._systems = _ReadOnly(settings, clock, parts.metrics, self._calls)
        self._tools = Tools(
            parts=parts,
            publisher=_Publisher(self._calls),
            store=unwritten(store, clock),
            systems=self._systems,
            engine=engine_of(settings),
            channels=Channels(settings.channels.values()),
            effects=self._effects,
        )

    def _effects(self, *given: Any, **named: Any) -> Effects:
        made = _Effects(*given, **named)
        made.calls = self._calls
        return made

    async def close(self) -> None:
        """Close the connections to the systems."""
        await self._systems.close()

    async def tell(self, event: HeldEvent, edited: bytes | None = None) -> list[str]:
        """What replaying the event would write, call by call, and how it would end.

        Args:
            event: the held event.
            edited: the body to process instead; the row's own edit counts if none is given.
        """
        row = replace(
            event.held, replays=event.held.replays + 1, edited=event.held.edited if edited is None else edited
        )
        record = row.record if row.edited is None else replace(row.record, value=row.edited)
        handler = self._handler(event)
        if event.group == groups.INVENTORY:  # its table is in its worker
            return ["reads the SKU in the point of sale, and publishes its stock"]
        if handler is None:
            return [f"waits: it is held for {event.group}, of which the settings have no connection"]
        self._calls.clear()
        try:
            arrival = Arrival(record, Envelope.from_headers(record.headers), row=row)
            entries = await handler.handle(Work(row.hold.stage, [arrival]))
        except _Stop:
            return list(self._calls)
        except Exception as error:  # noqa: BLE001 - whatever it is, the replay would meet it too
            return [*self._calls, f"and fails again with {type(error).__name__}: {error}"]
        return [*self._calls, *(f"and is {entry.outcome.value}: {entry.message}".rstrip(": ") for entry in entries)]

    def _handler(self, event: HeldEvent) -> Handler | None:
        """The handler of the event's group; None if there is none here."""
        tools = self._tools
        for target in self._settings.connections:
            if event.group == groups.deliver(target):
                return deliver_handler(target, tools)
        if event.group == groups.NORMALIZE:
            return normalize_handler(tools)
        return None


class _ReadOnly(Systems):
    """Connectors that note what they would write, and send none of it."""

    def __init__(self, settings: Settings, clock: SystemClock, metrics: Metrics, calls: list[str]) -> None:
        super().__init__(settings, clock, metrics, before_mutation=self._refuse)
        self._calls = calls

    def _refuse(self, request: Request) -> None:
        """Whatever a deliverer does, nothing that changes something leaves this process."""
        self._calls.append(f"{request.operation}: {request.subject}")
        raise _Stop

    @property
    def webs(self) -> Mapping[str, Web]:
        return {name: replace(web, stock=_WebStock(name, web.stock, self._calls)) for name, web in super().webs.items()}


class _Effects(Effects):
    """Notes what would be sent."""

    calls: list[str]

    async def set(self, operation: Operation, what: str, call: Callable[[], Awaitable[object]]) -> None:  # noqa: ARG002
        self.calls.append(f"{operation.name}: {what}")

    async def _make(self, call: Call) -> str:
        self.calls.append(f"{call.step.operation.name} in {call.key.target}: {call.step.sought}")
        raise _Stop


class _WebStock:
    def __init__(self, name: str, stock: WebStock, calls: list[str]) -> None:
        self._name = name
        self._stock = stock
        self._calls = calls
        self.most_skus = stock.most_skus
        self.begin, self.known_skus, self.list_source_items = stock.begin, stock.known_skus, stock.list_source_items

    async def write_source_items(self, items: Sequence[SourceItem], *, began: float | None = None) -> None:  # noqa: ARG002
        told = ", ".join(f"{item.sku} {item.source} {item.quantity}" for item in items)
        self._calls.append(f"write_source_items in {self._name}: {told}")


class _Publisher:
    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self._calls += [f"publish to {record.topic}: {record.key.decode('utf-8', 'replace')}" for record in records]


class _Agreements(SqlAgreements):
    async def keep(self, account: Ref, agreement: Agreement, *, after: int) -> KeptAgreement:  # noqa: ARG002
        """Nothing is kept."""
        return KeptAgreement(agreement, after + 1)


class _Links(SqlLinks):
    async def insert(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        """Nothing is linked."""
        return one, other


class _Applied(SqlApplied):
    async def put(self, target: str, revisions: Mapping[Ref, Revision]) -> None:
        """Nothing is applied."""


class _Writes(SqlOpenWrites):
    async def open(self, target: str, intents: Collection[Intent], settle: timedelta) -> Mapping[Ref, OpenWrite]:  # noqa: ARG002
        """Nothing is opened."""
        return {intent.entity: OpenWrite(0, intent.entity, intent.receipt_id) for intent in intents}

    async def landed(self, target: str, write: OpenWrite, revision: Revision | None) -> None:
        """Nothing was written."""

    async def withdraw(self, writes: Collection[OpenWrite]) -> None:
        """Nothing was opened."""


class _Guards(SqlGuards):
    async def judge(
        self,
        kind: GuardKind,  # noqa: ARG002
        target: str,  # noqa: ARG002
        proposed: Sequence[Proposed],
        population: int,  # noqa: ARG002
    ) -> Mapping[str, Verdict]:
        """Nothing counts: what one event would write alone, no guard stops."""
        return {change.sku: Verdict(passes=True) for change in proposed}


class _WrittenStock(SqlWrittenStock):
    async def keep(
        self, target: str, stock: Mapping[str, Mapping[str, Decimal]], ages: Mapping[str, timedelta] = NO_AGES
    ) -> None:
        """Nothing was written."""


class _Ledger(SqlLedger):
    async def begin(
        self, key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle: timedelta
    ) -> LedgerRow:
        row = await self.get(key)
        if (row.epoch if row else 0) != after_epoch or (row and not row.may_begin):
            raise Fenced(f"{key} has moved on from epoch {after_epoch}")
        return LedgerRow(
            key=key,
            state=EffectState.PENDING,
            owner=owner,
            epoch=after_epoch + 1,
            request_hash=request_hash,
            settle_until=datetime.now(UTC) + settle,
            settled=False,
            sends=1,
        )

    async def reopen(self, key: EffectKey, *, epoch: int) -> None:
        """Nothing was begun."""

    async def finish(self, done: EffectDone) -> None:
        """Nothing was made."""

    def note_announced(self, key: EffectKey) -> None:
        """Nothing was announced."""
