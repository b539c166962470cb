"""Every call that the connector makes is a route that Magento has, with the keys and types that it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from aiohttp import web

from app.magento.gift_cards import GiftCardAccounts
from app.systems import Web
from streams.errors import TillstreamError
from streams.ports import (
    AccountDraft,
    BasePrice,
    CreditMemoDraft,
    InvoiceDraft,
    SourceItem,
    SpecialPrice,
    WebShipmentDraft,
    WebTierPrice,
    WebTrack,
)
from tests.app.magento.magento_contract import check_request, every_route
from tests.app.magento.magento_stub import stubbed
from tests.app.stub_server import Seen

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
ONE = {"10": Decimal("1.5")}
MARK = "[tillstream pos:order:7]"
SHIPMENT = WebShipmentDraft("42", ONE, "main", MARK, MARK, (WebTrack("ups", "UPS", "1Z"),))
INVOICE = InvoiceDraft("42", ONE, True, MARK, MARK)
MEMO = CreditMemoDraft("42", ONE, Decimal("2.5"), MARK, MARK, Decimal("0.01"), Decimal(1), return_to_stock=["10"])
ADDRESS = {"firstname": "Ann", "street": ["12 Oak St"], "region": {"region_id": 57}, "default_billing": True}
ACCOUNT = AccountDraft("ann@example.com", 1, {"firstname": "Ann", "lastname": "Webb", "addresses": [ADDRESS]})
CALLS: list[Callable[[Web], Awaitable[object]]] = [
    *(
        lambda on, entity=entity: on.reader.read(entity, "42")
        for entity in ("order", "invoice", "shipment", "credit_memo", "transaction", "customer")
    ),
    lambda on: on.orders.list_orders(NOW),
    lambda on: on.orders.set_external_number("42", "7"),
    lambda on: on.orders.add_comment("42", "text"),
    lambda on: on.orders.find_comment("42", "text"),
    lambda on: on.lifecycle.cancel_web_order("42"),
    lambda on: on.lifecycle.hold_web_order("42"),
    lambda on: on.lifecycle.unhold_web_order("43"),
    lambda on: on.shipments.ship_order(SHIPMENT),
    lambda on: on.shipments.add_track("42", "7", WebTrack("ups", "UPS", "1Z")),
    lambda on: on.shipments.find_track("7", "1Z"),
    lambda on: on.shipments.ready_for_pickup("42"),
    lambda on: on.shipments.list_shipments(NOW),
    lambda on: on.invoices.invoice_order(INVOICE),
    lambda on: on.invoices.list_invoices(NOW),
    lambda on: on.credit_memos.refund_offline(MEMO),
    lambda on: on.credit_memos.refund_online("7", MEMO),
    lambda on: on.credit_memos.list_credit_memos(NOW),
    lambda on: on.transactions.list_transactions(NOW),
    lambda on: on.customers.find_account("ann@example.com", 1),
    lambda on: on.customers.create_account(ACCOUNT),
    lambda on: on.customers.update_account("42", {"firstname": "Anne"}),
    lambda on: GiftCardAccounts(on.client).set_gift_card_balance("7", Decimal(50), Decimal(20)),
    lambda on: on.gift_card_numbers.gift_card_numbers("42"),
    lambda on: on.customers.regions("US"),
    lambda on: on.customers.list_customers(NOW),
    lambda on: on.products.create_product("NEW", {"name": "New", "price": Decimal("9.99"), "attribute_set_id": 4}),
    lambda on: on.products.set_product_enabled("S1", enabled=True),
    lambda on: on.catalogue.attribute_options("color"),
    lambda on: on.catalogue.tax_classes(),
    lambda on: on.catalogue.attribute_sets(),
    lambda on: on.prices.set_base_prices([BasePrice("S1", Decimal("9.99"))]),
    lambda on: on.prices.set_special_prices([SpecialPrice("S1", Decimal(8), NOW, NOW)], CHICAGO),
    lambda on: on.prices.delete_special_prices(["S1"], CHICAGO),
    lambda on: on.prices.set_tier_prices([WebTierPrice("S1", Decimal(5), Decimal(7))]),
    lambda on: on.stock.known_skus({"S1"}),
    lambda on: on.stock.list_source_items({"S1"}),
    lambda on: on.stock.write_source_items([SourceItem("S1", "main", Decimal(3))]),
]
ITEM = {"item_id": 10, "sku": "S1", "product_type": "simple", "qty_ordered": 3}
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
PRODUCT = {"sku": "S1", "status": 2, "updated_at": "2026-11-24 00:00:00"}
MADE = {"entity_id": 7, "order_id": 42, "items": [], "base_grand_total": 1}
NOTHING = {"items": [], "total_count": 0}
PRICE = {"sku": "S1", "store_id": 0, "price": 8}


def answer(seen: Seen) -> web.Response:
    """What lets each call go on as far as it can: an order of three pieces, of goods that are not counted."""
    path = seen.raw_path.partition("?")[0].removeprefix("/rest").removeprefix("/all")
    answers: dict[str, Any] = {
        "/V1/orders/42": ORDER,
        "/V1/orders/43": ORDER | {"state": "holded"},
        "/V1/products": {"items": [PRODUCT], "total_count": 1} if "S1" in seen.raw_path else NOTHING,
        "/V1/products/base-prices": [],
        "/V1/products/tier-prices": [],
        "/V1/products/special-price": [],
        "/V1/products/special-price-delete": [],
        "/V1/products/special-price-information": [PRICE],
        "/V1/products/base-prices-information": [PRICE],
        "/V1/products/tier-prices-information": [],
        "/V1/products/attributes/color/options": [],
        "/V1/giftcardaccounts/7": {"balance": 50},
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


async def everything() -> list[Seen]:
    """What leaves when every method of the connector is called once, whatever becomes of it."""
    async with stubbed(answer=answer) as (server, client):
        on = Web.through(client)
        for call in CALLS:
            try:
                await call(on)
            except TillstreamError:
                continue
        return server.seen


async def test_every_call_is_a_route_with_the_keys_and_types_that_it_takes_and_no_route_on_file_is_unused() -> None:
    assert {check_request(seen) for seen in await everything()} == every_route()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/rest/V1/order/42/ship", {"itemz": []}),
        ("POST", "/rest/V1/order/42/ship", {"items": [{"order_item_id": 10, "qtyy": 1}]}),
        ("POST", "/rest/V1/order/42/ship", {"items": [{"order_item_id": "10", "qty": 1}]}),
        ("POST", "/rest/V1/order/42/ship", {"items": [{"order_item_id": 10}]}),
        ("POST", "/rest/V1/order/42/ship", {"notify": 0}),
        ("POST", "/rest/V1/orders/42/ship", {"items": []}),
        ("POST", "/rest/V1/shipment/track", {}),
        ("GET", "/rest/V1/shipments?fields=items", {}),
    ],
)
def test_a_call_that_magento_would_not_take_as_it_is_meant_is_found(method: str, path: str, body: object) -> None:
    with pytest.raises(AssertionError):
        check_request(Seen(method, path, {}, orjson.dumps(body)))
