"""What an order looks like, key by key, when it has just been placed.

Stored is each row once; `expand` repeats rows where Magento's answers repeat them (a child shows its whole parent,
the shipping assignment all items and the shipping amounts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.sandbox.magento.order_taxes import OrderTax
from app.sandbox.magento.payment_methods import GATEWAY, PAYMENT_TITLES
from app.sandbox.magento.shipping_methods import FLAT_RATE, PICKUP, describe
from app.sandbox.magento.shop import Json, decimal, number
from app.sandbox.magento.totals import LineTotals, Totals
from app.sandbox.magento.typed import SHAPES

SHIPPING_TOTAL_FIELDS = tuple(name for name in SHAPES["Total"] if name != "extension_attributes")
"""Amounts of the order's head that its shipping assignment repeats."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One bought line.

    Attributes:
        parent: a configurable's id, name; None for a simple or virtual product.
        option: (attribute id, option value) that chose a configurable's child.
    """

    sku: str
    product_id: int
    name: str
    price: Decimal
    qty: Decimal
    totals: LineTotals
    is_virtual: bool = False
    parent: tuple[int, str] | None = None
    option: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Everything that a new order's document is made of. Ids are given, so that building it is pure.

    Attributes:
        address_ids: of the shipping and the billing address.
        quote_item_ids: one per row; a configurable has two rows.
        pickup_location: source code, for the method of that kind.
        customer: id, e-mail, group and names; None for a guest.
        gift_cards: as the order shows them; None where the edition has none.
    """

    entity_id: int
    increment_id: str
    store_id: int
    store_name: str
    quote_id: int
    first_item_id: int
    first_tax_item_id: int
    tax_id: int
    address_ids: tuple[int, int]
    quote_item_ids: Sequence[int]
    now: str
    email: str
    billing_address: Json
    shipping_address: Json | None
    lines: Sequence[OrderLine]
    totals: Totals
    tax_percent: Decimal
    discount_percent: Decimal
    coupon: str
    payment_method: str
    shipping_method: str = FLAT_RATE
    pickup_location: str = ""
    customer: Json | None = None
    gift_cards: Sequence[Json] | None = None
    protect_code: str = field(default="0000000000000000")


def build_order(new: NewOrder) -> Json:
    """The document of a placed, unpaid order."""
    items = _build_items(new)
    document = _head(new)
    document["items"] = items
    document["billing_address"] = _address(new, "billing")
    document["payment"] = _payment(new)
    document["extension_attributes"] = _extension_attributes(new, items)
    return document


def expand(document: Json, histories: Sequence[Json]) -> Json:
    """The document as REST shows it."""
    rows = {row["item_id"]: row for row in document.get("items") or []}
    items = [_with_parent(row, rows) for row in rows.values()]
    shown = {**document, "items": items, "status_histories": list(histories)}
    extension = document.get("extension_attributes") or {}
    if extension.get("shipping_assignments"):
        total = {name: document[name] for name in SHIPPING_TOTAL_FIELDS if name in document}
        assignments = [
            {**assignment, "shipping": {**assignment.get("shipping", {}), "total": total}, "items": items}
            for assignment in extension["shipping_assignments"]
        ]
        shown["extension_attributes"] = {**extension, "shipping_assignments": assignments}
    return shown


def _with_parent(row: Json, rows: dict[int, Json]) -> Json:
    parent = rows.get(row.get("parent_item_id", 0))
    return row if parent is None else {**row, "parent_item": parent}


def _pair(name: str, value: Decimal) -> Json:
    """An amount in the order's and in the base currency, which are the same here."""
    return {name: number(value), f"base_{name}": number(value)}


def _head(new: NewOrder) -> Json:
    totals = new.totals
    zero = Decimal(0)
    is_virtual = new.shipping_address is None
    head: Json = {
        "base_currency_code": "USD",
        "base_to_global_rate": 1,
        "base_to_order_rate": 1,
        "billing_address_id": new.address_ids[1],
        "created_at": new.now,
        "customer_note_notify": 1,
        **_customer(new),
        "entity_id": new.entity_id,
        "global_currency_code": "USD",
        "increment_id": new.increment_id,
        "is_virtual": int(is_virtual),
        "order_currency_code": "USD",
        "protect_code": new.protect_code,
        "quote_id": new.quote_id,
        "remote_ip": "192.0.2.10",
        "state": "new",
        "status": "pending",
        "store_currency_code": "USD",
        "store_id": new.store_id,
        "store_name": new.store_name,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "total_item_count": len(new.lines),
        "total_qty_ordered": number(sum((line.qty for line in new.lines), zero)),
        "updated_at": new.now,
        "weight": number(sum((line.qty for line in new.lines if not line.is_virtual), zero)),
    }
    head |= _pair("discount_amount", -totals.discount)
    head |= _pair("grand_total", totals.grand_total)
    head |= _pair("discount_tax_compensation_amount", zero)
    head |= _shipping_amounts(totals.shipping)
    head |= _pair("subtotal", totals.subtotal)
    head |= _pair("subtotal_incl_tax", totals.subtotal_incl_tax)
    head |= _pair("tax_amount", totals.tax)
    head |= _pair("total_due", totals.grand_total)
    if not is_virtual:
        head["shipping_description"] = describe(new.shipping_method, new.pickup_location)
    if new.coupon:
        head |= {"applied_rule_ids": "1", "coupon_code": new.coupon, "discount_description": new.coupon}
    return dict(sorted(head.items()))


def _customer(new: NewOrder) -> Json:
    """Who ordered: a customer by account, a guest by the billing address."""
    account = new.customer or {}
    names = account or new.billing_address
    return {
        "customer_email": new.email,
        "customer_firstname": names["firstname"],
        "customer_group_id": account.get("group_id", 0),
        "customer_is_guest": int(not account),
        "customer_lastname": names["lastname"],
    } | ({"customer_id": account["id"]} if account else {})


def _shipping_amounts(shipping: Decimal) -> Json:
    zero = Decimal(0)
    return {
        "base_shipping_discount_tax_compensation_amnt": 0,
        "shipping_discount_tax_compensation_amount": 0,
        **_pair("shipping_amount", shipping),
        **_pair("shipping_discount_amount", zero),
        **_pair("shipping_incl_tax", shipping),
        **_pair("shipping_tax_amount", zero),
    }


def _build_items(new: NewOrder) -> list[Json]:
    items: list[Json] = []
    tax, tax_item_id = _tax(new), new.first_tax_item_id
    for line in new.lines:
        item_id = new.first_item_id + len(items)
        row = _item(new, line, item_id, new.quote_item_ids[len(items)])
        row["extension_attributes"] = {"itemized_taxes": tax.of_item(item_id, tax_item_id, line.totals.tax)}
        tax_item_id += len(row["extension_attributes"]["itemized_taxes"])
        items.append(row)
        if line.parent is not None:
            items.append(_child_item(new, line, item_id, new.quote_item_ids[len(items)]))
    return items


def _item_start(new: NewOrder, line: OrderLine, item_id: int, quote_item_id: int) -> Json:
    """What a line and a configurable's child have in common."""
    return {
        "amount_refunded": 0,
        "base_amount_refunded": 0,
        "base_discount_invoiced": 0,
        "base_row_invoiced": 0,
        "base_tax_invoiced": 0,
        "created_at": new.now,
        "discount_invoiced": 0,
        "free_shipping": 0,
        "is_qty_decimal": 0,
        "is_virtual": int(line.is_virtual),
        "item_id": item_id,
        "no_discount": 0,
        "order_id": new.entity_id,
        "qty_canceled": 0,
        "qty_invoiced": 0,
        "qty_ordered": number(line.qty),
        "qty_refunded": 0,
        "qty_shipped": 0,
        "quote_item_id": quote_item_id,
        "row_invoiced": 0,
        "sku": line.sku,
        "store_id": new.store_id,
        "tax_invoiced": 0,
        "updated_at": new.now,
    } | ({} if line.is_virtual else {"weight": 1})


def _item(new: NewOrder, line: OrderLine, item_id: int, quote_item_id: int) -> Json:
    """The row that carries a line's money. As over REST, row totals come net of discount."""
    totals = line.totals
    net = totals.row_total - totals.discount
    kind = "configurable" if line.parent else "virtual" if line.is_virtual else "simple"
    row = _item_start(new, line, item_id, quote_item_id) | {
        "discount_percent": number(new.discount_percent),
        "name": line.parent[1] if line.parent else line.name,
        "product_id": line.parent[0] if line.parent else line.product_id,
        "product_type": kind,
        "row_weight": 0 if line.is_virtual else number(line.qty),
        "tax_percent": number(new.tax_percent),
        **_pair("discount_amount", totals.discount),
        **_pair("discount_tax_compensation_amount", Decimal(0)),
        **_pair("original_price", line.price),
        **_pair("price", line.price),
        **_pair("price_incl_tax", totals.price_incl_tax),
        **_pair("row_total", net),
        **_pair("row_total_incl_tax", net + totals.tax),
        **_pair("tax_amount", totals.tax),
    }
    if new.coupon:
        row["applied_rule_ids"] = "1"
    row = dict(sorted(row.items()))
    if line.option is not None:
        chosen = {"option_id": line.option[0], "option_value": line.option[1]}
        row["product_option"] = {"extension_attributes": {"configurable_item_options": [chosen]}}
    return row


def _child_item(new: NewOrder, line: OrderLine, parent_item_id: int, quote_item_id: int) -> Json:
    """The row of a configurable's child: the same SKU, no money."""
    nothing = Decimal(0)
    row = _item_start(new, line, parent_item_id + 1, quote_item_id) | {
        "discount_percent": 0,
        "name": line.name,
        "original_price": 0,
        "parent_item_id": parent_item_id,
        "product_id": line.product_id,
        "product_type": "simple",
        "row_weight": 0,
        "tax_percent": 0,
        **_pair("discount_amount", nothing),
        **_pair("price", nothing),
        **_pair("row_total", nothing),
        **_pair("tax_amount", nothing),
    }
    row = dict(sorted(row.items()))
    row["extension_attributes"] = {"itemized_taxes": []}
    return row | {"row_total_incl_tax": 0, "base_row_total_incl_tax": 0}


def _address(new: NewOrder, kind: str) -> Json:
    sent = new.billing_address if kind == "billing" else new.shipping_address or {}
    row: Json = {
        "address_type": kind,
        "city": sent["city"],
        "country_id": sent["country_id"],
        "email": new.email,
        "entity_id": new.address_ids[1 if kind == "billing" else 0],
        "firstname": sent["firstname"],
        "lastname": sent["lastname"],
        "parent_id": new.entity_id,
        "postcode": sent["postcode"],
        "street": sent["street"],
        "telephone": sent["telephone"],
    }
    optional = ("company", "fax", "middlename", "prefix", "suffix", "vat_id", "region", "region_code", "region_id")
    return dict(sorted((row | {name: sent[name] for name in optional if sent.get(name)}).items()))


def _payment(new: NewOrder) -> Json:
    payment = {
        "account_status": None,
        "additional_information": [PAYMENT_TITLES[new.payment_method]],
        "amount_ordered": number(new.totals.grand_total),
        "base_amount_ordered": number(new.totals.grand_total),
        "base_shipping_amount": number(new.totals.shipping),
        "cc_last4": None,
        "entity_id": new.entity_id,
        "method": new.payment_method,
        "parent_id": new.entity_id,
        "shipping_amount": number(new.totals.shipping),
    }
    if new.payment_method in GATEWAY:
        payment |= {"cc_last4": "1111", "cc_type": "VI", "last_trans_id": f"sandbox-{new.entity_id}"}
    return payment


def _tax(new: NewOrder) -> OrderTax:
    return OrderTax(new.entity_id, new.tax_id, new.tax_percent)


def _extension_attributes(new: NewOrder, items: list[Json]) -> Json:
    tax = _tax(new)
    shipping: Json = {}
    if new.shipping_address is not None:
        shipping = {"address": _address(new, "shipping"), "method": new.shipping_method}
    extension: Json = {
        "shipping_assignments": [{"shipping": shipping}],
        "payment_additional_info": [{"key": "method_title", "value": PAYMENT_TITLES[new.payment_method]}],
        "applied_taxes": tax.applied(new.totals.tax),
        "item_applied_taxes": [
            {
                "type": "product",
                "item_id": row["item_id"],
                "applied_taxes": tax.applied(decimal(row["tax_amount"])),
            }
            for row in items
            if tax.percent and "parent_item_id" not in row
        ],
        "converting_from_quote": False,
        "taxes": tax.of_order(new.totals.tax),
        "additional_itemized_taxes": [],
    }
    if new.shipping_method == PICKUP:
        extension["pickup_location_code"] = new.pickup_location
    if new.gift_cards is not None:
        extension |= {"gift_cards": list(new.gift_cards), **_pair("gift_cards_amount", new.totals.gift_cards)}
    return extension
