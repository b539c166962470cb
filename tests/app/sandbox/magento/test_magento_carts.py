from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.magento.totals import COUPONS, TAX_PERCENT, CartLine, compute_totals
from tests.app.sandbox.magento.storefront import ADDRESS, Storefront, open_shop

CHECKMO = {"paymentMethod": {"method": "checkmo"}}


async def add(shop: Storefront, cart: str, **item: object) -> tuple[int, Any]:
    return await shop.call("POST", f"/guest-carts/{cart}/items", {"cartItem": {"quote_id": cart, "qty": 1} | item})


async def test_items_are_refused_that_cannot_be_bought(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1))
    assert await add(shop, cart, sku="CAP") == (400, {"message": "You need to choose options for your item."})
    assert (await add(shop, cart, sku="NOPE"))[0] == 404
    assert (await add(shop, cart, sku="S1", qty=0))[0] == 400
    assert (await add(shop, cart, sku="S1", quote_id="other"))[0] == 404
    assert (await add(shop, cart))[1]["parameters"] == {"fieldName": "sku"}
    assert (await add(shop, "no-such-cart", sku="S1"))[0] == 404


async def test_the_same_product_twice_is_one_line(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1), ("S1", 2), ("CAP", 1), ("C-Red", 1))
    lines = await shop.get(f"/guest-carts/{cart}/items")
    assert [(line["sku"], line["qty"], line["product_type"]) for line in lines] == [
        ("S1", 3, "simple"),
        ("C-Red", 1, "configurable"),
        ("C-Red", 1, "simple"),
    ]


async def test_a_cart_becomes_one_order(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1))
    assert await shop.do("PUT", f"/guest-carts/{cart}/order", CHECKMO) == 1
    assert (await shop.call("PUT", f"/guest-carts/{cart}/order", CHECKMO))[0] == 404


async def test_paying_and_placing_in_one_call(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1))
    body = {"email": "bob@example.com", "billingAddress": ADDRESS | {"city": "Dallas"}, **CHECKMO}
    order_id = await shop.do("POST", f"/guest-carts/{cart}/payment-information", body)
    order = await shop.order(order_id)
    assert (order["customer_email"], order["billing_address"]["city"]) == ("bob@example.com", "Dallas")


async def test_what_is_missing_is_named(shop: Storefront) -> None:
    cart = str(await shop.do("POST", "/guest-carts"))
    assert (await shop.call("PUT", f"/guest-carts/{cart}/order", CHECKMO))[0] == 400
    await add(shop, cart, sku="S1")
    status, body = await shop.call("PUT", f"/guest-carts/{cart}/order", CHECKMO)
    assert (status, "shipping address" in body["message"]) == (400, True)
    information = {"shipping_address": {"firstname": "Ann"}, "shipping_carrier_code": "flatrate"}
    path = f"/guest-carts/{cart}/shipping-information"
    status, body = await shop.call("POST", path, {"addressInformation": information})
    assert (status, body["parameters"]) == (400, ["flatrate", None])
    information["shipping_method_code"] = "flatrate"
    status, body = await shop.call("POST", path, {"addressInformation": information})
    assert body["message"] == "One or more input exceptions have occurred."
    assert [error["parameters"]["fieldName"] for error in body["errors"]] == [
        "lastname",
        "street",
        "city",
        "telephone",
        "postcode",
        "countryId",
    ]


@pytest.mark.parametrize("method", ["bitcoin", "free", None])
async def test_an_unknown_payment_method_is_refused(shop: Storefront, method: str | None) -> None:
    cart = await shop.fill_cart(("S1", 1))
    body = {"paymentMethod": {"method": method}}
    expected = (400, {"message": "The requested Payment Method is not available."})
    assert await shop.call("PUT", f"/guest-carts/{cart}/order", body) == expected


@pytest.mark.parametrize(
    ("method", "state"),
    [("checkmo", "new"), ("banktransfer", "new"), ("cashondelivery", "new"), ("sandbox_card", "processing")],
)
async def test_the_method_decides_the_state(shop: Storefront, method: str, state: str) -> None:
    order = await shop.order(await shop.place(("S1", 1), method=method))
    assert order["state"] == state
    paid = state == "processing"
    assert (order.get("total_paid", 0), order["total_due"]) == ((15.83, 0) if paid else (0, 15.83))
    assert (await shop.find("/invoices"))["total_count"] == int(paid)


async def test_a_card_order_names_its_transaction_and_no_card_number(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1), method="sandbox_card")
    payment = (await shop.order(order_id))["payment"]
    assert (payment["cc_last4"], payment["amount_paid"]) == ("1111", 15.83)
    invoice = (await shop.find("/invoices", ("order_id", "eq", str(order_id))))["items"][0]
    assert invoice["transaction_id"] == payment["last_trans_id"]


async def test_two_lines_of_one_sku_share_its_stock(shop: Storefront) -> None:
    await shop.put_stock("C-Red", 2)
    cart = await shop.fill_cart(("CAP", 2), ("C-Red", 1))
    refused = (400, {"message": "The requested qty is not available"})
    assert await shop.call("PUT", f"/guest-carts/{cart}/order", CHECKMO) == refused


async def test_goods_that_leave_texas_are_not_taxed(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1))
    away = ADDRESS | {"region_id": 43}
    information = {
        "shipping_address": away,
        "billing_address": away,
        "shipping_carrier_code": "flatrate",
        "shipping_method_code": "flatrate",
    }
    await shop.do("POST", f"/guest-carts/{cart}/shipping-information", {"addressInformation": information})
    order = await shop.order(await shop.do("PUT", f"/guest-carts/{cart}/order", CHECKMO))
    assert (order["grand_total"], order["tax_amount"], order["items"][0]["tax_percent"]) == (15, 0, 0)
    extension = order["extension_attributes"]
    assert (extension["taxes"], extension["applied_taxes"], extension["item_applied_taxes"]) == ([], [], [])


async def test_an_unknown_coupon_is_refused(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1))
    expected = (404, {"message": "The coupon code isn't valid. Verify the code and try again."})
    assert await shop.call("PUT", f"/guest-carts/{cart}/coupons/NOPE") == expected


@pytest.fixture
async def commerce(tmp_path: Path) -> AsyncIterator[Storefront]:
    async with open_shop(tmp_path, edition="commerce") as opened:
        yield opened


async def use_gift_cards(shop: Storefront, cart: str, *codes: str) -> tuple[int, Any]:
    body = {"giftCardAccountData": {"gift_cards": list(codes)}}
    return await shop.call("POST", f"/carts/guest-carts/{cart}/giftCards", body)


async def test_an_order_paid_wholly_by_gift_card(commerce: Storefront) -> None:
    cart = await commerce.fill_cart(("S1", 2))
    assert await use_gift_cards(commerce, cart, "GIFT-001") == (200, True)
    assert (await commerce.get(f"/guest-carts/{cart}/totals"))["grand_total"] == 0
    order_id = await commerce.do("PUT", f"/guest-carts/{cart}/order", {"paymentMethod": {"method": "free"}})
    order = await commerce.order(order_id)
    extension = order["extension_attributes"]
    assert (order["grand_total"], order["total_due"], order["state"]) == (0, 0, "processing")
    assert extension["base_gift_cards_amount"] == extension["gift_cards_amount"] == 31.65
    assert extension["gift_cards_invoiced"] == 31.65
    assert [(card["code"], card["amount"]) for card in extension["gift_cards"]] == [("GIFT-001", 31.65)]


async def test_a_gift_card_that_pays_a_part(commerce: Storefront) -> None:
    cart = await commerce.fill_cart(("S1", 2))
    connection = sqlite3.connect(commerce.handle.database)
    connection.execute("UPDATE gift_cards SET balance = '10.00' WHERE code = 'GIFT-002'")
    connection.commit()
    connection.close()
    await use_gift_cards(commerce, cart, "GIFT-002")
    order = await commerce.order(await commerce.do("PUT", f"/guest-carts/{cart}/order", CHECKMO))
    assert (order["grand_total"], order["total_due"], order["state"]) == (21.65, 21.65, "new")
    assert order["extension_attributes"]["gift_cards_amount"] == 10
    other = await commerce.fill_cart(("S1", 1))
    assert (await use_gift_cards(commerce, other, "GIFT-002"))[0] == 400


async def test_an_order_without_a_gift_card_shows_none(commerce: Storefront) -> None:
    extension = (await commerce.order(await commerce.place(("S1", 1))))["extension_attributes"]
    assert (extension["gift_cards"], extension["gift_cards_amount"]) == ([], 0)


async def test_open_source_has_no_gift_cards(shop: Storefront) -> None:
    cart = await shop.fill_cart(("S1", 1))
    assert (await use_gift_cards(shop, cart, "GIFT-001")) == (404, {"message": "Request does not match any route."})


LINES = st.lists(
    st.builds(
        CartLine,
        price=st.decimals(min_value=0, max_value=999, places=2),
        qty=st.integers(1, 20).map(Decimal),
        is_virtual=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(
    lines=LINES,
    tax=st.sampled_from([Decimal(0), TAX_PERCENT]),
    discount=st.sampled_from([Decimal(0), *COUPONS.values()]),
    gift_card=st.integers(0, 500),
)
def test_totals_add_up_to_the_cent(lines: list[CartLine], tax: Decimal, discount: Decimal, gift_card: int) -> None:
    totals = compute_totals(
        lines,
        tax_percent=tax,
        discount_percent=discount,
        gift_card_balance=Decimal(gift_card),
        shipping_fee=Decimal(5),
    )
    assert totals.grand_total == totals.subtotal - totals.discount + totals.tax + totals.shipping - totals.gift_cards
    assert totals.grand_total >= 0
    assert totals.subtotal == sum(line.row_total for line in totals.lines)
    exact = (totals.subtotal - totals.discount) * tax / 100
    assert abs(totals.tax - exact) <= Decimal("0.005")
    for line in totals.lines:
        own = (line.row_total - line.discount) * tax / 100
        assert abs(line.tax - own) <= Decimal("0.01")
