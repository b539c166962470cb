"""A client whose Heartland is a stub server, and answers that keep to the contract."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from app import exact_json
from app.connections import HeartlandConnection, Http
from app.heartland.client import HeartlandClient
from tests.app.heartland.heartland_contract import check_answer
from tests.app.stub_server import Seen, StubServer
from tests.twins.clock import FakeClock

UPDATED = "2026-11-24T08:00:00.000001Z"


@dataclass
class Stubbed:
    """A stub and its client; ``calls`` are the requests but those for a token, ``token_ends`` what it told of those."""

    server: StubServer
    client: HeartlandClient
    clock: FakeClock
    token_ends: list[datetime]

    @property
    def calls(self) -> list[Seen]:
        return [seen for seen in self.server.seen if not seen.raw_path.startswith("/oauth")]

    @property
    def token_requests(self) -> list[Seen]:
        return [seen for seen in self.server.seen if seen.raw_path.startswith("/oauth")]


@asynccontextmanager
async def stubbed(
    *answers: web.Response,
    answer: Callable[[Seen], web.Response] | None = None,
    tokens: Callable[[int], web.Response] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Stubbed]:
    """Heartland that gives the answers in turn, or what ``answer`` makes; ``tokens`` gets the number of the request."""
    prepared, given = list(answers), 0

    def respond(seen: Seen) -> web.Response:
        nonlocal given
        if seen.raw_path.startswith("/oauth"):
            given += 1
            return (tokens or token)(given)
        return answer(seen) if answer is not None else prepared.pop(0)

    clock = FakeClock()
    async with StubServer(answer=respond) as server:
        settings = HeartlandConnection(
            base_url=server.url,
            client_id="client",
            client_secret=SecretStr("word"),
            http=Http(read_retries=0, timeout_seconds=5),
        )
        ends: list[datetime] = []
        async with HeartlandClient(
            "pos", settings, clock, chance=lambda: 0.0, monotonic=monotonic, token_until=ends.append
        ) as client:
            yield Stubbed(server, client, clock, ends)


def token(number: int, expires_in: int = 3600) -> web.Response:
    body = {"access_token": f"t{number}", "token_type": "Bearer", "expires_in": expires_in, "scope": "read write"}
    check_answer("Token", body)
    return web.json_response(body)


def refusal(status: int, error: str, message: str = "no", **details: str) -> web.Response:
    body = {"error": error, "message": message, "details": details}
    check_answer("Error", body)
    return web.json_response(body, status=status)


def order(order_id: str = "17", external_id: str | None = "W-000000042", **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "OrderID": order_id,
        "ExternalID": external_id,
        "CustomerID": "Web guest",
        "OrderDate": "2026-11-24T07:59:00.000000Z",
        "TotalAmount": 79.95,
        "Currency": "USD",
        "Status": "Open",
        "LocationID": "MAIN",
        "LineItems": [{"SKU": "S1", "Quantity": 1, "Price": 79.95, "Discount": 0, "Tax": 0}],
        "Shipping": {"Amount": 0, "Discount": 0, "Tax": 0},
        "Fees": [],
        "Tenders": [],
        "BalanceDue": 79.95,
        "PaymentStatus": "Unpaid",
        "Shipments": [],
        "Refunds": [],
        "ShippingAddress": None,
        "BillingAddress": {"Email": "guest@example.com"},
        "UpdatedAt": UPDATED,
    } | changes
    check_answer("Order", document)
    return document


def level(sku: str, location: str, on_hand: float, committed: float = 0) -> dict[str, Any]:
    row = {
        "SKU": sku,
        "LocationID": location,
        "ExternalID": None,
        "OnHand": on_hand,
        "Committed": committed,
        "Available": on_hand - committed,
        "UpdatedAt": UPDATED,
    }
    check_answer("InventoryLevel", row)
    return row


def page(rows: Sequence[dict[str, Any]], *, number: int = 1, pages: int = 1, total: int | None = None) -> web.Response:
    body = {"results": list(rows), "page": number, "pages": pages, "total": len(rows) if total is None else total}
    return web.Response(body=exact_json.dumps(body), content_type="application/json")
