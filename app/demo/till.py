"""The point of sale as its clerks use it: sales, counts, packing, returns, profiles, goods, over the `/v1` API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.demo.rest import Rest, RestError

TOKEN_MARGIN = 30.0
UNAUTHORISED, REFUSED = 401, 400
APPEND_TRIES = 4
Document = Mapping[str, Any]


class Till:
    """What a store does (schemas/heartland/openapi.yaml)."""

    def __init__(self, door: Rest, client: Mapping[str, str]) -> None:
        self._door = door
        self._client = client
        self._token = ""
        self._token_until = 0.0

    # -- In store ------------------------------------------------------------------------------------------------

    async def sell(self, sku: str, quantity: int, price: Decimal, location: str) -> None:
        """A sale in store: an order without ExternalID, fulfilled at once; it takes the goods off the shelf."""
        total = price * quantity
        order = {
            "OrderDate": _now(),
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

    # -- Web orders ----------------------------------------------------------------------------------------------

    async def open_web_orders(self, most: int) -> list[Document]:
        """Web orders that wait to be packed."""
        answer = await self._call("GET", f"/v1/orders?status=Open&per_page={most}")
        return [order for order in answer["results"] if order.get("ExternalID")]

    async def read(self, order_id: str) -> Document:
        """An order as it is now."""
        found: Document = await self._call("GET", f"/v1/orders/{order_id}")
        return found

    async def fulfil(self, order_id: str) -> None:
        """The order is packed and gone."""
        await self._call("PUT", f"/v1/orders/{order_id}", {"Status": "Fulfilled"})

    async def send_parcel(self, order_id: str, number: str, lines: Sequence[Document]) -> None:
        """Goods of the order left under a tracking number. Each line is a SKU and a quantity."""
        parcel = {"ShippedAt": _now(), "Carrier": "UPS Ground", "TrackingNumber": number, "Lines": list(lines)}
        await self._append(order_id, "Shipments", lambda _order: parcel)

    async def take_back(self, order_id: str, amount: Decimal, line: Document) -> None:
        """The customer brought goods of the order and got money. The line is a SKU, a quantity and Restocked."""
        refund = {
            "RefundedAt": _now(),
            "Amount": float(amount),
            "Reason": "Brought back",
            "Tenders": [{"Type": "Cash", "Amount": float(amount)}],
            "Lines": [line],
        }
        await self._append(order_id, "Refunds", lambda _order: refund)

    async def _append(self, order_id: str, name: str, entry: Callable[[Document], Document]) -> None:
        """Add to a list of the order; once more if somebody else added to it meanwhile, which is refused."""
        for left in reversed(range(APPEND_TRIES)):
            order = await self.read(order_id)
            try:
                await self._call("PUT", f"/v1/orders/{order_id}", {name: [*order[name], entry(order)]})
            except RestError as error:
                if error.status != REFUSED or not left:
                    raise
            else:
                return

    # -- The catalogue -------------------------------------------------------------------------------------------

    async def change_product(self, sku: str, **fields: object) -> None:
        """An item gets another ``Name`` or ``Price``."""
        await self._call("PUT", f"/v1/products/{sku}", fields)

    async def add_product(self, sku: str, name: str, price: Decimal, stock: Mapping[str, int]) -> None:
        """A new item, with units on hand by location: the owner does it at the account, beside the API."""
        await self._door.call("POST", "/_goods", {"SKU": sku, "Name": name, "Price": str(price), "Stock": stock})

    # -- Customers -----------------------------------------------------------------------------------------------

    async def enter_profile(self, email: str, first_name: str, last_name: str, phone: str) -> None:
        """A customer is entered, without an address."""
        profile = {"Email": email, "FirstName": first_name, "LastName": last_name, "Phone": phone, "Addresses": []}
        await self._call("POST", "/v1/customers", profile)

    async def profiles_of(self, email: str) -> Sequence[Document]:
        """Profiles of an e-mail address."""
        found: Sequence[Document] = (await self._call("GET", f"/v1/customers?email={email}"))["results"]
        return found

    async def profile(self, customer_id: str) -> Document:
        """A profile as it is now."""
        found: Document = await self._call("GET", f"/v1/customers/{customer_id}")
        return found

    async def change_profile(self, customer_id: str, **fields: object) -> None:
        """Set fields of a profile; ``Addresses`` is the whole list."""
        await self._call("PUT", f"/v1/customers/{customer_id}", fields)

    # -- Gift cards ----------------------------------------------------------------------------------------------

    async def issue_gift_card(self, number: str, balance: Decimal) -> None:
        """A card is sold: the point of sale's ledger has its money."""
        card = {"Number": number, "Balance": float(balance), "Currency": "USD"}
        await self._call("POST", "/v1/gift-cards", card)

    # -- The door ------------------------------------------------------------------------------------------------

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


def _now() -> str:
    return datetime.now(UTC).isoformat()
