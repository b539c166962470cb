"""Every method of the Magento connector, and a Magento that lets each go on as far as it can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from app.magento.stock_items import MagentoStockItems
from app.systems import Web
from streams.ports import (
    AccountDraft,
    BasePrice,
    CreditMemoDraft,
    InvoiceDraft,
    OptionDraft,
    PictureDraft,
    SourceItem,
    SpecialPrice,
    TicketDraft,
    WebOrder,
    WebOrderLine,
    WebShipmentDraft,
    WebTierPrice,
    WebTrack,
)
from tests.app.stub_server import Seen

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
ONE = {"10": Decimal("1.5")}
MARK = "[tillstream pos:order:7]"
SHIPMENT = WebShipmentDraft("42", ONE, "main", MARK, MARK, (WebTrack("ups", "UPS", "1Z"),))
INVOICE = InvoiceDraft("42", ONE, True, MARK, MARK)
MEMO = CreditMemoDraft("42", ONE, Decimal("2.5"), MARK, MARK, Decimal("0.01"), Decimal(1), return_to_stock=["10"])
PICTURE = PictureDraft(b"GIF89a", "0" * 64, "Front", True)
SOLD = TicketDraft("pos:ticket:7", "7", {"increment_id": "POS-7", "items": [{"sku": "A1", "qty_ordered": ONE["10"]}]})
ADDRESS = {"firstname": "Ann", "street": ["12 Oak St"], "region": {"region_id": 57}, "default_billing": True}
ACCOUNT = AccountDraft("ann@example.com", 1, {"firstname": "Ann", "lastname": "Webb", "addresses": [ADDRESS]})
NONE = Decimal(0)
BUNDLE = WebOrderLine("10", "", "bundle", "BUN", False, NONE, NONE, NONE, NONE, NONE, product_id="20")
BUNDLED = WebOrder("42", "000000042", "new", "pending", "checkmo", NONE, NONE, "", (BUNDLE,))
Call = Callable[[Web], Awaitable[object]]


def reading(entity: str) -> Call:
    """The reader, on one entity."""
    return lambda on: on.reader.read(entity, "42")


CALLS: Mapping[str, Sequence[Call]] = {
    "reader.read": [
        lambda on: on.reader.read("order", "44"),
        *(reading(entity) for entity in ("order", "invoice", "shipment", "credit_memo", "transaction", "customer")),
    ],
    "orders.list_orders": [lambda on: on.orders.list_orders(NOW)],
    "orders.set_external_number": [lambda on: on.orders.set_external_number("42", "7")],
    "orders.add_comment": [lambda on: on.orders.add_comment("42", "text")],
    "orders.set_order_status": [lambda on: on.orders.set_order_status("42", "payment_review")],
    "orders.notify_customer": [lambda on: on.orders.notify_customer("42", "text")],
    "orders.find_comment": [lambda on: on.orders.find_comment("42", "text")],
    "lifecycle.order_lines": [lambda on: on.lifecycle.order_lines("42")],
    "lifecycle.shipped_as_one": [lambda on: on.lifecycle.shipped_as_one(BUNDLED)],
    "lifecycle.existing": [lambda on: on.lifecycle.existing("ship_order", "42")],
    "lifecycle.cancel_web_order": [lambda on: on.lifecycle.cancel_web_order("42")],
    "lifecycle.hold_web_order": [lambda on: on.lifecycle.hold_web_order("42")],
    "lifecycle.unhold_web_order": [lambda on: on.lifecycle.unhold_web_order("43")],
    "shipments.ship_order": [lambda on: on.shipments.ship_order(SHIPMENT)],
    "shipments.shipments_of": [lambda on: on.shipments.shipments_of("42")],
    "shipments.find_shipment": [lambda on: on.shipments.find_shipment("42", MARK)],
    "shipments.add_track": [lambda on: on.shipments.add_track("42", "7", WebTrack("ups", "UPS", "1Z"))],
    "shipments.find_track": [lambda on: on.shipments.find_track("7", "1Z")],
    "shipments.ready_for_pickup": [lambda on: on.shipments.ready_for_pickup("42")],
    "shipments.find_ready": [lambda on: on.shipments.find_ready("42")],
    "shipments.list_shipments": [lambda on: on.shipments.list_shipments(NOW)],
    "invoices.invoice_order": [lambda on: on.invoices.invoice_order(INVOICE)],
    "invoices.invoices_of": [lambda on: on.invoices.invoices_of("42")],
    "invoices.find_invoice": [lambda on: on.invoices.find_invoice("42", MARK)],
    "invoices.list_invoices": [lambda on: on.invoices.list_invoices(NOW)],
    "credit_memos.refund_offline": [lambda on: on.credit_memos.refund_offline(MEMO)],
    "credit_memos.refund_online": [lambda on: on.credit_memos.refund_online("7", MEMO)],
    "credit_memos.credit_memos_of": [lambda on: on.credit_memos.credit_memos_of("42")],
    "credit_memos.find_credit_memo": [lambda on: on.credit_memos.find_credit_memo("42", MARK)],
    "credit_memos.list_credit_memos": [lambda on: on.credit_memos.list_credit_memos(NOW)],
    "tickets.find_ticket": [lambda on: on.tickets.find_ticket("pos:ticket:7")],
    "tickets.record_ticket": [lambda on: on.tickets.record_ticket(SOLD)],
    "transactions.list_transactions": [lambda on: on.transactions.list_transactions(NOW)],
    "customers.account": [lambda on: on.customers.account("42")],
    "customers.find_account": [lambda on: on.customers.find_account("ann@example.com", 1)],
    "customers.create_account": [lambda on: on.customers.create_account(ACCOUNT)],
    "customers.update_account": [lambda on: on.customers.update_account("42", {"firstname": "Anne"})],
    "customers.regions": [lambda on: on.customers.regions("US")],
    "customers.has_attribute": [lambda on: on.customers.has_attribute("loyalty_points")],
    "customers.list_customers": [lambda on: on.customers.list_customers(NOW)],
    "products.product": [lambda on: on.products.product("S1")],
    "products.count_products": [lambda on: on.products.count_products()],
    "products.list_skus": [lambda on: on.products.list_skus()],
    "products.create_product": [
        lambda on: on.products.create_product("NEW", {"name": "New", "price": Decimal("9.99"), "attribute_set_id": 4})
    ],
    "products.update_product": [lambda on: on.products.update_product("S1", {"name": "Renamed"})],
    "pictures.add_picture": [lambda on: on.pictures.add_picture("S1", PICTURE)],
    "variants.family": [lambda on: on.variants.family("S1")],
    "variants.attribute_id": [lambda on: on.variants.attribute_id("color")],
    "variants.add_variant_option": [lambda on: on.variants.add_variant_option("S1", OptionDraft("93", "color", 0, 4))],
    "variants.add_variant": [lambda on: on.variants.add_variant("S1", "S1-RED")],
    "products.enable_product": [lambda on: on.products.enable_product("S1")],
    "products.set_product_enabled": [lambda on: on.products.set_product_enabled("S1", enabled=True)],
    "catalogue.attribute_options": [lambda on: on.catalogue.attribute_options("color")],
    "catalogue.tax_classes": [lambda on: on.catalogue.tax_classes()],
    "catalogue.attribute_sets": [lambda on: on.catalogue.attribute_sets()],
    "prices.tier_prices": [lambda on: on.prices.tier_prices(["S1"])],
    "prices.base_prices": [lambda on: on.prices.base_prices(["S1"])],
    "prices.set_base_prices": [lambda on: on.prices.set_base_prices([BasePrice("S1", Decimal("9.99"))])],
    "prices.special_prices": [lambda on: on.prices.special_prices(["S1"], CHICAGO)],
    "prices.set_special_prices": [
        lambda on: on.prices.set_special_prices([SpecialPrice("S1", Decimal(8), NOW, NOW)], CHICAGO)
    ],
    "prices.delete_special_prices": [lambda on: on.prices.delete_special_prices(["S1"], CHICAGO)],
    "prices.set_tier_prices": [lambda on: on.prices.set_tier_prices([WebTierPrice("S1", Decimal(5), Decimal(7))])],
    "gift_card_numbers.gift_card_numbers": [lambda on: on.gift_card_numbers.gift_card_numbers("42")],
    "gift_cards.gift_card_balance": [lambda on: on.gift_cards.gift_card_balance("7")],
    "gift_cards.set_gift_card_balance": [lambda on: on.gift_cards.set_gift_card_balance("7", Decimal(5), Decimal(4))],
    "stock.known_skus": [lambda on: on.stock.known_skus({"S1"})],
    "stock.list_source_items": [
        lambda on: on.stock.list_source_items({"S1"}),
        lambda on: MagentoStockItems(on.client).list_source_items({"S1"}),
    ],
    "stock.write_source_items": [
        lambda on: on.stock.write_source_items([SourceItem("S1", "main", Decimal(3))]),
        lambda on: MagentoStockItems(on.client).write_source_items([SourceItem("S1", "default", Decimal(3))]),
    ],
}
"""Every method of the connector, with what makes it send all that it may."""
ITEM = {"item_id": 10, "sku": "S1", "product_type": "simple", "qty_ordered": 3}
ENGRAVED = {"product_id": 7, "product_option": {"extension_attributes": {"custom_options": [{"option_id": "1"}]}}}
ORDER = {
    "entity_id": 42,
    "increment_id": "000000042",
    "state": "new",
    "status": "pending",
    "created_at": "2026-11-24 00:00:00",
    "updated_at": "2026-11-24 00:00:00",
    "base_grand_total": 30,
    "items": [ITEM],
    "extension_attributes": {"pickup_location_code": "main"},
}
PRODUCT = {"sku": "S1", "type_id": "configurable", "status": 2, "updated_at": "2026-11-24 00:00:00"}
MADE = {"entity_id": 7, "order_id": 42, "items": [], "base_grand_total": 1}
NOTHING = {"items": [], "total_count": 0}
PRICE = {"sku": "S1", "store_id": 0, "price": 8}


def answer(seen: Seen) -> web.Response:
    """What lets each call go on as far as it can: an order of three pieces, of goods that are not counted."""
    path = seen.raw_path.partition("?")[0].removeprefix("/rest").removeprefix("/all")
    answers: dict[str, Any] = {
        "/V1/store/storeConfigs": [{"id": 1, "website_id": 1, "base_currency_code": "USD"}],
        "/V1/store/websites": [{"id": 1, "code": "base"}],
        "/V1/orders/42": ORDER,
        "/V1/orders/43": ORDER | {"state": "holded"},
        "/V1/orders/44": ORDER | {"items": [ITEM | ENGRAVED]},
        "/V1/products": {"items": [PRODUCT], "total_count": 1} if "S1" in seen.raw_path else NOTHING,
        "/V1/products/base-prices": [],
        "/V1/products/tier-prices": [],
        "/V1/products/special-price": [],
        "/V1/products/special-price-delete": [],
        "/V1/products/special-price-information": [PRICE],
        "/V1/products/base-prices-information": [PRICE],
        "/V1/products/tier-prices-information": [],
        "/V1/products/attributes/color/options": [],
        "/V1/products/attributes/color": {"attribute_id": 93},
        "/V1/configurable-products/S1/children": [],
        "/V1/giftcardaccounts/7": {"balance": 5},
        "/V1/stockItems/S1": {"manage_stock": False},
        "/V1/order/42/ship": "7",
        "/V1/order/42/invoice": "7",
        "/V1/order/42/refund": "7",
        "/V1/invoice/7/refund": "7",
        "/V1/invoices/42": MADE,
    }
    if path == "/V1/inventory/source-items" and seen.method == "POST":
        return web.json_response({"message": "Could not save Source Item"}, status=400)
    if path == "/V1/products" and seen.method == "POST":
        return web.json_response(PRODUCT)
    return web.json_response(answers.get(path, MADE if _is_single(path) else NOTHING))


def _is_single(path: str) -> bool:
    return path.rpartition("/")[2] in {"7", "42"}
