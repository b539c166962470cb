"""Whether an order's goods can leave a source, asked before Magento is: it would refuse without a reason, or ship less
without a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from app.magento.client import MagentoClient
from app.magento.stock import MagentoStock
from app.urls import encode
from app.wire import read_as
from schemas.magento import StockItem
from streams.errors import Rejected
from streams.ports import WebOrder, WebShipmentDraft

BUNDLE = "bundle"


def check_left(connection: str, order: WebOrder, units: Mapping[str, Decimal]) -> None:
    """Return if so much of each row is left to ship: Magento would cut more down silently.

    Raises:
        Rejected: it is not.
    """
    lines = {line.item_id: line for line in order.lines}
    for row, pieces in units.items():
        line = lines.get(row)
        left = Decimal(0) if line is None else line.left_to_ship
        if not 0 < pieces <= left:
            sku = "an unknown row" if line is None else f"SKU {line.sku}"
            raise Rejected(
                f"{connection}: order {order.number}: {pieces:f} of {sku} (row {row}) should be shipped and {left:f} "
                "are left: it is shipped, refunded or cancelled already. Nothing was sent. Compare the order's "
                "shipments on both sides, then discard this event or correct it and replay.",
                code="not_left",
            )


def goods_of(order: WebOrder, units: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    """Pieces by SKU that leave the source. Of a bundle that is shipped as one, those are its components."""
    goods: defaultdict[str, Decimal] = defaultdict(Decimal)
    lines = {line.item_id: line for line in order.lines}
    for row, pieces in units.items():
        line = lines[row]
        parts = [part for part in order.lines if part.parent_id == row] if line.product_type == BUNDLE else []
        for part in parts:
            goods[part.sku] += pieces * part.ordered / line.ordered
        if not parts:
            goods[line.sku] += pieces
    return goods


async def check_source(client: MagentoClient, stock: MagentoStock, order: WebOrder, draft: WebShipmentDraft) -> None:
    """Return if the source holds the goods, or Magento does not count them.

    Raises:
        Rejected: one of them is short there.
    """
    goods = goods_of(order, draft.units)
    items = await stock.list_source_items(goods)
    held = {item.sku.casefold(): item.quantity for item in items if item.source == draft.source}
    for sku, pieces in goods.items():
        has = held.get(sku.casefold())
        if (has is None or has < pieces) and await _is_counted(client, sku):
            holds = "has never held it" if has is None else f"holds {has:f}"
            raise Rejected(
                f"{client.name}: order {order.number} was not shipped: {pieces:f} of SKU {sku} should leave source "
                f"'{draft.source}', which {holds}. Nothing was sent. If the goods have left the shop, its stock was "
                "pushed before the shipment: set the source's quantity up by what was shipped, then replay.",
                code="source_short",
            )


async def _is_counted(client: MagentoClient, sku: str) -> bool:
    """Whether Magento counts a SKU's stock (``GET /V1/stockItems/:productSku``). What it does not know under that name,
    such as an order's SKU with the suffix of a custom option, is left to Magento."""
    content = await client.find("ship_order", f"SKU {sku}", f"/V1/stockItems/{encode(sku)}")
    return content is not None and read_as(StockItem, content, f"{client.name}: SKU {sku}").manage_stock
