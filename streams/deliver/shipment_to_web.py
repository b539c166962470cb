"""A shipment of a web order into the web store: invoiced where the money is only reserved, shipped, tracked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical.shipment import Shipment
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.aliases import aliases_between
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, Turn, Write
from streams.deliver.failed_payment import failed_capture
from streams.deliver.hashes import content_hash
from streams.deliver.operations import ADD_TRACK, INVOICE_ORDER, READY_FOR_PICKUP, SHIP_ORDER
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome, Revision
from streams.ports.web_fulfilment import WebShipmentDraft, WebShipments, WebTrack
from streams.ports.web_invoices import CAPTURE_FAILED, InvoiceDraft, WebInvoices
from streams.ports.web_orders import WebOrder, WebOrderLine, WebOrders
from streams.sale.allocate import OpenLine, Wanted, allocate, named_otherwise
from streams.sale.bundle_together import left_of, shipped_rows
from streams.sale.fixed_bundle import by_bundle, fixed_bundles, left_to_invoice
from streams.sale.marker import marker
from streams.sale.pos_shipments import REST
from streams.sale.revision import shipment_revision

IN_PART = "Invoice the bundle there by hand, then replay"


@dataclass(frozen=True, slots=True)
class WebFulfilment:
    """What a web store must offer for it."""

    orders: WebOrders
    shipments: WebShipments
    invoices: WebInvoices


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A shipment on its way into the web store.

    Attributes:
        order: ref of the web order.
        notes: what the ``out`` mapping made: comment and tracks.
    """

    shipment: Shipment
    order: Ref
    channel: Channel
    source: str
    mark: str
    comment: str
    notify: bool
    tracks: tuple[WebTrack, ...]
    turn: Turn

    @property
    def what(self) -> str:
        """For messages."""
        return f"shipment {self.shipment.number} of order {self.shipment.sale_number}"


class WebShipmentPlanner:
    """``ship_order`` with what is known of its parcels, then ``add_track`` for each number that comes later.

    Which rows are shipped is decided when it is sent, and not before: a shipment that got no answer may have been made,
    and then its pieces are no longer left.
    """

    model = Shipment
    blocks = False

    def __init__(self, desk: Desk, web: WebFulfilment) -> None:
        self._desk = desk
        self._web = web

    def about(self, entity: Shipment) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        order = ref._replace(type="order", native_id=ref.native_id.partition("/")[0])
        also = (_newest(ref),)
        return About(ref=ref, revision=shipment_revision(entity), subject=entity.sale_number, source=order, also=also)

    async def plan(self, entity: Shipment, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if _is_outdated(entity, turn):
            return Nothing(Outcome.SUPERSEDED, "a later telling of the order has named what was handed over")
        parcel = self._parcel(entity, turn)
        order = await self._read(parcel)
        if order.pickup_location:
            if turn.arrival.envelope.backfill is not None:
                return Nothing(
                    Outcome.FILTERED, "a backfill never mails, and readiness for pickup is told by an e-mail"
                )
            return await self._pickup(parcel, order)
        told = f"{parcel.what} from {parcel.source}"
        made_as = await self._shipped_with_the_rest(parcel)
        if made_as is not None and not await self._is_left(parcel, order):
            return Plan(f"track {told}", f"tracked {told}", tuple(self._later_tracks(parcel, made_as)), mails=False)
        writes: list[Write] = []
        if await self._has_to_capture(parcel, order):
            writes.append(self._invoice(parcel))
        if await self._has_goods(parcel, order):
            writes.append(self._ship(parcel))
        if not writes:
            return Nothing(Outcome.UNCHANGED, f"{parcel.what} has no goods, and nothing else is shipped", settled=True)

        async def outdate() -> None:
            """Before the shipment, whose answer may never come: the order's older tellings are outdated from now on."""
            await self._desk.applied.put(self._desk.target, _told(parcel))

        return Plan(f"ship {told}", f"shipped {told}", tuple(writes), outdate, mails=parcel.notify)

    # -- What is to be shipped -------------------------------------------------------------------------------------

    def _parcel(self, shipment: Shipment, turn: Turn) -> _Parcel:
        desk, order = self._desk, Ref.parse(shipment.sale)
        context = desk.channel_context(shipment.channel)
        channel = Channel.model_validate(context)
        source = channel.sources.get(shipment.location)
        if source is None:
            raise Rejected(
                f"order {shipment.sale_number} was shipped from location '{shipment.location}', which has no source in "
                f"{desk.target}: name it in channels.{channel.name}.sources, then replay",
                code="no_source",
            )
        mark = marker(shipment.ref)
        body = shipment.model_dump(mode="json")
        notes = desk.mapper.map_out(turn.work.flow, body, {"channel": context, "marker": mark})
        tracks = tuple(WebTrack(track.carrier, track.title, track.number) for track in shipment.tracks)
        notify = bool(notes.get("notify")) and turn.may_mail
        return _Parcel(shipment, order, channel, source, mark, str(notes["comment"]), notify, tracks, turn)

    async def _read(self, parcel: _Parcel) -> WebOrder:
        order = await self._web.orders.order_lines(parcel.order.native_id)
        if order is None:
            raise Rejected(
                f"{self._desk.target} does not have order {parcel.shipment.sale_number} any more, which was shipped in "
                "store: see what became of it there, then discard this event",
                code="not_found",
            )
        return order

    async def _units(
        self, parcel: _Parcel, order: WebOrder, *, invoiced: bool = False, together: frozenset[str] = frozenset()
    ) -> dict[str, Decimal]:
        """Pieces by row of the order that are to be shipped; with ``invoiced`` those that are not invoiced yet.

        The point of sale hands virtual lines over with the goods. The web store never ships them, but they cost money.
        """
        rows = {line.item_id: line for line in order.lines if _stands_for_itself(line, order)}
        lines = [OpenLine(row.item_id, row.sku, _still_here(row, order, together)) for row in rows.values()]
        wanted = [Wanted(line.sku, line.quantity, line.line_id) for line in parcel.shipment.lines]
        units = allocate(named_otherwise(lines, await self._aliases(parcel, order)), wanted, what=parcel.what)
        if not invoiced:
            return {item: pieces for item, pieces in units.items() if not rows[item].virtual}
        open_units = {item: min(pieces, rows[item].ordered - rows[item].invoiced) for item, pieces in units.items()}
        to_invoice = {item: pieces for item, pieces in open_units.items() if pieces > 0}
        return by_bundle(fixed_bundles(order.lines), to_invoice, what=parcel.what, advice=IN_PART)

    async def _aliases(self, parcel: _Parcel, order: WebOrder) -> dict[str, str]:
        """The point of sale's SKU of each row's that it calls otherwise."""
        pos, web = Ref.parse(parcel.shipment.ref).connection, parcel.order.connection
        return await aliases_between(self._desk.links, web, (line.sku for line in order.lines), pos)

    async def _has_goods(self, parcel: _Parcel, order: WebOrder) -> bool:
        """Whether something of it can be shipped at all; not whether it is still left."""
        aliases = await self._aliases(parcel, order)
        virtual = {name for line in order.lines if line.virtual for name in (line.item_id, line.sku)}
        virtual |= {aliases[sku] for sku in virtual & aliases.keys()}
        return any((line.line_id or line.sku) not in virtual for line in parcel.shipment.lines)

    async def _has_to_capture(self, parcel: _Parcel, order: WebOrder) -> bool:
        """Whether some of its money is still to be taken. It was taken before anything was shipped, and what may have
        been shipped is sought among what is left in vain."""
        shipped = EffectKey(self._desk.target, SHIP_ORDER.name, Ref.parse(parcel.shipment.ref))
        if not self._captures(parcel, order) or await self._desk.effects.may_be_made(shipped):
            return False
        return bool(await self._units(parcel, order, invoiced=True))

    def _captures(self, parcel: _Parcel, order: WebOrder) -> bool:
        """Whether the money is taken when the goods leave: so it is for all that a gateway has reserved."""
        method = order.method
        default = "never" if method in parcel.channel.offline_methods else "fulfilment"
        return order.due > 0 and parcel.channel.capture.get(method, default) == "fulfilment"

    # -- The effects -----------------------------------------------------------------------------------------------

    def _invoice(self, parcel: _Parcel) -> CreateOnce:
        async def send(_before: Ids) -> str:
            order = await self._read(parcel)
            whole = bool(order.pickup_location)
            units = left_to_invoice(order) if whole else await self._units(parcel, order, invoiced=True)
            draft = InvoiceDraft(parcel.order.native_id, units, True, parcel.mark, f"Shipped {parcel.mark}")
            try:
                return (await self._web.invoices.invoice_order(draft)).invoice_id
            except Rejected as refusal:
                if refusal.code == CAPTURE_FAILED:
                    await self._tell_failure(parcel, order, refusal.message)
                raise

        async def find(_before: Ids) -> str | None:
            found = await self._web.invoices.find_invoice(parcel.order.native_id, parcel.mark)
            return None if found is None else found.invoice_id

        sought = f"an invoice of order {parcel.shipment.sale_number} with the comment '{parcel.mark}'"
        return self._once(parcel, Step(INVOICE_ORDER, _hash(parcel), sought, send, find))

    async def _tell_failure(self, parcel: _Parcel, order: WebOrder, why: str) -> None:
        """The shipment itself waits for a person; that the order shows why is a matter of its own."""
        desk, currency = self._desk, parcel.channel.currency
        if order.due <= 0:
            return
        told = failed_capture(parcel.shipment, order, parcel.turn, currency=currency, why=why, at=desk.clock.now())
        await desk.publisher.publish([told])

    def _ship(self, parcel: _Parcel) -> CreateOnce:
        async def send(_before: Ids) -> str:
            order = await self._read(parcel)
            together = await self._web.orders.shipped_as_one(order)
            parts = await self._units(parcel, order, together=together)
            units = shipped_rows(parts, order, together, what=parcel.what)
            draft = WebShipmentDraft(
                parcel.order.native_id, units, parcel.source, parcel.mark, parcel.comment, parcel.tracks, parcel.notify
            )
            return (await self._web.shipments.ship_order(draft)).shipment_id

        async def find(_before: Ids) -> str | None:
            found = await self._web.shipments.find_shipment(parcel.order.native_id, parcel.mark)
            return None if found is None else found.shipment_id

        sought = f"a shipment of order {parcel.shipment.sale_number} with the comment '{parcel.mark}'"
        steps = [Step(SHIP_ORDER, _hash(parcel), sought, send, find)]
        steps += [self._track(parcel, track) for track in parcel.tracks]
        return self._once(parcel, *steps)

    def _track(self, parcel: _Parcel, track: WebTrack, shipment_id: str = "") -> Step:
        """A track on the shipment that the effect's first step made, or on that of the id."""
        order = parcel.order.native_id

        async def send(before: Ids) -> str:
            return await self._web.shipments.add_track(order, shipment_id or before[0], track)

        async def find(before: Ids) -> str | None:
            return await self._web.shipments.find_track(shipment_id or before[0], track.number)

        sought = f"track {track.number} on the shipment of order {parcel.shipment.sale_number}"
        hashed = content_hash({"carrier": track.carrier, "number": track.number})
        return Step(ADD_TRACK, hashed, sought, send, find, name="" if shipment_id else f"track {track.number}")

    def _once(self, parcel: _Parcel, *steps: Step) -> CreateOnce:
        key = EffectKey(self._desk.target, steps[0].operation.name, Ref.parse(parcel.shipment.ref))
        return CreateOnce(key, steps, applied=_told(parcel))

    # -- Numbers that come after the goods have left ---------------------------------------------------------------

    async def _shipped_with_the_rest(self, parcel: _Parcel) -> str | None:
        """The shipment that was made when the order was fulfilled without this parcel's number, if it was so.

        By the ledger: Magento's list may not show yet what was shipped a moment ago, and its goods would be sought in
        vain. Raises Transient while nobody knows whether it was.
        """
        ref = Ref.parse(parcel.shipment.ref)
        order, _, name = ref.native_id.partition("/")
        if name == REST:
            return None
        rest = ref._replace(native_id=f"{order}/{REST}")

        async def look() -> str | None:
            found = await self._web.shipments.find_shipment(parcel.order.native_id, marker(str(rest)))
            return None if found is None else found.shipment_id

        return await self._desk.effects.made(EffectKey(self._desk.target, SHIP_ORDER.name, rest), look)

    async def _is_left(self, parcel: _Parcel, order: WebOrder) -> bool:
        """Whether its goods are still there: then they waited, for a person perhaps, while the rest was shipped."""
        try:
            return bool(await self._units(parcel, order))
        except Rejected:
            return False

    def _later_tracks(self, parcel: _Parcel, shipment_id: str) -> list[CreateOnce]:
        ref, target = Ref.parse(parcel.shipment.ref), self._desk.target
        if not parcel.tracks:
            raise Rejected(
                f"{parcel.what} tells of goods that were shipped when the order was fulfilled, and has no tracking "
                "number to add: discard this event",
                code="shipped_already",
                blocks=False,
            )
        return [
            CreateOnce(
                EffectKey(target, ADD_TRACK.name, ref._replace(native_id=f"{ref.native_id} {track.number}")),
                (self._track(parcel, track, shipment_id),),
            )
            for track in parcel.tracks
        ]

    # -- Pickup ----------------------------------------------------------------------------------------------------

    async def _pickup(self, parcel: _Parcel, order: WebOrder) -> Plan:
        """An order that is collected in store is never shipped: telling the customer that it is ready ships all of it.
        Where its money is only reserved, all of it is invoiced before."""
        if parcel.channel.sources.get(parcel.shipment.location) != order.pickup_location:
            raise Rejected(
                f"order {order.number} is to be collected at {order.pickup_location}, but waits at "
                f"{parcel.shipment.location}: move the goods or agree with the customer, then discard this event and "
                "tell Magento by hand",
                code="wrong_store",
            )
        if not parcel.shipment.completes and await self._leaves_some(parcel, order):
            raise Rejected(
                f"order {order.number} is to be collected at {order.pickup_location}, and only a part of it waits "
                "there: Magento's notice hands over all of it at once, so nobody is told yet. When the rest waits "
                "there too it is told by itself, then discard this event; if the rest never comes, refund it in "
                "Magento, then replay.",
                code="pickup_in_part",
            )

        async def send(_before: Ids) -> str:
            return (await self._web.shipments.ready_for_pickup(order.order_id)).shipment_id

        async def find(_before: Ids) -> str | None:
            return await self._web.shipments.find_ready(order.order_id)

        sought = f"order {order.number}, ready for pickup at {order.pickup_location}"
        writes: list[Write] = []
        if self._captures(parcel, order) and left_to_invoice(order):
            writes.append(self._invoice(parcel))
        writes.append(self._once(parcel, Step(READY_FOR_PICKUP, _hash(parcel), sought, send, find)))
        told = f"the customer that order {order.number} waits at {order.pickup_location}"
        return Plan(f"tell {told}", f"told {told}", tuple(writes))

    async def _leaves_some(self, parcel: _Parcel, order: WebOrder) -> bool:
        """Whether more of the order is still to be handed over than is in the parcel."""
        left = {line.item_id: line.left_to_ship for line in order.lines if _stands_for_itself(line, order)}
        return any(left.values()) and await self._units(parcel, order) != {row: n for row, n in left.items() if n > 0}


def _newest(shipment: Ref) -> Ref:
    """Under which it is kept how new the telling of the order was whose shipments were sent last."""
    return shipment._replace(type="order_shipped", native_id=shipment.native_id.partition("/")[0])


def _told(parcel: _Parcel) -> dict[Ref, Revision]:
    return {_newest(Ref.parse(parcel.shipment.ref)): Revision(parcel.shipment.updated_at, "")}


def _is_outdated(shipment: Shipment, turn: Turn) -> bool:
    """Whether this is what an order handed over beside its parcels, as it was told before another parcel was."""
    ref = Ref.parse(shipment.ref)
    last = turn.known.get(_newest(ref))
    is_rest = ref.native_id.partition("/")[2] == REST
    return is_rest and last is not None and shipment.updated_at < last.updated_at


def _stands_for_itself(line: WebOrderLine, order: WebOrder) -> bool:
    """A configurable's parent is shipped and invoiced, a bundle's children are: Magento refuses the others. For bundles
    that are shipped as one see `streams.sale.bundle_together`."""
    if line.product_type == "bundle":
        return False
    parent = next((each for each in order.lines if each.item_id == line.parent_id), None)
    return parent is None or parent.product_type == "bundle"


def _still_here(line: WebOrderLine, order: WebOrder, together: frozenset[str]) -> Decimal:
    return line.ordered - line.canceled if line.virtual else left_of(line, order, together)


def _hash(parcel: _Parcel) -> str:
    return content_hash(parcel.shipment.model_dump(mode="json", include={"lines", "location"}))
