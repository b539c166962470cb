"""The demo's clerks: they sell in store, count shelves, and pack web orders at the point of sale."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.demo.rest import Rest, RestError

TOKEN_MARGIN = 30.0
UNAUTHORISED = 401


class Till:
    """What a store does, over the `/v1` API (schemas/heartland/openapi.yaml)."""

    def __init__(self, door: Rest, client: Mapping[str, str]) -> None:
        self._door = door
        self._client = client
        self._token = ""
        self._token_until = 0.0

    async def sell(self, sku: str, quantity: int, price: Decimal, location: str) -> None:
        """A sale in store: an order without ExternalID, fulfilled at once; it takes the goods off the shelf."""
        total = price * quantity
        order = {
            "OrderDate": datetime.now(UTC).isoformat(),
            "Status": "Fulfilled",
            "Currency": "USD",
            "LocationID": location,
            "TotalAmount": float(total),
            "LineItems": [{"SKU": sku, "Quantity": quantity, "Price": float(price)}],
            "Tenders": [{"Type": "Cash", "Amount": float(total)}],
        }
        await self._call("POST", "/v1/orders", order)

    async def count(self, sku: str, location: str, on_hand: int) -> None:
        """A shelf was counted: its on hand is now this."""
        await self._call("PUT", "/v1/inventory", {"SKU": sku, "LocationID": location, "OnHand": on_hand})

    async def open_web_orders(self, most: int) -> list[str]:
        """Ids of web orders that wait to be packed."""
        answer = await self._call("GET", f"/v1/orders?status=Open&per_page={most}")
        return [str(order["OrderID"]) for order in answer["results"] if order.get("ExternalID")]

    async def fulfil(self, order_id: str) -> None:
        """The order is packed and gone."""
        await self._call("PUT", f"/v1/orders/{order_id}", {"Status": "Fulfilled"})

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        try:
            return await (await self._authorised()).call(method, path, body)
        except RestError as error:
            if error.status != UNAUTHORISED:
                raise
            self._token_until = 0.0
            return await (await self._authorised()).call(method, path, body)

    async def _authorised(self) -> Rest:
        if time.monotonic() >= self._token_until:
            form = {"grant_type": "client_credentials", **self._client}
            answer = await self._door.call("POST", "/oauth/token", form=form)
            self._token = str(answer["access_token"])
            self._token_until = time.monotonic() + float(answer["expires_in"]) - TOKEN_MARGIN
        return self._door.with_headers({"Authorization": f"Bearer {self._token}"})
