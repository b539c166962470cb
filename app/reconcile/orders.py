"""Web orders and the point of sale's, read to be compared."""

from __future__ import annotations

from decimal import Decimal

import orjson

from app.magento.times import read_time
from app.polling.feeds import magento_time
from app.reconcile.joint import OVERLAP, Joint, WebSale, Window
from schemas.canonical import Sale
from schemas.canonical.sale import LineKind
from schemas.heartland import Order
from schemas.ids import Ref
from streams.errors import Rejected
from streams.reconcile.drift import Comparison
from streams.reconcile.orders import PosOrderSeen, WebOrderSeen, compare_orders
from streams.sale.left import total_left

NEVER_SHIPPED = frozenset({LineKind.VIRTUAL, LineKind.DOWNLOADABLE, LineKind.GIFT_CARD})


async def reconcile_orders(joint: Joint, window: Window) -> Comparison:
    """Compare the orders that were placed in the window.

    An order of the point of sale changes when it is made, so all that belong to the window are in a list that begins
    with it; a linked one that was keyed in by hand before is read by itself.
    """
    since = window.first - OVERLAP
    sales = [sale for sale in await joint.web_sales(since) if window.has(magento_time(sale.document["created_at"]))]
    rows = await joint.pos_rows("order", since)
    links = await joint.linked([sale.ref for sale in sales], joint.pos_name)
    orders = [Order.model_validate(row) for row in rows]
    orders += await _unlisted(joint, {ref.native_id for ref in links.values()} - {one.order_id for one in orders})
    ours = {sale.public_id for sale in sales}
    linked = set(links.values())
    seen = [_pos(joint, one) for one in orders if one.external_id in ours or _claims(joint, one, window)]
    seen += [_pos(joint, one) for one in orders if Ref(joint.pos_name, "order", one.order_id) in linked]
    distinct = list({one.ref: one for one in seen}.values())
    return compare_orders([_web(sale) for sale in sales], distinct, links, window.settled_before)


async def _unlisted(joint: Joint, wanted: set[str]) -> list[Order]:
    found = []
    for order_id in sorted(wanted):
        content = await joint.pos.reader.read("order", order_id)
        if content is not None:
            found.append(Order.model_validate(orjson.loads(content)))
    return found


def _claims(joint: Joint, order: Order, window: Window) -> bool:
    """Whether it bears the number of a web order that the window should have."""
    channels = joint.channels.of_public_id(joint.pos_name, order.external_id) if order.external_id else ()
    return any(channel.web == joint.web_name for channel in channels) and window.has(order.order_date)


def _pos(joint: Joint, order: Order) -> PosOrderSeen:
    ref = Ref(joint.pos_name, "order", order.order_id)
    return PosOrderSeen(ref, order.external_id, order.status, order.total_amount, order.currency, order.updated_at)


def _web(found: WebSale) -> WebOrderSeen:
    sale = found.sale
    if sale is None:
        updated_at = read_time(found.document["updated_at"])
        return WebOrderSeen(found.ref, found.number, found.public_id, updated_at, problem=found.problem)
    return WebOrderSeen(
        ref=found.ref,
        number=sale.number,
        public_id=sale.public_id,
        updated_at=sale.updated_at,
        exported=sale.export.allowed,
        canceled=sale.state == "canceled",
        left_to_ship=_left_to_ship(sale),
        totals=totals_of(sale),
        currency=sale.currency,
    )


def totals_of(sale: Sale) -> tuple[Decimal, ...]:
    """What the point of sale may have as its total: without what was canceled, and as it was placed."""
    placed = sale.totals.total
    try:
        left = total_left(sale.model_dump(mode="json"))
    except Rejected:  # nothing is left, or it does not add up and would be in review: only as it was placed
        return (placed,)
    return (placed,) if left == placed else (left, placed)


def _left_to_ship(sale: Sale) -> Decimal:
    goods = (line for line in sale.lines if line.kind not in NEVER_SHIPPED)
    left = (line.quantity - max(line.shipped, line.refunded) - line.canceled for line in goods)
    return sum((max(pieces, Decimal(0)) for pieces in left), Decimal(0))
