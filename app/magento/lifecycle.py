"""An order's rows, and the three things that change its state by themselves. Implements WebOrders."""

from __future__ import annotations

from collections.abc import Callable

from app.magento.afterwards import afterwards
from app.magento.client import MagentoClient
from app.magento.goods import BUNDLE
from app.magento.lists import Question, every
from app.magento.product_names import MagentoProductNames
from app.magento.products import PRODUCTS
from app.magento.search import Where
from app.urls import encode
from app.wire import read_as
from schemas.magento import BundleProduct, Order, OrderItem
from streams.errors import Rejected
from streams.ports import WebOrder, WebOrderLine
from streams.sale.bundle_together import with_shipped_components

CANCELED = "canceled"
HELD = "holded"
TOGETHER = "0"
"""``shipment_type`` of a bundle that is shipped as one; 1 is separately."""


class MagentoLifecycle:
    """Orders of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client
        self._names = MagentoProductNames(client)

    async def order_lines(self, order_id: str) -> WebOrder | None:
        """The order with its rows (``GET /V1/orders/:id``), those with custom options under their product's SKU."""
        return await self._read("order_lines", order_id)

    async def shipped_as_one(self, order: WebOrder) -> frozenset[str]:
        """The bundles whose ``shipment_type`` is "together" (``GET /V1/products``); an order without a bundle asks
        nothing. Magento refuses to ship the components of such a one, and the row of any other.

        An order does not keep the type, so that it is the product's of today. What is no product any more counts as
        shipped by its components.
        """
        bundles = {line.item_id: line.product_id for line in order.lines if line.product_type == BUNDLE}
        if not bundles:
            return frozenset()
        ids = ",".join(sorted(set(bundles.values())))
        question = Question("shipped_as_one", f"bundles {ids}", PRODUCTS, (Where("entity_id", "in", ids),))
        rows = await every(self._client, BundleProduct, question)
        together = {row.product_id for row in rows if row.shipment_type == TOGETHER}
        return frozenset(item for item, product in bundles.items() if product in together)

    async def existing(self, operation: str, order_id: str) -> WebOrder:
        """The order, read for another operation. Raises Rejected if Magento does not have it."""
        order = await self._read(operation, order_id)
        if order is None:
            raise Rejected(
                f"{self._client.name} has no order {order_id}. If it was deleted there, discard this event.",
                code="not_found",
            )
        return order

    async def cancel_web_order(self, order_id: str) -> WebOrder:
        """Cancel what is not invoiced (``POST /V1/orders/:id/cancel``).

        A part-invoiced order stays in ``processing``, its rest cancelled. Shipping does not stand in the way: what was
        shipped and not invoiced is cancelled too, and can never be invoiced then.

        Raises:
            Rejected: nothing of it can be cancelled, which Magento answers as ``false`` with 200.
        """
        return await self._set("cancel_web_order", order_id, "cancel", _is_canceled)

    async def hold_web_order(self, order_id: str) -> WebOrder:
        """Hold it (``POST /V1/orders/:id/hold``)."""
        return await self._set("hold_web_order", order_id, "hold", lambda order: order.state == HELD)

    async def unhold_web_order(self, order_id: str) -> WebOrder:
        """Let it go on in the state that it had (``POST /V1/orders/:id/unhold``)."""
        return await self._set("unhold_web_order", order_id, "unhold", lambda order: order.state != HELD)

    async def _set(self, operation: str, order_id: str, verb: str, done: Callable[[WebOrder], bool]) -> WebOrder:
        began = self._client.begin()
        order = await self.existing(operation, order_id)
        if done(order):
            return order
        subject, path = f"order {order.number}", f"/V1/orders/{encode(order_id)}/{verb}"
        await self._client.post(operation, subject, path, {}, began=began)
        with afterwards(f"{self._client.name}: {operation} for {subject}"):
            order = await self.existing(operation, order_id)
        if done(order):
            return order
        raise Rejected(
            f"{self._client.name}: Magento does not {verb} {subject}: its state is '{order.state}', with {order.paid} "
            f"paid and {order.due} due. Look at the order there, then discard this event or replay it.",
            code="order_state",
        )

    async def _read(self, operation: str, order_id: str) -> WebOrder | None:
        subject = f"order {order_id}"
        content = await self._client.find(operation, subject, f"/V1/orders/{encode(order_id)}")
        if content is None:
            return None
        named = await self._names.in_order(content)
        return _seen(read_as(Order, named, f"{self._client.name}: {subject}"))


def _is_canceled(order: WebOrder) -> bool:
    """All of it, or the rest that was not invoiced: a single row cannot be cancelled over REST."""
    return order.state == CANCELED or (order.due <= 0 and any(line.canceled > 0 for line in order.lines))


def _seen(order: Order) -> WebOrder:
    return WebOrder(
        order_id=order.entity_id,
        number=order.increment_id,
        state=order.state,
        status=order.status,
        method=order.payment.method,
        paid=order.base_total_paid,
        due=order.base_total_due - order.base_total_canceled,
        pickup_location=order.extension_attributes.pickup_location_code,
        lines=with_shipped_components([_line(item) for item in order.items]),
    )


def _line(item: OrderItem) -> WebOrderLine:
    return WebOrderLine(
        item_id=item.item_id,
        parent_id=item.parent_item_id,
        product_type=item.product_type,
        sku=item.sku,
        virtual=item.is_virtual,
        ordered=item.qty_ordered,
        invoiced=item.qty_invoiced,
        shipped=item.qty_shipped,
        refunded=item.qty_refunded,
        canceled=item.qty_canceled,
        product_id=item.product_id,
        price=item.base_price,
    )
