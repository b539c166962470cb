"""Placing an order: what a cart becomes. Stock is reserved, no source is touched."""

from __future__ import annotations

import secrets
from collections import defaultdict
from decimal import Decimal

from app.sandbox.magento import orders, transactions
from app.sandbox.magento.carts import (
    NOT_AVAILABLE,
    cart_totals,
    gift_card_balance,
    guest_route,
    has_goods,
    load_cart,
    tax_percent,
)
from app.sandbox.magento.directory import read_address
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.invoices import invoice_all
from app.sandbox.magento.lifecycle import set_state
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.order_document import NewOrder, OrderLine, build_order
from app.sandbox.magento.payment_methods import AUTHORISED_CARD, FREE, PAID_AT_ONCE, PAYMENT_TITLES
from app.sandbox.magento.shipping_methods import FLAT_RATE, PICKUP
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.stock import can_sell, reserve
from app.sandbox.magento.totals import COUPONS, LineTotals, Totals
from app.sandbox.magento.typed import read_parameters


def place_order(shop: Shop, call: Call) -> int:
    """PUT /V1/guest-carts/:cartId/order."""
    sent = read_parameters(call.body, {"paymentMethod": "Payment?"})
    cart = load_cart(shop, call.params["cartId"])
    return _place(shop, call, cart, (sent.get("paymentMethod") or {}).get("method"))


def pay_and_place_order(shop: Shop, call: Call) -> int:
    """POST /V1/guest-carts/:cartId/payment-information."""
    parameters = {"email": "string", "paymentMethod": "Payment", "billingAddress": "Address?"}
    sent = read_parameters(call.body, parameters)
    cart = load_cart(shop, call.params["cartId"])
    if sent.get("billingAddress"):
        cart["billing_address"] = read_address(sent["billingAddress"])
    cart["email"] = sent["email"]
    return _place(shop, call, cart, sent["paymentMethod"].get("method"))


def _place(shop: Shop, call: Call, cart: Json, method: str | None) -> int:
    email = _check_cart(cart)
    totals = cart_totals(shop, cart)
    _check_method(method, totals)
    _check_stock(shop, cart)
    new = _new_order(shop, cart, totals, str(method), email)
    call.resource_key = new.increment_id
    document = build_order(new)
    for line in new.lines:
        reserve(shop, line.sku, -line.qty, document, "order_placed")
    shop.connection.execute("UPDATE carts SET active = 0 WHERE masked_id = ?", (call.params["cartId"],))
    if method == AUTHORISED_CARD:
        set_state(document, "processing")
        transactions.authorise(shop, document)
    orders.insert_order(shop, document)
    if method in PAID_AT_ONCE:
        invoice_all(shop, document)
        orders.store_order(shop, document, moves=True)
    mail_about_order(shop, Mail.ORDER, document)
    shop.tell_order_saved(orders.shown(shop, document))
    return new.entity_id


def _check_cart(cart: Json) -> str:
    """The shopper's e-mail, if the cart can become an order."""
    if not cart["items"]:
        raise RestError(400, "The cart is empty. Add an item to cart and try again.")
    if has_goods(cart) and "shipping_address" not in cart:
        raise RestError(400, "The shipping address is missing. Set the address and try again.")
    if "billing_address" not in cart:
        raise RestError(400, "Please check the billing address information.")
    if has_goods(cart) and cart["shipping_method"] == PICKUP and not cart["pickup_location"]:
        raise RestError(400, "Quote does not have Pickup Location assigned.")
    email = cart.get("customer", {}).get("email") or cart.get("email") or cart["billing_address"].get("email")
    if not email:
        raise RestError(400, "Email has a wrong format")
    return str(email)


def _check_stock(shop: Shop, cart: Json) -> None:
    """Enough of every SKU, also where two lines share one."""
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in cart["items"]:
        wanted[row["sku"]] += decimal(row["qty"])
    if not all(can_sell(shop, sku, quantity, cart["store_id"]) for sku, quantity in wanted.items()):
        raise RestError(400, NOT_AVAILABLE)


def _check_method(method: str | None, totals: Totals) -> None:
    """Nothing left to pay takes ``free`` and nothing else, and the other way round."""
    is_free = totals.grand_total == 0
    if method not in PAYMENT_TITLES or (method == FREE) is not is_free:
        raise RestError(400, "The requested Payment Method is not available.")


def _new_order(shop: Shop, cart: Json, totals: Totals, method: str, email: str) -> NewOrder:
    entity_id = shop.next_id("order")
    lines = [_line(row, line_totals) for row, line_totals in zip(cart["items"], totals.lines, strict=True)]
    row_count = sum(2 if line.parent else 1 for line in lines)
    taxed = tax_percent(cart)
    shipping_id = shop.next_id("order_address") if has_goods(cart) else 0
    return NewOrder(
        entity_id=entity_id,
        increment_id=shop.next_number("order", cart["store_id"]),
        store_id=cart["store_id"],
        store_name=shop.premises.website_of(cart["store_id"]).full_name,
        quote_id=cart["quote_id"],
        first_item_id=shop.next_id("order_item", row_count),
        first_tax_item_id=shop.next_id("order_tax_item", len(lines)) if taxed else 0,
        tax_id=shop.next_id("order_tax") if taxed else 0,
        address_ids=(shipping_id, shop.next_id("order_address")),
        quote_item_ids=[item_id for row in cart["items"] for item_id in row["quote_item_ids"]],
        now=shop.now(),
        email=email,
        billing_address=cart["billing_address"],
        shipping_address=cart.get("shipping_address") if has_goods(cart) else None,
        lines=lines,
        totals=totals,
        tax_percent=taxed,
        discount_percent=COUPONS.get(cart["coupon"], Decimal(0)),
        coupon=cart["coupon"],
        payment_method=method,
        shipping_method=cart.get("shipping_method", FLAT_RATE),
        pickup_location=cart.get("pickup_location", "") if has_goods(cart) else "",
        customer=cart.get("customer"),
        gift_cards=_spend_gift_cards(shop, cart, totals) if shop.edition == "commerce" else None,
        protect_code=secrets.token_hex(8),
    )


def _line(row: Json, totals: LineTotals) -> OrderLine:
    return OrderLine(
        sku=row["sku"],
        product_id=row["product_id"],
        name=row["name"],
        price=Decimal(row["price"]),
        qty=decimal(row["qty"]),
        totals=totals,
        is_virtual=row["is_virtual"],
        parent=(row["parent"][0], row["parent"][1]) if row.get("parent") else None,
        option=(row["option"][0], row["option"][1]) if row.get("option") else None,
    )


def _spend_gift_cards(shop: Shop, cart: Json, totals: Totals) -> list[Json]:
    """Take the gift cards' share off their balances, first card first."""
    spent: list[Json] = []
    left = totals.gift_cards
    for code in cart["gift_cards"]:
        balance = gift_card_balance(shop, code)
        share = min(left, balance)
        if share <= 0:
            continue
        left -= share
        row = shop.one("SELECT account_id FROM gift_cards WHERE code = ?", code)
        shop.connection.execute("UPDATE gift_cards SET balance = ? WHERE code = ?", (str(balance - share), code))
        account = row["account_id"] if row else 0
        spent.append({"id": account, "code": code, "amount": number(share), "base_amount": number(share)})
    return spent


ROUTES = (
    guest_route("PUT", "/guest-carts/:cartId/order", place_order),
    guest_route("POST", "/guest-carts/:cartId/payment-information", pay_and_place_order),
)
