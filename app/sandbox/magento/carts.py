"""Carts, and how a guest fills one without any account."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from functools import wraps

import orjson

from app.sandbox.catalogue import ProductKind
from app.sandbox.magento.attributes import SHADE_ATTRIBUTE
from app.sandbox.magento.directory import read_address
from app.sandbox.magento.errors import RestError, missing
from app.sandbox.magento.payment_methods import FREE, PAYMENT_TITLES
from app.sandbox.magento.product_rows import find_product, is_sold_at, values_at
from app.sandbox.magento.routing import ANONYMOUS, COMMERCE, Route
from app.sandbox.magento.shipping_methods import FEES, FLAT_RATE, pickup_location
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.stock import can_sell
from app.sandbox.magento.stock_settings import stock_settings
from app.sandbox.magento.totals import COUPONS, TAX_PERCENT, TAXED_REGION, CartLine, Totals, compute_totals
from app.sandbox.magento.typed import read_parameters

NOT_AVAILABLE = "The requested qty is not available"
NOT_SOLD = "Product that you are trying to add is not available."


def create_guest_cart(shop: Shop, call: Call) -> str:
    """POST /V1/guest-carts: a cart's masked id. The cart belongs to the store view of the path."""
    masked = secrets.token_hex(16)
    cart = new_cart(shop, shop.scope(call) or shop.premises.default_store)
    keep_new_cart(shop, masked, cart)
    return masked


def new_cart(shop: Shop, store_id: int) -> Json:
    """An empty cart of a store view."""
    return {"quote_id": shop.next_id("quote"), "store_id": store_id, "items": [], "gift_cards": [], "coupon": ""}


def keep_new_cart(shop: Shop, key: str, cart: Json) -> None:
    """Store a new cart under a guest's masked id, or under its number if it is a customer's."""
    shop.connection.execute(
        "INSERT INTO carts(masked_id, quote_id, active, document, customer_id) VALUES (?, ?, 1, ?, ?)",
        (key, cart["quote_id"], orjson.dumps(cart).decode(), cart.get("customer", {}).get("id")),
    )


def load_cart(shop: Shop, masked: str) -> Json:
    """An open cart; 404 if there is none, or an order was made of it."""
    row = shop.one("SELECT document FROM carts WHERE masked_id = ? AND active = 1", masked)
    if row is None:
        raise _no_such_cart()
    cart: Json = orjson.loads(row["document"])
    return cart


def _no_such_cart() -> RestError:
    return RestError(404, "No such entity with %fieldName = %fieldValue", {"fieldName": "cartId", "fieldValue": None})


def _save_cart(shop: Shop, masked: str, cart: Json) -> None:
    shop.connection.execute("UPDATE carts SET document = ? WHERE masked_id = ?", (orjson.dumps(cart).decode(), masked))


def add_cart_item(shop: Shop, call: Call) -> Json:
    """POST /V1/guest-carts/:cartId/items: a simple, virtual or configurable product (by its chosen option)."""
    item = read_parameters(call.body, {"cartItem": "CartItem"})["cartItem"]
    if item.get("quote_id") != call.params["cartId"]:
        call.resource_key = call.params["cartId"]
        raise _no_such_cart()
    return put_in_cart(shop, call, call.params["cartId"], item)


def put_in_cart(shop: Shop, call: Call, key: str, item: Json) -> Json:
    """Add a line to a cart, or units to the line that is there; answers with the line."""
    call.resource_key = key
    if not item.get("sku"):
        raise missing("sku")
    cart = load_cart(shop, key)
    row = _cart_row(shop, item, cart["store_id"])
    same = next((other for other in cart["items"] if _is_same_line(other, row)), None)
    if same is None:
        row["quote_item_ids"] = [shop.next_id("quote_item") for _ in range(2 if row.get("parent") else 1)]
        cart["items"].append(row)
    else:
        same["qty"] += row["qty"]
        row = same
    if not can_sell(shop, row["sku"], decimal(row["qty"]), cart["store_id"]):
        raise RestError(400, NOT_AVAILABLE)
    _save_cart(shop, key, cart)
    return _item_document(row, key)


def _cart_row(shop: Shop, item: Json, store_id: int) -> Json:
    """What the cart keeps of a line."""
    qty = decimal(item.get("qty"))
    if qty <= 0:
        raise RestError(400, "The product quantity should be greater than 0")
    product = _offered(shop, item["sku"], store_id)
    row: Json = {"qty": number(qty)}
    bought = product
    if product["type_id"] == ProductKind.CONFIGURABLE:
        chosen = _chosen_shade(item)
        child = shop.one("SELECT * FROM products WHERE parent_id = ? AND shade = ?", product["entity_id"], chosen)
        if child is None:
            raise RestError(400, "You need to choose options for your item.")
        if not stock_settings(product["stock"]).is_in_stock:
            raise RestError(400, "This product is out of stock.")
        bought = _offered(shop, child["sku"], store_id)
        row |= {"parent": [product["entity_id"], _name(shop, product, store_id)], "option": [SHADE_ATTRIBUTE, chosen]}
    return row | {
        "sku": bought["sku"],
        "product_id": bought["entity_id"],
        "name": _name(shop, bought, store_id),
        "price": bought["price"],
        "is_virtual": bought["type_id"] == ProductKind.VIRTUAL,
    }


def _offered(shop: Shop, sku: str, store_id: int) -> sqlite3.Row:
    """A product that the store view sells: on its website, and enabled."""
    try:
        product = find_product(shop, sku)
    except RestError:
        raise RestError(404, NOT_SOLD) from None
    if not is_sold_at(shop, product, store_id):
        raise RestError(404, NOT_SOLD)
    return product


def _name(shop: Shop, product: sqlite3.Row, store_id: int) -> str:
    return str(values_at(shop, product, store_id)["name"])


def _is_same_line(one: Json, other: Json) -> bool:
    """A child bought by itself and one bought through its configurable are two lines."""
    return one["product_id"] == other["product_id"] and one.get("parent") == other.get("parent")


def _chosen_shade(item: Json) -> int | None:
    option = (item.get("product_option") or {}).get("extension_attributes") or {}
    for chosen in option.get("configurable_item_options") or []:
        if chosen.get("option_id") == SHADE_ATTRIBUTE:
            return int(chosen["option_value"])
    return None


def _item_document(row: Json, masked: str) -> Json:
    document = {
        "item_id": row["quote_item_ids"][0],
        "sku": row["sku"],
        "qty": row["qty"],
        "name": row["parent"][1] if row.get("parent") else row["name"],
        "price": number(Decimal(row["price"])),
        "product_type": "configurable" if row.get("parent") else "virtual" if row["is_virtual"] else "simple",
        "quote_id": masked,
    }
    if row.get("option"):
        chosen = {"option_id": row["option"][0], "option_value": row["option"][1]}
        document["product_option"] = {"extension_attributes": {"configurable_item_options": [chosen]}}
    return document


def set_shipping_information(shop: Shop, call: Call) -> Json:
    """POST /V1/guest-carts/:cartId/shipping-information."""
    call.resource_key = call.params["cartId"]
    sent = read_parameters(call.body, {"addressInformation": "ShippingInformation"})["addressInformation"]
    cart = load_cart(shop, call.params["cartId"])
    if not cart["items"] or not has_goods(cart):
        raise RestError(400, "The shipping method can't be set for an empty cart. Add an item to cart and try again.")
    method = f"{sent.get('shipping_carrier_code')}_{sent.get('shipping_method_code')}"
    if method not in FEES:
        raise RestError(400, "Carrier with such method not found: %1, %2", _carrier(sent))
    cart["shipping_method"] = method
    cart["shipping_address"] = read_address(sent.get("shipping_address"))
    cart["pickup_location"] = pickup_location(shop, cart["store_id"], sent["shipping_address"])
    if sent.get("billing_address"):
        cart["billing_address"] = read_address(sent["billing_address"])
    _save_cart(shop, call.params["cartId"], cart)
    methods = [{"code": code, "title": title} for code, title in PAYMENT_TITLES.items() if code != FREE]
    return {"payment_methods": methods, "totals": _totals_document(cart_totals(shop, cart))}


def _carrier(sent: Json) -> list[object]:
    return [sent.get("shipping_carrier_code"), sent.get("shipping_method_code")]


def set_billing_address(shop: Shop, call: Call) -> int:
    """POST /V1/guest-carts/:cartId/billing-address."""
    call.resource_key = call.params["cartId"]
    address = read_parameters(call.body, {"address": "Address", "useForShipping": "boolean?"})["address"]
    cart = load_cart(shop, call.params["cartId"])
    cart["billing_address"] = read_address(address)
    _save_cart(shop, call.params["cartId"], cart)
    return shop.next_id("quote_address")


def set_coupon(shop: Shop, call: Call) -> bool:
    """PUT /V1/guest-carts/:cartId/coupons/:couponCode."""
    call.resource_key = call.params["cartId"]
    cart = load_cart(shop, call.params["cartId"])
    if call.params["couponCode"] not in COUPONS or not cart["items"]:
        raise RestError(404, "The coupon code isn't valid. Verify the code and try again.")
    cart["coupon"] = call.params["couponCode"]
    _save_cart(shop, call.params["cartId"], cart)
    return True


def add_gift_card(shop: Shop, call: Call) -> bool:
    """POST /V1/carts/guest-carts/:cartId/giftCards (Adobe Commerce only)."""
    call.resource_key = call.params["cartId"]
    sent = read_parameters(call.body, {"giftCardAccountData": "GiftCardAccount"})["giftCardAccountData"]
    cart = load_cart(shop, call.params["cartId"])
    for code in sent.get("gift_cards") or []:
        if gift_card_balance(shop, code) <= 0 or code in cart["gift_cards"]:
            raise RestError(400, "Please correct the gift card code.")
        cart["gift_cards"].append(code)
    _save_cart(shop, call.params["cartId"], cart)
    return True


def gift_card_balance(shop: Shop, code: str) -> Decimal:
    """What is on a gift card; 0 for an unknown one."""
    row = shop.one("SELECT balance FROM gift_cards WHERE code = ?", code)
    return Decimal(row["balance"]) if row else Decimal(0)


def get_totals(shop: Shop, call: Call) -> Json:
    """GET /V1/guest-carts/:cartId/totals."""
    return _totals_document(cart_totals(shop, load_cart(shop, call.params["cartId"])))


def list_cart_items(shop: Shop, call: Call) -> list[Json]:
    """GET /V1/guest-carts/:cartId/items."""
    masked = call.params["cartId"]
    return [_item_document(row, masked) for row in load_cart(shop, masked)["items"]]


def has_goods(cart: Json) -> bool:
    """True if something in the cart must be shipped."""
    return any(not row["is_virtual"] for row in cart["items"])


def tax_percent(cart: Json) -> Decimal:
    """Texas taxes goods that go there (or virtual ones that are billed there); elsewhere there is no tax."""
    address = cart.get("shipping_address") if has_goods(cart) else cart.get("billing_address")
    return TAX_PERCENT if (address or {}).get("region_code") == TAXED_REGION else Decimal(0)


def cart_totals(shop: Shop, cart: Json) -> Totals:
    """What the cart costs now."""
    lines = [CartLine(Decimal(row["price"]), decimal(row["qty"]), row["is_virtual"]) for row in cart["items"]]
    balance = sum((gift_card_balance(shop, code) for code in cart["gift_cards"]), Decimal(0))
    return compute_totals(
        lines,
        tax_percent=tax_percent(cart),
        discount_percent=COUPONS.get(cart["coupon"], Decimal(0)),
        gift_card_balance=balance,
        shipping_fee=FEES[cart.get("shipping_method", FLAT_RATE)],
    )


def _totals_document(totals: Totals) -> Json:
    amounts: dict[str, Decimal] = {
        "grand_total": totals.grand_total,
        "subtotal": totals.subtotal,
        "discount_amount": -totals.discount,
        "subtotal_with_discount": totals.subtotal - totals.discount,
        "shipping_amount": totals.shipping,
        "shipping_discount_amount": Decimal(0),
        "tax_amount": totals.tax,
        "shipping_tax_amount": Decimal(0),
        "shipping_incl_tax": totals.shipping,
    }
    both: Json = {}
    for name, amount in amounts.items():
        both |= {name: number(amount), f"base_{name}": number(amount)}
    return both | {
        "subtotal_incl_tax": number(totals.subtotal_incl_tax),
        "weee_tax_applied_amount": None,
        "base_currency_code": "USD",
        "quote_currency_code": "USD",
    }


def guest_route(method: str, path: str, handler: Callable[[Shop, Call], object], edition: str = "") -> Route:
    """A route of guest carts. It knows them by their masked ids alone, and no customer's cart by its number."""

    @wraps(handler)
    def answer(shop: Shop, call: Call) -> object:
        if call.params.get("cartId", "").isdigit():
            raise _no_such_cart()
        return handler(shop, call)

    return Route(method, f"/V1{path}", ANONYMOUS, answer, edition=edition)


ROUTES = (
    guest_route("POST", "/guest-carts", create_guest_cart),
    guest_route("POST", "/guest-carts/:cartId/items", add_cart_item),
    guest_route("GET", "/guest-carts/:cartId/items", list_cart_items),
    guest_route("POST", "/guest-carts/:cartId/shipping-information", set_shipping_information),
    guest_route("POST", "/guest-carts/:cartId/billing-address", set_billing_address),
    guest_route("PUT", "/guest-carts/:cartId/coupons/:couponCode", set_coupon),
    guest_route("GET", "/guest-carts/:cartId/totals", get_totals),
    guest_route("POST", "/carts/guest-carts/:cartId/giftCards", add_gift_card, edition=COMMERCE),
)
