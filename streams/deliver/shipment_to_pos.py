"""A shipment that was packed in the web store, on its order in the point of sale."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical.shipment import Shipment, Track
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.aliases import aliases_between
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, SetState, Turn, Write
from streams.deliver.hashes import content_hash
from streams.deliver.linked import order_of
from streams.deliver.operations import APPEND_SHIPMENT, FULFIL_ORDER
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome
from streams.ports.fulfilment import ParcelDraft, PosShipments, SeenParcel
from streams.ports.orders import PosOrders
from streams.sale.marker import marker
from streams.sale.revision import shipment_revision

MAGENTO = "magento"


class PosShipmentPlanner:
    """``append_shipment`` for the goods and for each number that comes later, then ``fulfil_order`` once nothing of the
    order is left to ship."""

    model = Shipment
    blocks = False

    def __init__(self, desk: Desk, shipments: PosShipments, orders: PosOrders) -> None:
        self._desk = desk
        self._shipments = shipments
        self._orders = orders

    def about(self, entity: Shipment) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        return About(ref=ref, revision=shipment_revision(entity), subject=entity.sale_number, source=ref)

    async def plan(self, entity: Shipment, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        context = self._desk.channel_context(entity.channel)
        channel = Channel.model_validate(context)
        if channel.fulfilment.get(entity.location) != MAGENTO:
            why = f"goods of {entity.location} are packed in the point of sale (channels.{channel.name}.fulfilment)"
            return Nothing(Outcome.FILTERED, why, settled=True)
        order = await order_of(self._desk, entity.sale, entity.sale_number, f"shipment {entity.number}")
        notes = _Notes(self._desk, turn.work.flow, context, await self._aliases(entity))
        writes: list[Write] = [self._append(entity, order, notes)]
        told = f"shipment {entity.number} of order {entity.sale_number}"
        if entity.completes:
            what = f"order {order.native_id} is fulfilled"
            writes.append(SetState(FULFIL_ORDER, what, lambda: self._orders.fulfil_order(order.native_id)))
        return Plan(f"record {told}", f"recorded {told}", tuple(writes))

    async def _aliases(self, shipment: Shipment) -> dict[str, str]:
        web = Ref.parse(shipment.sale).connection
        return await aliases_between(self._desk.links, web, (line.sku for line in shipment.lines), self._desk.target)

    def _append(self, shipment: Shipment, order: Ref, notes: _Notes) -> CreateOnce:
        """The goods with the first number that is known by then, and behind them each number that they lack."""
        ref, target = Ref.parse(shipment.ref), self._desk.target
        draft = notes.draft(shipment, marker(shipment.ref))

        async def find(_before: Ids) -> str | None:
            found = await self._shipments.find_shipment(order.native_id, draft.marker)
            return None if found is None else _same(found, draft)

        async def send(_before: Ids) -> str:
            return (await self._shipments.append_shipment(order.native_id, draft)).shipment_id

        sought = f"a shipment of order {order.native_id} with '{draft.marker}'"
        goods = Step(APPEND_SHIPMENT, content_hash(draft.document), sought, send, find)
        return CreateOnce(
            EffectKey(target, APPEND_SHIPMENT.name, ref),
            (goods, *(self._number(shipment, track, order, notes) for track in shipment.tracks)),
            link=lambda ids: (ref, Ref(target, "shipment", f"{order.native_id}/{ids[0]}")),
        )

    def _number(self, shipment: Shipment, track: Track, order: Ref, notes: _Notes) -> Step:
        """An entry without goods: one that is recorded stays as it is, so its number cannot be put in later."""
        mark = marker(shipment.ref, track.number)
        draft = notes.draft(shipment.model_copy(update={"lines": (), "tracks": (track,)}), mark)

        async def find(_before: Ids) -> str | None:
            goods = await self._shipments.find_shipment(order.native_id, marker(shipment.ref))
            if goods is not None and goods.tracking_number == track.number:
                return goods.shipment_id
            found = await self._shipments.find_shipment(order.native_id, mark)
            return None if found is None else found.shipment_id

        async def send(_before: Ids) -> str:
            return (await self._shipments.append_shipment(order.native_id, draft)).shipment_id

        sought = f"number {track.number} on order {order.native_id} with '{mark}'"
        hashed = content_hash(draft.document)
        return Step(APPEND_SHIPMENT, hashed, sought, send, find, name=f"track {track.number}")


@dataclass(frozen=True, slots=True)
class _Notes:
    """What the flow's ``out`` mapping makes of a shipment, or of a part of it."""

    desk: Desk
    flow: str
    channel: dict[str, object]
    aliases: dict[str, str]

    def draft(self, shipment: Shipment, mark: str) -> ParcelDraft:
        context = {"channel": self.channel, "marker": mark, "aliases": self.aliases}
        document = self.desk.mapper.map_out(self.flow, shipment.model_dump(mode="json"), context)
        return ParcelDraft(mark, document, _units(shipment, self.aliases))


def _units(shipment: Shipment, aliases: dict[str, str]) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in shipment.lines:
        sku = aliases.get(line.sku, line.sku)
        units[sku] = units.get(sku, Decimal(0)) + line.quantity
    return units


def _same(found: SeenParcel, draft: ParcelDraft) -> str:
    """The found shipment's id; raises Rejected if it is of other pieces."""
    if dict(found.units) == dict(draft.units):
        return found.shipment_id
    raise Rejected(
        f"shipment {found.shipment_id} carries '{draft.marker}' and has other pieces than the web store shipped: "
        "compare both, correct the one that is wrong by hand, then discard this event.",
        code="collision",
    )
