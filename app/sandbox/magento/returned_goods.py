"""What a refund does to stock.

Units that were neither shipped nor refunded before count as refunded first, whatever came back. Their reservation ends;
and if the row is not named among ``return_to_stock_items``, they are taken off a source as if they were gone. Shipped
units go back to the source that they came from if their row is named, else nothing happens. (Seen on 2.4.7.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal

from app.sandbox.magento import documents
from app.sandbox.magento.lifecycle import rows_with_money
from app.sandbox.magento.shop import Json, Shop, decimal
from app.sandbox.magento.stock import first_source, reserve, stock_of, take_from_source

EVENT = "creditmemo_created"


def settle_stock(shop: Shop, order: Json, memo: Json, returned: Collection[int]) -> None:
    """Book the credit memo's goods. Call it before the memo is booked on the order's rows.

    Args:
        returned: order items whose goods are back.
    """
    quantities = {item["order_item_id"]: decimal(item["qty"]) for item in memo["items"]}
    for row in rows_with_money(order):
        quantity = quantities.get(row["item_id"], Decimal(0))
        unshipped = min(quantity, _unshipped(row))
        if unshipped:
            reserve(shop, row["sku"], unshipped, order, EVENT)
        if row["item_id"] in returned:
            _bring_back(shop, order, row, quantity - unshipped)
        else:
            _take_away(shop, order, row["sku"], unshipped)


def _unshipped(row: Json) -> Decimal:
    """Invoiced, and neither handed over nor refunded. A virtual product is handed over by its invoice."""
    invoiced = decimal(row["qty_invoiced"])
    gone = invoiced if row["is_virtual"] else decimal(row["qty_shipped"])
    return max(Decimal(0), invoiced - decimal(row["qty_refunded"]) - gone)


def _take_away(shop: Shop, order: Json, sku: str, quantity: Decimal) -> None:
    """Take goods off the sources of the order's stock, the one of the highest priority first, as far as they reach."""
    rows = shop.connection.execute(
        "SELECT item.source_code, item.quantity FROM source_items item"
        " JOIN stock_source_links link ON link.source_code = item.source_code"
        " WHERE item.sku = ? AND item.status = 1 AND link.stock_id = ? ORDER BY link.priority, item.source_code",
        (sku, stock_of(shop, order["store_id"])),
    ).fetchall()
    for row in rows:
        taken = min(quantity, max(Decimal(0), decimal(row["quantity"])))
        if taken:
            take_from_source(shop, sku, row["source_code"], taken)
        quantity -= taken


def _bring_back(shop: Shop, order: Json, row: Json, quantity: Decimal) -> None:
    """Put goods back where they came from."""
    for source, handed_over in _handed_over(shop, order, row):
        back = min(quantity, handed_over)
        shop.connection.execute(
            "UPDATE source_items SET quantity = quantity + ? WHERE sku = ? AND source_code = ?",
            (float(back), row["sku"], source),
        )
        quantity -= back


def _handed_over(shop: Shop, order: Json, row: Json) -> Iterator[tuple[str, Decimal]]:
    """Source and quantity of each shipment of a row."""
    if row["is_virtual"]:
        yield first_source(shop, order["store_id"]), decimal(row["qty_invoiced"])
        return
    for shipment in documents.of_order(shop, "shipments", order["entity_id"]):
        for item in shipment["items"]:
            if item["order_item_id"] == row["item_id"]:
                yield shipment["extension_attributes"]["source_code"], decimal(item["qty"])
