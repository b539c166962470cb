"""Inventory: every cause to look at a SKU becomes one reading of the point of sale and one canonical stock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Protocol

from schemas.canonical import LocationLevel, Stock, StockHint
from schemas.dead_letter import Documents
from schemas.documents import FlowDocument
from schemas.envelope import Envelope
from schemas.ids import Ref
from streams.channels import Channels
from streams.errors import Malformed, Rejected, Transient
from streams.inventory.age import age_headers, oldest_change
from streams.inventory.formula import Formula, source_quantities
from streams.inventory.oversell import oversells
from streams.inventory.table import SkuState
from streams.keys import connection_in
from streams.ports import Clock, JournalEntry, Outcome, Outgoing, Oversells, Publisher, Record, StockLevels
from streams.runtime.batch import Batcher
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival, Work
from streams.topics import CANONICAL_STOCK

SKUS_IN_A_READ = 100
"""SKUs in one read; the most that `/v1/inventory` takes in its filter (schemas/heartland/openapi.yaml)."""

NO_FORMULAS: Mapping[str, Formula] = MappingProxyType({})

LATELY = timedelta(seconds=30)
"""How long a list may lag behind what was told of a SKU, or read from it, before the SKU counts as missing."""


class SkuTable(Protocol):
    """The Faust table of the inventory role: what web orders hold of a SKU, by `connection:SKU`."""

    def get(self, key: str) -> bytes | None:
        """The state of a SKU of an owned partition."""
        ...

    def put(self, key: str, value: bytes, record: Record, *, instead_of: bytes | None) -> None:
        """Keep the state, made from what `get` gave; the changelog partition is the record's.

        Raises:
            Unavailable: another worker has the partition, or has written in the meantime.
        """
        ...

    async def settled(self, record: Record) -> None:
        """Wait until what was put for the record is durable. Raises if it is not, and takes it back."""
        ...


class InventoryHandler:
    """Handler of `streams/runtime/stage.py`; its lanes coalesce, so it gets all queued hints of a SKU at once.

    Only the owner of a SKU's partition reads it, one reading at a time, so the order of reading is the version. What
    the table remembers is durable before the stock goes on: neither a version nor what a held hint told is lost.

    Args:
        levels: the stock of each point-of-sale connection.
        oversells: where what is sold twice waits for a person.
        channels: which web stores each of them is joined to.
        flow: the flow document that stock follows, which has no mapping in this stage.
        formulas: by web store, where it is not that of sources.
    """

    def __init__(
        self,
        table: SkuTable,
        levels: Mapping[str, StockLevels],
        publisher: Publisher,
        oversells: Oversells,
        clock: Clock,
        *,
        channels: Channels,
        flow: FlowDocument,
        formulas: Mapping[str, Formula] = NO_FORMULAS,
    ) -> None:
        self._table = table
        self._publisher = publisher
        self._oversells = oversells
        self._clock = clock
        self._channels = channels
        self._flow = flow
        self._formulas = formulas
        self._read: dict[str, Batcher[str, Sequence[LocationLevel] | None]] = {
            connection: Batcher(_reader(source), most=SKUS_IN_A_READ) for connection, source in levels.items()
        }

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        """Take in what the hints tell, read the SKU, publish its stock."""
        work.flow, work.documents = self._flow.id, Documents(self._flow.version)
        hints = [entity_of(arrival, StockHint) for arrival in work.arrivals]
        sku, key = hints[-1].sku, work.last.key
        work.subject = sku
        connection = connection_in(work.last.record.key)
        work.target = connection
        if connection not in self._read:
            raise Malformed(f"hint for '{key}': no point of sale is called '{connection}' in the settings")
        kept = self._table.get(key)
        before = SkuState.from_json(kept)
        state = _with_hints(before, hints)
        webs = self._channels.webs_of(connection)
        if not webs:
            await self._keep(state, kept, work.last)
            told = f"no channel joins {connection} with a web store, so nobody takes its stock"
            return _filtered(work, self._clock.now(), told)
        work.step = "levels"
        read_at = state.next_reading(self._clock.now())
        levels = await self._read[connection].submit(sku)
        if levels is None:
            await self._keep(state, kept, work.last)
            seen = state.seen_at
            if seen is not None and self._clock.now() - seen < LATELY:
                raise Transient(
                    f"{connection} told of '{sku}' at {seen:%H:%M:%S} UTC, and its list does not show it: it lags, and "
                    "is read again.",
                    code="lagging",
                )
            if state.read_at is not None:
                raise _vanished(connection, sku, state.read_at)
            return _filtered(work, read_at, f"{connection} does not know '{sku}'")
        behind = state.lagging(levels)
        if behind:
            raise Transient(
                f"{connection} shows '{sku}' at {behind} from before a change that it has told of; it is read again.",
                code="lagging",
            )
        for level in levels:
            state = state.knows_change(level.location, level.updated_at)
        state = state.counted(levels)
        await self._note(work, state, read_at, levels, kept)
        carrier = _carrier(work.arrivals)
        age = age_headers(oldest_change(before, hints, levels))
        outgoing = [
            Outgoing(
                CANONICAL_STOCK,
                carrier.record.key,
                self._stock(Ref(connection, "sku", sku), envelope.target, state, levels, read_at),
                [*envelope.to_headers(), *age],
            )
            for envelope in _envelopes(carrier, work, webs)
        ]
        await self._publisher.publish(outgoing)
        return [self._entry(work, arrival, carrier, webs) for arrival in work.arrivals]

    def blocks(self, work: Work) -> bool:  # noqa: ARG002 - the answer is the same for every hint
        """A hint that failed decides nothing for later ones: each of them reads again."""
        return False

    def _stock(self, ref: Ref, web: str, state: SkuState, levels: Sequence[LocationLevel], read_at: datetime) -> bytes:
        """What a web store's sources, or its stock item, shall hold."""
        buffers = self._channels.buffers_between(pos=ref.connection, web=web)
        locations = self._formulas.get(web, source_quantities)(state, levels, buffers)
        stock = Stock(ref=str(ref), sku=ref.native_id, read_at=read_at, locations=locations, moved=state.moved)
        return stock.model_dump_json().encode()

    async def _note(
        self, work: Work, state: SkuState, read_at: datetime, levels: Sequence[LocationLevel], kept: bytes | None
    ) -> None:
        """Keep the reading and what it shows to be oversold.

        The table says that something is before the store does, and that nothing is after it: so what a crash leaves
        undone between them the next reading does.
        """
        found = oversells(state, levels)
        told = partial(self._oversells.keep, work.target, work.subject, found, read_at)
        if state.oversold and not found:
            await told()
        await self._keep(replace(state, oversold=bool(found), read_at=read_at), kept, work.last)
        if found:
            await told()

    async def _keep(self, state: SkuState, kept: bytes | None, arrival: Arrival) -> None:
        """Durable on return. A state that says no more than what is kept is not written."""
        if state != SkuState.from_json(kept):
            self._table.put(arrival.key, state.to_json(), arrival.record, instead_of=kept)
            await self._table.settled(arrival.record)

    def _entry(self, work: Work, arrival: Arrival, carrier: Arrival, webs: Sequence[str]) -> JournalEntry:
        if arrival is carrier:
            children = [_suffix(web) for web in webs[1:]]
            return work.entry(arrival, Outcome.PASSED, self._clock.now(), children=children)
        told = "one reading served several causes"
        return work.entry(arrival, Outcome.SUPERSEDED, self._clock.now(), told)


def _with_hints(state: SkuState, hints: Iterable[StockHint]) -> SkuState:
    """What is known of a SKU after those hints, in their order."""
    for hint in hints:
        state = state.knows_change(hint.location, hint.changed_at).told(hint.selling)
        if hint.units is not None:
            state = state.apply(hint.units)
    return state


def _filtered(work: Work, at: datetime, why: str) -> list[JournalEntry]:
    """The same end for all that came."""
    return [work.entry(arrival, Outcome.FILTERED, at, why) for arrival in work.arrivals]


def _vanished(connection: str, sku: str, read_at: datetime) -> Rejected:
    """A SKU that is missing from an answer, and was in one before, is never taken for zero stock."""
    return Rejected(
        f"{connection} had '{sku}' when it was read at {read_at:%Y-%m-%d %H:%M} UTC, and its answer of now does not "
        f"have it. Nothing is written, the web store keeps its stock. See whether {connection} lists its goods as "
        "usual; if so, replay this. If the SKU is gone for good, take it off sale in the web store, then discard this.",
        code="sku_vanished",
        blocks=False,
    )


def _reader(
    source: StockLevels,
) -> Callable[[Sequence[str]], Awaitable[Sequence[Sequence[LocationLevel] | None]]]:
    async def read(skus: Sequence[str]) -> Sequence[Sequence[LocationLevel] | None]:
        found = await source.levels(set(skus))
        return [found.get(sku) for sku in skus]

    return read


def _carrier(arrivals: Sequence[Arrival]) -> Arrival:
    """The arrival whose receipt goes on: the newest one from the door, else the newest child."""
    from_the_door = [arrival for arrival in arrivals if not arrival.envelope.is_child]
    return (from_the_door or list(arrivals))[-1]


def _envelopes(carrier: Arrival, work: Work, webs: Sequence[str]) -> list[Envelope]:
    """One for each web store: the first has the carrier's receipt, the others are children, so that each ends."""
    oldest = min(arrival.envelope.received_ms for arrival in work.arrivals)
    first = replace(
        carrier.envelope,
        entity="stock",
        native_id=work.subject,
        subject=work.subject,
        flow=work.flow,
        target=webs[0],
        received_ms=oldest,
    )
    return [first, *(first.child(_suffix(web), entity="stock", native_id=work.subject, target=web) for web in webs[1:])]


def _suffix(web: str) -> str:
    return f"to-{web}"
