"""Customers' carts: filled in the shopper's place by somebody who may manage carts, as guests fill theirs.

A cart is named by its number here. The customer's account gives the order its e-mail, name and group.
"""

from __future__ import annotations

from collections.abc import Callable

from app.sandbox.magento import carts, placing
from app.sandbox.magento.customers import load_customer
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.typed import read_parameters

OF_CUSTOMER = ("id", "email", "group_id", "firstname", "lastname")
"""What a cart keeps of its customer."""


def create_customer_cart(shop: Shop, call: Call) -> int:
    """POST /V1/customers/:customerId/carts: the customer's open cart, or a new one."""
    customer = load_customer(shop, call.params["customerId"])
    call.resource_key = str(customer["id"])
    row = shop.one("SELECT quote_id FROM carts WHERE customer_id = ? AND active = 1", customer["id"])
    if row is not None:
        return int(row["quote_id"])
    cart = carts.new_cart(shop, customer["store_id"])
    cart["customer"] = {name: customer[name] for name in OF_CUSTOMER}
    carts.keep_new_cart(shop, str(cart["quote_id"]), cart)
    return int(cart["quote_id"])


def add_customer_cart_item(shop: Shop, call: Call) -> Json:
    """POST /V1/carts/:quoteId/items. The path names the cart, whatever the body says."""
    item = read_parameters(call.body, {"cartItem": "CartItem"})["cartItem"]
    return carts.put_in_cart(shop, call, call.params["quoteId"], item)


def set_customer_shipping_information(shop: Shop, call: Call) -> Json:
    """POST /V1/carts/:cartId/shipping-information."""
    return carts.set_shipping_information(shop, call)


def set_customer_billing_address(shop: Shop, call: Call) -> int:
    """POST /V1/carts/:cartId/billing-address."""
    return carts.set_billing_address(shop, call)


def set_customer_coupon(shop: Shop, call: Call) -> bool:
    """PUT /V1/carts/:cartId/coupons/:couponCode."""
    return carts.set_coupon(shop, call)


def place_customer_order(shop: Shop, call: Call) -> int:
    """PUT /V1/carts/:cartId/order."""
    return placing.place_order(shop, call)


def _managed(method: str, path: str, handler: Callable[[Shop, Call], object]) -> Route:
    return Route(method, f"/V1{path}", "Magento_Cart::manage", handler)


ROUTES = (
    _managed("POST", "/customers/:customerId/carts", create_customer_cart),
    _managed("POST", "/carts/:quoteId/items", add_customer_cart_item),
    _managed("GET", "/carts/:cartId/items", carts.list_cart_items),
    _managed("POST", "/carts/:cartId/shipping-information", set_customer_shipping_information),
    _managed("POST", "/carts/:cartId/billing-address", set_customer_billing_address),
    _managed("PUT", "/carts/:cartId/coupons/:couponCode", set_customer_coupon),
    _managed("GET", "/carts/:cartId/totals", carts.get_totals),
    _managed("PUT", "/carts/:cartId/order", place_customer_order),
)
