"""What becomes of an order in the point of sale when the web order changes after it was created there.

A cancel cancels it, which releases its goods; a new address is written. That it is closed follows from its refunds,
which are told one by one. Everything else is for a person: no line and no amount of an order is ever changed behind
the back of those who pack it.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.canonical import Sale
from schemas.ids import Ref
from streams.deliver.desk import Desk
from streams.deliver.operations import CANCEL_ORDER, CREATE_ORDER, SET_ORDER_ADDRESSES
from streams.deliver.sale_predecessor import OPEN, has_partly_left
from streams.errors import Rejected
from streams.launch.cutover import Standing
from streams.ports import JournalEntry, OrderDraft, Outcome, Revision, Sales, SeenOrder
from streams.ports.orders import PosOrders
from streams.runtime.work import Arrival, Work
from streams.sale.revision import goods_revision

GOODS = "order_goods"
"""Type of the ref under which the revision of an order's lines and amounts is kept, without its addresses."""
CANCELED, CLOSED = "canceled", "closed"
ADDRESSES = ("ShippingAddress", "BillingAddress")
"""Keys of the order's ``out`` mapping that a change of address is about."""


class SaleChanges:
    """Operations ``cancel_order`` and ``set_order_addresses``."""

    def __init__(self, desk: Desk, sales: Sales, orders: PosOrders) -> None:
        self._desk = desk
        self._sales = sales
        self._orders = orders

    async def change(
        self, work: Work, arrival: Arrival, sale: Sale, revision: Revision, stands: Standing
    ) -> JournalEntry:
        """Carry a change over. Raises Rejected if it is for a person."""
        ref = Ref.parse(sale.ref)
        made = (await self._desk.links.find([ref], self._desk.target)).get(ref)
        if made is not None and sale.state == CANCELED:
            return await self._cancel(work, arrival, sale, made, stands)
        if made is not None and sale.state == CLOSED:
            await self._desk.applied.put(self._desk.target, {ref: Revision(sale.updated_at, sale.state)})
            told = "all of it is refunded, and its refunds are told one by one"
            return work.entry(arrival, Outcome.UNCHANGED, self._desk.clock.now(), told)
        goods = ref._replace(type=GOODS)
        applied = (await self._desk.applied.get(self._desk.target, [goods])).get(goods)
        same_goods = applied is not None and applied.content == goods_revision(sale).content
        if made is not None and sale.export.allowed and same_goods and (document := self._document(work, sale)):
            return await self._readdress(work, arrival, sale, revision, made, document, stands)
        raise _for_a_person(sale, self._desk.target)

    async def readdress_found(self, work: Work, found: SeenOrder, draft: OrderDraft) -> None:
        """Give the draft's addresses to an order that was found in its place, unless its goods are packed: it may have
        been made from a telling from before they changed. Safe to repeat."""
        if found.status.lower() != OPEN or found.packed:
            return
        differing = {
            key: address
            for key in ADDRESSES
            if isinstance(address := draft.document.get(key), Mapping) and address != found.addresses.get(key)
        }
        if not differing:
            return
        work.step = SET_ORDER_ADDRESSES.name
        told = f"the addresses of order {draft.public_id} ({found.order_id}), which was found with others"
        await self._desk.effects.set(
            SET_ORDER_ADDRESSES, told, lambda: self._orders.set_order_addresses(found.order_id, differing)
        )
        work.step = CREATE_ORDER.name

    async def _cancel(self, work: Work, arrival: Arrival, sale: Sale, made: Ref, stands: Standing) -> JournalEntry:
        work.step = CANCEL_ORDER.name
        told = f"order {sale.public_id} ({made.native_id})"
        found = await self._sales.find_order(sale.public_id)
        if found is not None and has_partly_left(found, sale):
            raise _partly_left(sale, self._desk.target)
        held_back = self._desk.held_back(work, arrival, stands, f"cancel {told}")
        if held_back is not None:
            return held_back
        await self._desk.effects.set(CANCEL_ORDER, told, lambda: self._orders.cancel_order(made.native_id))
        await self._desk.applied.put(self._desk.target, {Ref.parse(sale.ref): Revision(sale.updated_at, sale.state)})
        return work.entry(arrival, Outcome.DELIVERED, self._desk.clock.now(), f"cancelled {told}")

    async def _readdress(
        self,
        work: Work,
        arrival: Arrival,
        sale: Sale,
        revision: Revision,
        made: Ref,
        document: Mapping[str, object],
        stands: Standing,
    ) -> JournalEntry:
        work.step = SET_ORDER_ADDRESSES.name
        told = f"the addresses of order {sale.public_id} ({made.native_id})"
        held_back = self._desk.held_back(work, arrival, stands, f"change {told}")
        if held_back is not None:
            return held_back
        await self._desk.effects.set(
            SET_ORDER_ADDRESSES, told, lambda: self._orders.set_order_addresses(made.native_id, document)
        )
        await self._desk.applied.put(self._desk.target, {Ref.parse(sale.ref): revision})
        return work.entry(arrival, Outcome.DELIVERED, self._desk.clock.now(), f"changed {told}")

    def _document(self, work: Work, sale: Sale) -> Mapping[str, object]:
        """The addresses as they are now; empty if the sale has none."""
        context = {"channel": self._desk.channel_context(sale.channel), "aliases": {}}
        whole = self._desk.mapper.map_out(work.flow, sale.model_dump(mode="json"), context)
        return {key: whole[key] for key in ADDRESSES if key in whole}


def _partly_left(sale: Sale, target: str) -> Rejected:
    return Rejected(
        f"order {sale.number} was cancelled in {Ref.parse(sale.ref).connection} after a parcel of {sale.public_id} was "
        f"packed in {target}: it was not cancelled there, or pieces that have left would count as on the shelf. If "
        "they have left, fulfil it there, and take back as a return what never left; if not, cancel it there by hand. "
        "Then discard this event.",
        code="cancelled_after_parcel",
        blocks=False,
    )


def _for_a_person(sale: Sale, target: str) -> Rejected:
    if not sale.export.allowed:
        told = (
            f"order {sale.number} was created in {target} as {sale.public_id} and is now '{sale.state}' in "
            f"{Ref.parse(sale.ref).connection}: make the same change to {sale.public_id} by hand, then discard this "
            "event."
        )
    else:
        told = (
            f"order {sale.number} changed after it was created in {target} as {sale.public_id}: compare both, change "
            "it there by hand, then discard this event."
        )
    return Rejected(told, code="changed_after_export", blocks=False)
