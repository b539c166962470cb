"""The web store as its customers use it: they put goods into a cart and place the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.demo.rest import Rest


@dataclass(frozen=True, slots=True)
class WebOrder:
    """A placed order as the web store shows it. Lines are (SKU, quantity, unit price)."""

    order_id: str
    number: str
    email: str
    total: Decimal
    state: str
    lines: tuple[tuple[str, Decimal, Decimal], ...]


AT_HOME: Mapping[str, object] = {
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["12 Oak St", "Apt 3"],
    "city": "Austin",
    "region": "Texas",
    "region_code": "TX",
    "region_id": 57,
    "postcode": "78701",
    "country_id": "US",
    "telephone": "512-555-0100",
}
"""Where guests live."""


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who places an order.

    Attributes:
        account: id of the customer's account; empty for a guest.
        address: where goods and bill go.
    """

    email: str
    account: str = ""
    address: Mapping[str, object] = field(default_factory=lambda: AT_HOME)


class WebStore:
    """Checkout and the catalogue, over Magento's REST API.

    Args:
        guest: without credentials.
        office: with credentials of an integration.
    """

    def __init__(self, guest: Rest, office: Rest) -> None:
        self._guest = guest
        self._office = office

    async def place(
        self,
        items: Sequence[Mapping[str, Any]],
        shopper: Shopper,
        *,
        method: str,
        gift_card: str = "",
        pickup: str = "",
    ) -> WebOrder:
        """Place an order. Each item is a ``cartItem`` without its quote id.

        A gift card pays as much as it holds; what it pays wholly is ``free``, whatever ``method`` says. With
        ``pickup``, the code of a source, it is fetched there.
        """
        door, cart, path = await self._cart(shopper)
        await _fill(door, path, [{"quote_id": cart, **item} for item in items], shopper, pickup)
        if gift_card:
            body = {"giftCardAccountData": {"gift_cards": [gift_card]}}
            await door.call("POST", f"/rest/V1/carts/guest-carts/{cart}/giftCards", body)
            totals = await door.call("GET", f"{path}/totals")
            method = method if totals["grand_total"] else "free"
        payment = {"paymentMethod": {"method": method}}
        return await self.read(str(await door.call("PUT", f"{path}/order", payment)))

    async def _cart(self, shopper: Shopper) -> tuple[Rest, str, str]:
        """A cart: who may fill it, its name, and its path."""
        if not shopper.account:
            cart = str(await self._guest.call("POST", "/rest/V1/guest-carts"))
            return self._guest, cart, f"/rest/V1/guest-carts/{cart}"
        cart = str(await self._office.call("POST", f"/rest/V1/customers/{shopper.account}/carts"))
        return self._office, cart, f"/rest/V1/carts/{cart}"

    async def read(self, order_id: str) -> WebOrder:
        """The order as the back office sees it."""
        order = await self._office.call("GET", f"/rest/V1/orders/{order_id}")
        return web_order(order)

    async def variants(self, configurable: str) -> list[Mapping[str, Any]]:
        """A cart item for each variant of a configurable product, bought by choosing its option."""
        product = await self._office.call("GET", f"/rest/V1/products/{configurable}")
        options = product["extension_attributes"]["configurable_product_options"]
        return [
            {
                "sku": configurable,
                "product_option": {
                    "extension_attributes": {
                        "configurable_item_options": [
                            {"option_id": str(option["attribute_id"]), "option_value": value["value_index"]}
                        ]
                    }
                },
            }
            for option in options
            for value in option["values"]
        ]

    async def add_product(self, sku: str, price: Decimal, source: str, quantity: int) -> None:
        """Sell something that the point of sale does not know."""
        product = {"sku": sku, "name": sku, "price": float(price), "type_id": "simple", "attribute_set_id": 4}
        await self._office.call("POST", "/rest/V1/products", {"product": {**product, "status": 1, "visibility": 4}})
        items = [{"sku": sku, "source_code": source, "quantity": quantity, "status": 1}]
        await self._office.call("POST", "/rest/V1/inventory/source-items", {"sourceItems": items})


def web_order(order: Mapping[str, Any]) -> WebOrder:
    """Read Magento's order document: a configurable is one line with its child's SKU, its parent's price."""
    lines = tuple(
        (str(item["sku"]), Decimal(str(item["qty_ordered"])), Decimal(str(item["base_price"])))
        for item in order["items"]
        if not item.get("parent_item_id")
    )
    extension = order.get("extension_attributes") or {}
    stored_value = sum(
        (Decimal(str(extension.get(name) or 0)) for name in ("base_gift_cards_amount", "base_customer_balance_amount")),
        Decimal(0),
    )
    return WebOrder(
        order_id=str(order["entity_id"]),
        number=str(order["increment_id"]),
        email=str(order["customer_email"]),
        total=Decimal(str(order["base_grand_total"])) + stored_value,
        state=str(order["state"]),
        lines=lines,
    )


async def _fill(door: Rest, path: str, items: Sequence[Mapping[str, Any]], shopper: Shopper, pickup: str) -> None:
    """Put the goods into a cart and say where they go; what is not shipped has a billing address and no other."""
    lines = [await door.call("POST", f"{path}/items", {"cartItem": item}) for item in items]
    home = {**shopper.address, "email": shopper.email}
    if all(line["product_type"] == "virtual" for line in lines):
        await door.call("POST", f"{path}/billing-address", {"address": home})
        return
    shipping = {
        "shipping_address": _store_address(pickup) if pickup else home,
        "billing_address": home,
        "shipping_carrier_code": "instore" if pickup else "flatrate",
        "shipping_method_code": "pickup" if pickup else "flatrate",
    }
    await door.call("POST", f"{path}/shipping-information", {"addressInformation": shipping})


def _store_address(code: str) -> dict[str, object]:
    """The address of a pickup location must be exactly its source's."""
    return {
        "firstname": code.title(),
        "lastname": "Store",
        "street": ["1 Main"],
        "city": "Austin",
        "region": "Texas",
        "region_id": 57,
        "postcode": "78701",
        "country_id": "US",
        "telephone": "5125550100",
        "extension_attributes": {"pickup_location_code": code},
    }
