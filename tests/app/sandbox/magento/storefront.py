"""A client of the Magento sandbox for its tests: plain HTTP, independent of the connector."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson

from app.sandbox.catalogue import MAIN
from app.sandbox.magento.server import start
from app.sandbox.premises import Size
from app.sandbox.server import SandboxHandle, SandboxOptions

Answer = tuple[int, Any]

ADDRESS = {
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["12 Oak St", "Apt 3"],
    "city": "Austin",
    "telephone": "512-555-0100",
    "postcode": "78701",
    "country_id": "US",
    "region_id": 57,
    "email": "guest@example.com",
}
CAP_RED = {"extension_attributes": {"configurable_item_options": [{"option_id": "137", "option_value": 4}]}}


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 22, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def tick(self) -> None:
        self.time += timedelta(seconds=1)


class Storefront:
    """Calls the sandbox with a bearer token."""

    def __init__(
        self, handle: SandboxHandle, session: aiohttp.ClientSession, store: str = "/rest", source: str = "main"
    ) -> None:
        self.handle = handle
        self.store = store
        self.source = source
        self.session = session
        self.headers = {"Authorization": f"Bearer {handle.credentials['bearer_token']}"}

    def at(self, code: str) -> Storefront:
        """The same shop, called with a store code in the path."""
        return Storefront(self.handle, self.session, f"/rest/{code}", self.source)

    async def call(self, method: str, path: str, body: object = None, *, store: str = "") -> Answer:
        """Status and body; JSON where it is JSON."""
        url = f"{self.handle.url}{store or self.store}/V1{path}"
        async with self.session.request(method, url, json=body, headers=self.headers) as response:
            text = await response.read()
            kind = response.content_type
        return response.status, orjson.loads(text) if kind == "application/json" else text.decode()

    async def get(self, path: str, **query: str) -> Any:
        """The body of a GET that must succeed."""
        encoded = f"?{urlencode(query, quote_via=quote)}" if query else ""
        status, body = await self.call("GET", path + encoded)
        assert status == 200, body
        return body

    async def do(self, method: str, path: str, body: object = None) -> Any:
        """The body of a call that must succeed."""
        status, answer = await self.call(method, path, body)
        assert status == 200, answer
        return answer

    async def find(self, path: str, *filters: tuple[str, str, str], **more: str) -> Any:
        """A list by filters (field, condition, value), ANDed."""
        query = {"searchCriteria": ""}
        for index, (field, condition, value) in enumerate(filters):
            start = f"searchCriteria[filter_groups][{index}][filters][0]"
            query |= {f"{start}[field]": field, f"{start}[condition_type]": condition, f"{start}[value]": value}
        return await self.get(path, **query, **more)

    async def make_product(self, sku: str, price: float, kind: str = "simple", **more: object) -> int:
        """A product with 100 units in the source of the shop's first location."""
        product = {"sku": sku, "name": sku.title(), "price": price, "type_id": kind, "attribute_set_id": 4, **more}
        made = await self.do("POST", "/products", {"product": product})
        if kind != "configurable":
            await self.put_stock(sku, 100, self.source)
        return int(made["id"])

    async def put_stock(self, sku: str, quantity: float, source: str = "main") -> None:
        row = {"sku": sku, "source_code": source, "quantity": quantity, "status": 1}
        await self.do("POST", "/inventory/source-items", {"sourceItems": [row]})

    async def fill_cart(self, *items: tuple[str, int], coupon: str = "", shipped: bool = True) -> str:
        """A guest cart with addresses; the SKU ``CAP`` means its red child."""
        cart = str(await self.do("POST", "/guest-carts"))
        for sku, qty in items:
            item: dict[str, object] = {"sku": sku, "qty": qty, "quote_id": cart}
            if sku == "CAP":
                item["product_option"] = CAP_RED
            await self.do("POST", f"/guest-carts/{cart}/items", {"cartItem": item})
        if coupon:
            await self.do("PUT", f"/guest-carts/{cart}/coupons/{coupon}")
        if shipped:
            information = {
                "shipping_address": ADDRESS,
                "billing_address": ADDRESS,
                "shipping_carrier_code": "flatrate",
                "shipping_method_code": "flatrate",
            }
            await self.do("POST", f"/guest-carts/{cart}/shipping-information", {"addressInformation": information})
        else:
            await self.do("POST", f"/guest-carts/{cart}/billing-address", {"address": ADDRESS})
        return cart

    async def place(
        self, *items: tuple[str, int], coupon: str = "", shipped: bool = True, method: str = "checkmo"
    ) -> int:
        """Place an order; returns its entity id."""
        cart = await self.fill_cart(*items, coupon=coupon, shipped=shipped)
        return int(await self.do("PUT", f"/guest-carts/{cart}/order", {"paymentMethod": {"method": method}}))

    async def order(self, entity_id: int) -> dict[str, Any]:
        answer: dict[str, Any] = await self.get(f"/orders/{entity_id}")
        return answer

    async def ship(self, entity_id: int, items: list[object] | None = None, source: str = "main") -> Answer:
        arguments = {"extension_attributes": {"source_code": source}}
        return await self.call("POST", f"/order/{entity_id}/ship", {"items": items or [], "arguments": arguments})

    async def salable(self, sku: str, stock: int = 2) -> float:
        return float(await self.get(f"/inventory/get-product-salable-quantity/{sku}/{stock}"))

    async def put_product(self, sku: str, /, **product: object) -> Any:
        """The answer of a PUT that must succeed."""
        return await self.do("PUT", f"/products/{sku}", {"product": product})

    async def custom(self, sku: str) -> dict[str, Any]:
        """Custom attributes of a product by code."""
        found = (await self.get(f"/products/{sku}"))["custom_attributes"]
        return {item["attribute_code"]: item["value"] for item in found}

    def mails(self, kind: str) -> list[str]:
        """Recipients of the mails of a kind, oldest first."""
        with sqlite3.connect(self.handle.database) as connection:
            found = connection.execute("SELECT recipient FROM mails WHERE kind = ? ORDER BY id", (kind,)).fetchall()
        connection.close()
        return [row[0] for row in found]

    async def switch(self, **switches: bool) -> Any:
        """Turn switches on or off; returns all of them."""
        async with self.session.put(f"{self.handle.url}/_switches", json=switches) as response:
            assert response.status == 200
            return await response.json()

    async def on_hand(self, sku: str, source: str = "main") -> float:
        found = await self.find("/inventory/source-items", ("sku", "eq", sku), ("source_code", "eq", source))
        return float(found["items"][0]["quantity"])


@asynccontextmanager
async def open_shop(directory: Path, **options: Any) -> AsyncIterator[Storefront]:
    """A running sandbox with the goods of the captured orders (S1 ... S5, V1, CAP with its red child)."""
    start_options = {key: options.pop(key) for key in ("clock", "denied_resources") if key in options}
    options = {"skus": 40, "edition": "open-source", **options}
    handle = await start(SandboxOptions(database=directory / "magento.db", **options), **start_options)
    async with aiohttp.ClientSession() as session:
        source = options.get("size", Size.SMALL).premises.sources[MAIN]
        shop = Storefront(handle, session, source=source)
        for sku, price in (("S1", 10), ("S2", 20), ("S3", 30.99), ("S4", 40), ("S5", 50)):
            await shop.make_product(sku, price)
        await shop.make_product("V1", 15, "virtual")
        shade = [{"attribute_code": "shade", "value": "4"}]
        red = await shop.make_product("C-Red", 25, custom_attributes=shade)
        parent = {"configurable_product_links": [red], "stock_item": {"is_in_stock": True}}
        await shop.make_product("CAP", 0, "configurable", extension_attributes=parent)
        yield shop
    await handle.stop()
