"""Which content of an entity makes a new revision: what is mapped outwards, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b

import orjson

from schemas.canonical import LocationStock, Sale, Stock, Ticket
from schemas.canonical.refund import Refund
from schemas.canonical.shipment import Shipment
from streams.ports import Revision

_LINE = {"line_id", "sku", "quantity", "unit_price", "discount", "tax", "canceled"}
_TICKET_LINE = {"sku", "quantity", "unit_price", "discount", "tax"}
_TOTALS = {"lines", "discount", "tax", "shipping", "fees", "total", "canceled"}
_SALE: dict[str, bool | set[str]] = {
    "public_id": True,
    "channel": True,
    "currency": True,
    "customer": {"email"},
    "billing": True,
    "shipping_address": True,
    "shipping": {"method", "amount", "discount", "tax", "pickup_location"},
    "fees": True,
}


def sale_revision(sale: Sale) -> Revision:
    """The sale's revision.

    State, status, shipped and refunded pieces, tenders and what is due move all the time in the life of an order that
    has been created in the other system; other flows carry them. A guest who opens an account later, and texts that
    only people read, change nothing either. Canceled pieces count: the other system must not go on holding them.
    """
    return Revision(sale.updated_at, _hash(sale.model_dump(include=_SALE) | _goods(sale)))


def goods_revision(sale: Sale) -> Revision:
    """The revision of what a sale is about: lines, amounts and currency, without names and addresses."""
    content = sale.model_dump(include={"public_id", "channel", "currency", "shipping", "fees"})
    content["shipping"] = sale.shipping.model_dump(include={"amount", "discount", "tax", "pickup_location"})
    return Revision(sale.updated_at, _hash(content | _goods(sale)))


def _goods(sale: Sale) -> dict[str, object]:
    return {
        "lines": [line.model_dump(include=_LINE) for line in sale.lines],
        "totals": sale.totals.model_dump(include=_TOTALS),
    }


def refund_revision(refund: Refund) -> Revision:
    """The refund's revision: its money and its pieces; what people write about it does not count."""
    content = refund.model_dump(include={"total", "adjustment_positive", "adjustment_negative"})
    content["lines"] = [line.model_dump(include={"line_id", "sku", "quantity", "restocked"}) for line in refund.lines]
    return Revision(refund.updated_at, _hash(content))


def ticket_revision(ticket: Ticket) -> Revision:
    """The ticket's revision: what was sold, and for how much. What the buyer pays later, and who it is said to be, does
    not count."""
    content = {
        "currency": ticket.currency,
        "lines": [line.model_dump(include=_TICKET_LINE) for line in ticket.lines],
        "totals": ticket.totals.model_dump(include=_TOTALS),
    }
    return Revision(ticket.updated_at, _hash(content))


def shipment_revision(shipment: Shipment) -> Revision:
    """The shipment's revision: its pieces and tracks, which may come later."""
    content = shipment.model_dump(include={"location", "ready_for_pickup", "completes"})
    content["lines"] = [line.model_dump(include={"line_id", "sku", "quantity"}) for line in shipment.lines]
    content["tracks"] = [track.model_dump(include={"carrier", "number"}) for track in shipment.tracks]
    return Revision(shipment.updated_at, _hash(content))


def stock_revision(stock: Stock) -> Revision:
    """The stock's revision: the quantities per location, what the web store still ships from there, and what has moved
    its stock without us.

    When goods leave, the web store takes them off the source itself, and when they come back to it a person there may
    put them in: the same quantity must be written again.
    """
    content: dict[str, object] = {level.location: _written_with(level) for level in stock.locations}
    return Revision(stock.read_at, _hash([content, stock.moved] if stock.moved else content))


def _written_with(level: LocationStock) -> Decimal | list[Decimal]:
    return [level.quantity, level.unshipped] if level.unshipped else level.quantity


def _hash(content: object) -> str:
    return blake2b(orjson.dumps(content, default=_number, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _number(value: Decimal) -> str:
    """20, 20.0 and 20.0000 are one amount; webhooks and lists write it differently."""
    return str(value.normalize())
