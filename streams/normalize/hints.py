"""Stock hints that an order causes: which units of each SKU the two systems hold for it; and those of a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from schemas.canonical import Line, OrderStatus, Product, Sale, Selling, StockHint, WebUnits
from schemas.documents import Channel
from schemas.envelope import Envelope
from streams.hints import stock_hint
from streams.ports import Outgoing
from streams.sale.outward import pos_location

HINT = "stock_hint"
"""The entity of a hint in the record's header."""
CANCELED = "canceled"
"""Magento's state of an order that nothing of is to be shipped any more."""
ZERO = Decimal(0)


def web_hints(sale: Sale, channel: Channel, aliases: Mapping[str, str]) -> list[StockHint]:
    """What Magento still has to ship, and what it gave money back for, per SKU of the point of sale.

    Every order counts, exported or not: Magento's reservation stands from the moment it is placed.
    Left to ship = ordered - max(shipped, refunded) - canceled, per line: a refunded
    unit was shipped before, or never will be. A cancelled order has nothing left, whatever its rows say: Magento
    cancels of each row what can both be invoiced and shipped, and of a bundle's rows some can only be the one.
    """
    unshipped: dict[str, Decimal] = {}
    shipped: dict[str, Decimal] = {}
    canceled: dict[str, Decimal] = {}
    refunded: dict[str, Decimal] = {}
    for line in sale.lines:
        left = ZERO if sale.state == CANCELED else _left(line)
        sku = aliases.get(line.sku, line.sku)
        unshipped[sku] = unshipped.get(sku, Decimal(0)) + left
        shipped[sku] = shipped.get(sku, Decimal(0)) + line.shipped
        canceled[sku] = canceled.get(sku, Decimal(0)) + line.canceled
        refunded[sku] = refunded.get(sku, Decimal(0)) + line.refunded
    location = pos_location({"channel": dict(channel)}, {"shipping": dict(sale.shipping)})
    return [
        StockHint(
            sku=sku,
            cause="sale",
            units=WebUnits(
                order=sale.ref,
                location=location or channel.location,
                side="web",
                at=sale.updated_at,
                unshipped=left,
                shipped=shipped[sku],
                canceled=canceled[sku],
                refunded=refunded[sku],
            ),
        )
        for sku, left in unshipped.items()
    ]


def _left(line: Line) -> Decimal:
    return max(line.quantity - max(line.shipped, line.refunded) - line.canceled, ZERO)


def pos_hints(status: OrderStatus, values: Mapping[str, Any]) -> list[StockHint]:
    """What the point of sale holds for a web order, per SKU, from what the ``in`` mapping made."""
    return [
        StockHint(
            sku=units["sku"],
            cause="sale",
            units=WebUnits(
                order=status.sale,
                location=str(values["location"]),
                side="pos",
                at=status.updated_at,
                committed=units["committed"],
                taken=units["taken"],
            ),
        )
        for units in values["units"]
    ]


def product_hints(product: Product) -> list[StockHint]:
    """Whether the point of sale sells it at all: what is not sold any more gets no new stock."""
    return [StockHint(sku=product.sku, cause="product", selling=Selling(active=product.active, at=product.updated_at))]


def as_children(hints: Iterable[StockHint], envelope: Envelope, topic: str, pos: str, flow: str) -> list[Outgoing]:
    """The hints as children of the event that caused them, keyed by SKU."""
    return [
        stock_hint(
            pos,
            hint,
            envelope.child(f"s{number}", entity=HINT, native_id=hint.sku, subject=hint.sku, flow=flow),
            topic=topic,
        )
        for number, hint in enumerate(hints)
    ]
