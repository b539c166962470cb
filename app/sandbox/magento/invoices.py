"""Invoices: taking the money of some or all rows. Virtual rows leave their source when they are invoiced."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from app.sandbox.magento import documents, orders, transactions
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.lifecycle import (
    NO_INVOICE,
    add,
    can_invoice,
    child_of,
    left_to_invoice,
    put,
    rows_with_money,
    settle_state,
)
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.payment_methods import GATEWAY
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop, decimal, money, number
from app.sandbox.magento.stock import first_source, reserve, take_from_source
from app.sandbox.magento.typed import read_parameters

PAID = 2

SHIPPING_FIELDS = (
    "base_shipping_amount",
    "base_shipping_discount_tax_compensation_amnt",
    "base_shipping_incl_tax",
    "base_shipping_tax_amount",
    "shipping_amount",
    "shipping_discount_tax_compensation_amount",
    "shipping_incl_tax",
    "shipping_tax_amount",
)
"""What only the first invoice of an order shows."""

PARAMETERS = {
    "capture": "boolean?",
    "items": "array<InvoiceItemCreation>?",
    "notify": "boolean?",
    "appendComment": "boolean?",
    "comment": "InvoiceCommentCreation?",
    "arguments": "InvoiceCreationArguments?",
}


def invoice_order(shop: Shop, call: Call) -> str:
    """POST /V1/order/:orderId/invoice: always ends as paid. No items means everything left; ``capture`` asks the
    gateway for the money, if the method has one."""
    sent = read_parameters(call.body, PARAMETERS)
    document = orders.load_order(shop, call.params["orderId"])
    call.resource_key = str(document["increment_id"])
    quantities = _quantities(document, sent.get("items") or [])
    _check(document, quantities)
    invoice = _invoice(shop, document, quantities, sent.get("comment"), capture=bool(sent.get("capture")))
    orders.store_order(shop, document, moves=True)
    shop.tell_order_saved(orders.shown(shop, document))
    if sent.get("notify"):
        mail_about_order(shop, Mail.INVOICE, document)
    return str(invoice["entity_id"])


def invoice_all(shop: Shop, document: Json) -> None:
    """Invoice everything, as a method does that takes the money at once. The caller stores the order."""
    _invoice(shop, document, _quantities(document, []), None, capture=True)


def _quantities(document: Json, items: list[Json]) -> dict[int, Decimal]:
    """Units to invoice by item id."""
    if not items:
        return {row["item_id"]: left_to_invoice(row) for row in rows_with_money(document) if left_to_invoice(row) > 0}
    rows = {row["item_id"]: row for row in rows_with_money(document)}
    unknown = [item for item in items if item.get("order_item_id") not in rows]
    if unknown:
        message = "The invoice contains one or more items that are not part of the original order."
        raise RestError(400, f"Invoice Document Validation Error(s):\n{message}")
    for item in items:
        row = rows[item["order_item_id"]]
        if decimal(item.get("qty")) > left_to_invoice(row):
            message = (
                "The quantity to invoice must not be greater than the uninvoiced quantity"
                f' for product SKU "{row["sku"]}".'
            )
            raise RestError(400, f"Invoice Document Validation Error(s):\n{message}")
    return {item["order_item_id"]: decimal(item.get("qty")) for item in items if decimal(item.get("qty")) > 0}


def _check(document: Json, quantities: dict[int, Decimal]) -> None:
    problems = []
    if not quantities:
        problems.append("The invoice can't be created without products. Add products and try again.")
    if document["state"] in NO_INVOICE:
        problems.append(f"An invoice cannot be created when an order has a status of {document['status']}")
    elif not can_invoice(document):
        problems.append("The order does not allow an invoice to be created.")
    if problems:
        raise RestError(400, "\n".join(["Invoice Document Validation Error(s):", *problems]))


def _invoice(
    shop: Shop, document: Json, quantities: dict[int, Decimal], comment: Json | None, *, capture: bool
) -> Json:
    """Make the invoice and book it on the order."""
    entity_id = shop.next_id("invoice")
    items: list[Json] = []
    for row in rows_with_money(document):
        row["weee_tax_applied"] = "[]"
        if row["item_id"] not in quantities:
            continue
        quantity = quantities[row["item_id"]]
        item = _item(document, row, quantity)
        items.append(item)
        _book_row(shop, row, item, quantity)
        child = child_of(document, row)
        if child is not None:
            items.append(_child_item(child, quantity))
            _book_child(shop, child, quantity)
        if row["is_virtual"]:
            _hand_over(shop, document, row["sku"], quantity)
    for item in items:
        item |= {"entity_id": shop.next_id("invoice_item"), "parent_id": entity_id}
    invoice = _head(shop, document, items, entity_id)
    invoice["items"] = items
    invoice["comments"] = [_comment(shop, comment, entity_id)] if comment else []
    if capture and document["payment"]["method"] in GATEWAY:
        invoice["transaction_id"] = transactions.capture(shop, document, decimal(invoice["grand_total"]))
    _book_order(document, invoice, items)
    documents.keep(shop, "invoices", invoice)
    shop.tell_saved("invoice", invoice, f"invoice {invoice['increment_id']}")
    return invoice


def _portion(row: Json, name: str, quantity: Decimal) -> Decimal:
    """The share of an amount; the last units take what is left of it."""
    whole = decimal(row[f"{name}_amount"])
    if quantity == left_to_invoice(row) and not decimal(row["qty_canceled"]):
        return whole - decimal(row[f"{name}_invoiced"])
    return money(whole * quantity / decimal(row["qty_ordered"]))


def _item(document: Json, row: Json, quantity: Decimal) -> Json:
    """An invoice's row: gross, unlike the order's."""
    price = decimal(row["price"])
    rate = 1 + decimal(row["tax_percent"]) / 100
    item: Json = {
        "name": row["name"],
        "product_id": row["product_id"],
        "sku": row["sku"],
        "order_item_id": row["item_id"],
        "qty": number(quantity),
    }
    put(item, "discount_tax_compensation_amount", Decimal(0))
    put(item, "price", price)
    put(item, "price_incl_tax", decimal(row["price_incl_tax"]))
    put(item, "row_total", money(price * quantity))
    put(item, "row_total_incl_tax", money(price * quantity * rate))
    put(item, "tax_amount", _portion(row, "tax", quantity))
    if document.get("coupon_code"):
        put(item, "discount_amount", _portion(row, "discount", quantity))
    return item


def _child_item(child: Json, quantity: Decimal) -> Json:
    return {
        "base_price": 0,
        "name": child["name"],
        "price": 0,
        "product_id": child["product_id"],
        "sku": child["sku"],
        "order_item_id": child["item_id"],
        "qty": number(quantity),
    }


def _book_row(shop: Shop, row: Json, item: Json, quantity: Decimal) -> None:
    row["qty_invoiced"] = number(decimal(row["qty_invoiced"]) + quantity)
    add(row, "row_invoiced", decimal(item["row_total"]))
    add(row, "tax_invoiced", decimal(item["tax_amount"]))
    add(row, "discount_invoiced", decimal(item.get("discount_amount")))
    put(row, "discount_tax_compensation_invoiced", Decimal(0))
    row["updated_at"] = shop.now()


def _book_child(shop: Shop, child: Json, quantity: Decimal) -> None:
    child["qty_invoiced"] = number(decimal(child["qty_invoiced"]) + quantity)
    put(child, "discount_tax_compensation_invoiced", Decimal(0))
    child["updated_at"] = shop.now()


def _hand_over(shop: Shop, document: Json, sku: str, quantity: Decimal) -> None:
    """A virtual product is delivered by its invoice."""
    if take_from_source(shop, sku, first_source(shop, document["store_id"]), quantity):
        reserve(shop, sku, quantity, document, "invoice_created")


def _sum(items: Iterable[Json], name: str) -> Decimal:
    return sum((decimal(item.get(name)) for item in items), Decimal(0))


def _head(shop: Shop, document: Json, items: list[Json], entity_id: int) -> Json:
    """The invoice's own fields; the first invoice takes all the shipping, gift cards pay what they can."""
    first = "shipping_invoiced" not in document
    shipping = decimal(document["shipping_amount"]) if first else Decimal(0)
    gross = _sum(items, "row_total") + _sum(items, "tax_amount") - _sum(items, "discount_amount") + shipping
    gift_cards = min(gross, _gift_cards_left(document))
    head = documents.money_head(document, shop.now()) | {
        "can_void_flag": 0,
        "entity_id": entity_id,
        "increment_id": shop.next_number("invoice", document["store_id"]),
        "state": PAID,
        "total_qty": number(_sum(items, "qty")),
    }
    put(head, "discount_amount", -_sum(items, "discount_amount"))
    put(head, "discount_tax_compensation_amount", Decimal(0))
    put(head, "grand_total", gross - gift_cards)
    put(head, "subtotal", _sum(items, "row_total"))
    put(head, "subtotal_incl_tax", _sum(items, "row_total_incl_tax"))
    put(head, "tax_amount", _sum(items, "tax_amount"))
    if first:
        head |= {name: document[name] for name in SHIPPING_FIELDS}
    if gift_cards:
        head["extension_attributes"] = {}
        put(head["extension_attributes"], "gift_cards_amount", gift_cards)
    return dict(sorted(head.items()))


def _gift_cards_left(document: Json) -> Decimal:
    extension = document["extension_attributes"]
    return decimal(extension.get("gift_cards_amount")) - decimal(extension.get("gift_cards_invoiced"))


def _comment(shop: Shop, comment: Json, entity_id: int) -> Json:
    return {
        "is_customer_notified": 0,
        "parent_id": entity_id,
        "comment": comment.get("comment"),
        "is_visible_on_front": comment.get("is_visible_on_front") or 0,
        "created_at": shop.now(),
        "entity_id": shop.next_id("invoice_comment"),
    }


def _book_order(document: Json, invoice: Json, items: list[Json]) -> None:
    paid = decimal(invoice["grand_total"])
    shipping = decimal(invoice.get("shipping_amount"))
    add(document, "subtotal_invoiced", _sum(items, "row_total"))
    add(document, "tax_invoiced", _sum(items, "tax_amount"))
    add(document, "shipping_invoiced", shipping)
    add(document, "discount_invoiced", -_sum(items, "discount_amount"))
    put(document, "discount_tax_compensation_invoiced", Decimal(0))
    add(document, "total_invoiced", paid)
    add(document, "total_paid", paid)
    document["base_total_invoiced_cost"] = 0
    put(document, "total_due", decimal(document["grand_total"]) - decimal(document["total_paid"]))
    add(document["payment"], "amount_paid", paid)
    add(document["payment"], "shipping_captured", shipping)
    gift_cards = decimal(invoice.get("extension_attributes", {}).get("gift_cards_amount"))
    if gift_cards:
        add(document["extension_attributes"], "gift_cards_invoiced", gift_cards)
    settle_state(document)


def get_invoice(shop: Shop, call: Call) -> Json:
    """GET /V1/invoices/:id."""
    return documents.get(shop, "invoices", call)


def list_invoices(shop: Shop, call: Call) -> Json:
    """GET /V1/invoices."""
    return documents.find(shop, "invoices", call)


ROUTES = (
    Route("POST", "/V1/order/:orderId/invoice", "Magento_Sales::invoice", invoice_order),
    Route("GET", "/V1/invoices/:id", "Magento_Sales::sales_invoice", get_invoice),
    Route("GET", "/V1/invoices", "Magento_Sales::sales_invoice", list_invoices, lists=True),
)
