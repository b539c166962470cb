"""Stock into the web store: absolute, batched over SKUs, the latest reading wins.

A write that got no answer, or that another worker sent, may land after a newer one. So every write is opened in the
store before it is sent, and while one of a SKU is open beside another nothing counts as unchanged. When all have had
their time, `streams/deliver/doubts.py` has the SKU read again, and what it has then is written once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from schemas.canonical import Stock, StockHint
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.deliver.desk import Desk
from streams.deliver.late_writes import intent_of
from streams.deliver.operations import CREATE_PRODUCT
from streams.deliver.stock_guard import StockChange, StockGuard
from streams.deliver.stopped import AlreadyHeld
from streams.errors import PROVABLY_NOT_DONE, Malformed, Transient
from streams.hints import stock_hint
from streams.inventory.age import changed_at
from streams.launch.cutover import Standing
from streams.ports import (
    EffectKey,
    Intent,
    JournalEntry,
    OpenWrite,
    OpenWrites,
    Outcome,
    Revision,
    SourceItem,
    WebStock,
)
from streams.runtime.batch import Batcher
from streams.runtime.body import entity_of
from streams.runtime.lanes import NotDone
from streams.runtime.work import Arrival, Work
from streams.sale.revision import stock_revision

SKUS_IN_A_LOOK = 100
"""SKUs that the store is asked about in one call."""
SKUS_IN_A_CALL = 250
"""SKUs written in one call. Magento refuses more where its ``complex_array_limit`` says so; they are halved."""
PACE_SECONDS = 1.0
"""From one write to the next while stock changes everywhere, unless so many SKUs wait: each write makes Magento index
again, and takes about as long for one SKU as for many. What changes alone is written at once."""

KNOWN_FOR = timedelta(hours=1)
"""How long a SKU is taken to be a product without asking: it may be deleted, and Magento says nothing then."""


@dataclass(frozen=True, slots=True)
class _Write:
    """What a SKU's sources shall hold."""

    intent: Intent
    items: Sequence[SourceItem]
    changed_at: datetime | None
    """When its stock changed in the point of sale; None if that is not known."""


class StockDelivery:
    """Operation ``write_source_items``: a SKU's stock becomes source items. A set-state: safe to repeat.

    Args:
        desk: of the target.
        stock: the target's.
        writes: where writes are open until nothing can come of them any more.
        guard: asked before each batch.
        settle: how long that takes for one that got no answer.
        tell_age: told how old each SKU's stock was when the target got it, in seconds.
    """

    blocks = False

    def __init__(
        self,
        desk: Desk,
        stock: WebStock,
        writes: OpenWrites,
        guard: StockGuard,
        *,
        settle: timedelta,
        tell_age: Callable[[float], None] = lambda _age: None,
    ) -> None:
        self._desk = desk
        self._stock = stock
        self._writes = writes
        self._guard = guard
        self._settle = settle
        self._tell_age = tell_age
        self._known: dict[str, datetime] = {}
        self._lookup: Batcher[str, bool] = Batcher(self._ask_known, most=SKUS_IN_A_LOOK)
        self._writer: Batcher[_Write, OpenWrite] = Batcher(
            self._write, most=stock.most_skus, identity=lambda write: write.intent.entity, pace=PACE_SECONDS
        )

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry:
        """Deliver one SKU's stock. Raises NotDone if another worker has claimed its partition."""
        desk = self._desk
        stock = entity_of(arrival, Stock)
        ref = Ref.parse(stock.ref)
        work.subject = stock.sku
        channels = desk.channels.between(pos=ref.connection, web=desk.target)
        if not channels:
            told = f"no channel joins {ref.connection} with {desk.target} any more"
            return work.entry(arrival, Outcome.FILTERED, desk.clock.now(), told)
        stands = await desk.standing(work, arrival, stock, ref.connection)
        if stands is Standing.BEFORE:
            return desk.left(work, arrival)
        if arrival.row is not None and arrival.row.replays and arrival.row.edited is None:
            return await self._read_again(work, arrival, stock)
        revision = stock_revision(stock)
        last = await self._writes.last_applied(desk.target, ref)
        applied = last.revision
        if applied is not None and applied.updated_at > revision.updated_at:
            return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), "an older reading")
        if applied is not None and applied.content == revision.content and not last.doubtful:
            return await desk.unchanged(work, arrival, ref, revision, applied, "the store has these quantities")
        items = await self._items(work, stock, channels)
        if not items:
            told = f"no source of {desk.target} is mapped to its locations (channels.*.sources)"
            return work.entry(arrival, Outcome.FILTERED, desk.clock.now(), told)
        if not await self._sells(work, ref, items[0].sku):
            told = f"{desk.target} does not sell '{items[0].sku}'"
            return work.entry(arrival, Outcome.FILTERED, desk.clock.now(), told)
        return await self._set(work, arrival, ref, revision, items, stands)

    async def _set(
        self,
        work: Work,
        arrival: Arrival,
        ref: Ref,
        revision: Revision,
        items: Sequence[SourceItem],
        stands: Standing,
    ) -> JournalEntry:
        """Set the SKU's source items."""
        desk = self._desk
        work.step = "write_source_items"
        told = ", ".join(f"{item.source} {item.quantity}" for item in items)
        held_back = desk.held_back(work, arrival, stands, f"set {told}")
        if held_back is not None:
            return held_back
        try:
            intent = intent_of(desk.target, arrival, ref)
            write = await self._writer.submit(_Write(intent, items, changed_at(arrival.record.headers)))
        except AlreadyHeld as known:
            return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), str(known))
        await self._writes.landed(desk.target, write, revision)
        return work.entry(arrival, Outcome.DELIVERED, desk.clock.now(), told)

    def newest(self, arrivals: Sequence[Arrival]) -> Arrival:
        """The one with the newest reading: after a hand-over an older one may have been published later."""
        return max(arrivals, key=_read_at)

    async def _read_again(self, work: Work, arrival: Arrival, stock: Stock) -> JournalEntry:
        """What a person replays may be days old: the point of sale is read again instead of writing it."""
        desk, row = self._desk, arrival.row
        connection = Ref.parse(stock.ref).connection
        suffix = f"again{row.replays if row else 0}"
        envelope = arrival.envelope.child(suffix, entity="stock_hint", native_id=stock.sku, subject=stock.sku)
        await desk.publisher.publish([stock_hint(connection, StockHint(sku=stock.sku, cause="poll"), envelope)])
        told = f"replayed: {connection} is read again, and what it has now is written"
        return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), told, children=[suffix])

    async def _items(self, work: Work, stock: Stock, channels: Sequence[Channel]) -> list[SourceItem]:
        sources = {location: source for channel in channels for location, source in channel.sources.items()}
        ref = Ref.parse(stock.ref)
        alias = (await self._desk.links.find([Ref(ref.connection, "sku", ref.native_id)], self._desk.target)).values()
        sku = next((other.native_id for other in alias), stock.sku)
        document = self._desk.mapper.map_out(work.flow, stock.model_dump(mode="json"), {"sources": sources, "sku": sku})
        rows = cast("Sequence[Mapping[str, object]]", document["items"])
        return [SourceItem(str(row["sku"]), str(row["source"]), Decimal(str(row["quantity"]))) for row in rows]

    async def _sells(self, work: Work, ref: Ref, sku: str) -> bool:
        """Whether the store sells it.

        Raises:
            Transient: the product flow made it there just now, after which its stock is told once, and the list does
                not show it yet.
        """
        work.step = "known_skus"
        if self._knows(sku) or await self._lookup.submit(sku):
            return True
        made = EffectKey(self._desk.target, CREATE_PRODUCT.name, Ref(ref.connection, "product", ref.native_id))
        if not await self._desk.effects.may_be_made(made):
            return False
        if await self._desk.effects.may_show_later(made):
            raise Transient(
                f"{self._desk.target} was sent '{sku}' as a new product, and its list does not show it: it may lag, "
                "and is asked again.",
                code="lagging",
            )
        return await self._lookup.submit(sku)  # the look before may have been too early to count

    def _knows(self, sku: str) -> bool:
        asked = self._known.get(sku)
        return asked is not None and self._desk.clock.now() - asked < KNOWN_FOR

    async def _ask_known(self, skus: Sequence[str]) -> Sequence[bool]:
        asked = self._desk.clock.now()
        known = await self._stock.known_skus(skus)
        self._known |= dict.fromkeys(known, asked)
        return [sku in known for sku in skus]

    async def _write(self, batch: Sequence[_Write]) -> Sequence[OpenWrite | Exception]:
        """Open the writes that no guard stops, and send them. One whose outcome is unknown stays open."""
        stopped = await self._guard.stopped([StockChange(write.intent.receipt_id, write.items) for write in batch])
        free = [write for write, problem in zip(batch, stopped, strict=True) if problem is None]
        sent = await self._send(free) if free else {}
        return [
            problem or sent.get(write.intent.entity) or NotDone() for write, problem in zip(batch, stopped, strict=True)
        ]

    async def _send(self, batch: Sequence[_Write]) -> Mapping[Ref, OpenWrite]:
        """The writes that were opened and answered."""
        began = self._stock.begin()  # before they are open: by then it is known when nothing can come of them
        opened = await self._writes.open(self._desk.target, [write.intent for write in batch], self._settle)
        items = [item for write in batch if write.intent.entity in opened for item in write.items]
        try:
            await self._stock.write_source_items(items, began=began)
        except PROVABLY_NOT_DONE:
            await self._writes.withdraw(opened.values())
            raise
        await self._guard.wrote(items, self._ages([write for write in batch if write.intent.entity in opened]))
        return opened

    def _ages(self, batch: Sequence[_Write]) -> Mapping[str, timedelta]:
        """How old the stock of each SKU was when the store got it; each is told."""
        now = self._desk.clock.now()
        ages = {
            write.items[0].sku: max(timedelta(), now - write.changed_at)
            for write in batch
            if write.changed_at is not None
        }
        for age in ages.values():
            self._tell_age(age.total_seconds())
        return ages


def _read_at(arrival: Arrival) -> tuple[bool, datetime]:
    """When its stock was read. What cannot be read is the oldest: it must not take readable stock with it."""
    try:
        return True, entity_of(arrival, Stock).read_at
    except Malformed:
        return False, datetime.max.replace(tzinfo=UTC)
