"""The two systems that the connectors' contract suites run against: the sandbox, or a real test store.

A real one is named by the environment, and then every test runs on both; what needs the fault panel is skipped there
and says so.

Magento: MAGENTO_TEST_URL, MAGENTO_TEST_SKU (a simple product that can be bought by check with flat-rate shipping),
MAGENTO_TEST_SOURCE (an MSI source of its stock), and either MAGENTO_TEST_BEARER_TOKEN or MAGENTO_TEST_CONSUMER_KEY,
_CONSUMER_SECRET, _ACCESS_TOKEN and _ACCESS_TOKEN_SECRET. Orders are placed, commented and never cancelled there.

Heartland: HEARTLAND_TEST_URL, HEARTLAND_TEST_CLIENT_ID, HEARTLAND_TEST_CLIENT_SECRET, HEARTLAND_TEST_SKU,
HEARTLAND_TEST_LOCATION, and HEARTLAND_TEST_TOKEN_URL if it is not under the URL. Orders are created there.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.clock import SystemClock
from app.connections import HeartlandConnection, Http, MagentoConnection
from app.heartland.client import HeartlandClient
from app.heartland.orders import HeartlandOrders
from app.heartland.stock import HeartlandStock
from app.http import Answer, Request
from app.magento.client import MagentoClient
from app.magento.orders import MagentoOrders
from app.sandbox.faults import Fault, FaultPanel, Rule
from app.sandbox.heartland import server as heartland_server
from app.sandbox.magento import server as magento_server
from app.sandbox.magento.shipping_methods import location_address
from app.sandbox.server import SandboxHandle, SandboxOptions
from app.systems import Pos, Web
from streams.errors import TillstreamError
from streams.ports import Clock, OrderDraft, WebStock
from tests.app.call_sites import sending_from
from tests.app.heartland.heartland_contract import check_request
from tests.app.magento.magento_contract import check_request as check_magento
from tests.app.stub_server import Seen

SKUS = 130
HTTP = Http(timeout_seconds=20)
HURRY_SECONDS = 1.0
LATE = Rule(Fault.LATE, ms=1_500)
"""Done when a client in a hurry has given up."""
MAGENTO_SECRETS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret", "bearer_token")
ADDRESS = {
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["12 Oak St"],
    "city": "Austin",
    "region": "Texas",
    "region_code": "TX",
    "region_id": 57,
    "postcode": "78701",
    "country_id": "US",
    "telephone": "512-555-0100",
    "email": "contract@example.com",
}


@dataclass(frozen=True)
class Faults:
    """The fault panel and mutation log of a sandbox; asking a real system for them skips the test by name."""

    handle: SandboxHandle | None

    def put(self, *rules: Rule) -> None:
        self._panel.replace(list(rules))

    def fired(self, fault: Fault) -> int:
        """How often a fault struck."""
        return self._panel.fired[fault]

    def mutations(self, operation: str) -> list[int]:
        """Statuses of all calls of that operation, refused ones too."""
        handle = self._sandbox
        with sqlite3.connect(handle.database) as connection:
            rows = connection.execute("SELECT status FROM mutations WHERE operation = ? ORDER BY id", (operation,))
            found = [int(row[0]) for row in rows]
        connection.close()
        return found

    def mails(self) -> int:
        """How many mails the shop has sent."""
        with sqlite3.connect(self._sandbox.database) as connection:
            ((number,),) = connection.execute("SELECT count(*) FROM mails")
        connection.close()
        return int(number)

    async def switch(self, **switches: bool) -> None:
        """Put a web store's mail or gateway out of order, or right again (``app.sandbox.magento.switches``)."""
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            await _json(session, "PUT", f"{self._sandbox.url}/_switches", switches)

    @property
    def database(self) -> Path:
        """The sandbox's own, for what no route does."""
        return self._sandbox.database

    async def done(self, operation: str, times: int) -> list[int]:
        """The same, when there are so many or a late one would have come."""
        for _ in range(50):
            if len(self.mutations(operation)) >= times:
                break
            await asyncio.sleep(0.1)
        return self.mutations(operation)

    @property
    def _panel(self) -> FaultPanel:
        return self._sandbox.panel

    @property
    def _sandbox(self) -> SandboxHandle:
        if self.handle is None:
            pytest.skip("needs the fault panel and the mutation log, which only the sandbox has")
        return self.handle


class CheckedMagento(MagentoClient):
    """Holds every request to Magento's routes and data interfaces before it is sent, and keeps which route it calls."""

    def __init__(self, name: str, settings: MagentoConnection, clock: Clock) -> None:
        super().__init__(name, settings, clock)
        self.called: list[str] = []

    async def _send(self, request: Request) -> Answer:
        path = "/rest" + request.url.removeprefix(self._base)
        self.called.append(check_magento(Seen(request.method, path, {}, request.content or b"")))
        return await super()._send(request)


@dataclass(frozen=True)
class WebSystem:
    """A Magento, through the connector."""

    url: str
    client: CheckedMagento
    connector: Web
    sku: str
    source: str
    faults: Faults
    settings: MagentoConnection

    @property
    def orders(self) -> MagentoOrders:
        return self.connector.orders

    @property
    def stock(self) -> WebStock:
        return self.connector.stock

    @asynccontextmanager
    async def in_a_hurry(self) -> AsyncIterator[Web]:
        """The connector through a client that waits for no answer longer than `HURRY_SECONDS`."""
        settings = self.settings.model_copy(update={"http": Http(timeout_seconds=HURRY_SECONDS)})
        async with CheckedMagento("web", settings, SystemClock()) as client:
            yield Web.through(client)

    async def place_order(
        self,
        pieces: int = 1,
        method: str = "checkmo",
        *,
        beside: Sequence[str] = (),
        gift_cards: Sequence[str] = (),
        pickup: str = "",
    ) -> str:
        """A guest buys one piece, or more, and one of each SKU beside it, and pays by gift cards as far as they go, the
        rest by check or otherwise; collected at the source that ``pickup`` names. The order's entity id."""
        base = f"{self.url}/rest/V1/guest-carts"
        shipping: dict[str, object] = {
            "shipping_address": ADDRESS,
            "billing_address": ADDRESS,
            "shipping_carrier_code": "flatrate",
            "shipping_method_code": "flatrate",
        }
        if pickup:
            there = location_address(pickup) | {"extension_attributes": {"pickup_location_code": pickup}}
            collected = {"shipping_carrier_code": "instore", "shipping_method_code": "pickup"}
            shipping |= {"shipping_address": there, **collected}
        async with aiohttp.ClientSession(raise_for_status=True, headers={"Accept": "application/json"}) as session:
            cart = await _json(session, "POST", base, None)
            for sku, quantity in ((self.sku, pieces), *((sku, 1) for sku in beside)):
                item = {"cartItem": {"quote_id": cart, "sku": sku, "qty": quantity}}
                await _json(session, "POST", f"{base}/{cart}/items", item)
            await _json(session, "POST", f"{base}/{cart}/shipping-information", {"addressInformation": shipping})
            for number in gift_cards:
                path = f"{self.url}/rest/V1/carts/guest-carts/{cart}/giftCards"
                await _json(session, "POST", path, {"giftCardAccountData": {"gift_cards": [number]}})
            totals = await _json(session, "GET", f"{base}/{cart}/totals", None) if gift_cards else {}
            paid = {"paymentMethod": {"method": method if totals.get("grand_total", 1) else "free"}}
            return str(await _json(session, "PUT", f"{base}/{cart}/order", paid))


class CheckedHeartland(HeartlandClient):
    """Holds every request to the OpenAPI document before it is sent, and keeps which operation it calls from where."""

    def __init__(self, name: str, settings: HeartlandConnection, clock: Clock) -> None:
        super().__init__(name, settings, clock)
        self.called: list[str] = []
        self.sites: set[tuple[str, int]] = set()

    async def _send(self, request: Request) -> Answer:
        self.sites.add(sending_from())
        path = request.url.removeprefix(self._base)
        seen = Seen(request.method, path, {"Content-Type": request.content_type}, request.content or b"")
        self.called.append(check_request(seen))
        return await super()._send(request)


@dataclass(frozen=True)
class PosSystem:
    """A Heartland, through the connector."""

    client: CheckedHeartland
    connector: Pos
    sku: str
    location: str
    faults: Faults
    settings: HeartlandConnection

    @property
    def orders(self) -> HeartlandOrders:
        return self.connector.orders

    @property
    def stock(self) -> HeartlandStock:
        return self.connector.stock

    @asynccontextmanager
    async def in_a_hurry(self) -> AsyncIterator[Pos]:
        """The connector through a client that waits for no answer longer than `HURRY_SECONDS`."""
        settings = self.settings.model_copy(update={"http": Http(timeout_seconds=HURRY_SECONDS)})
        async with CheckedHeartland("pos", settings, SystemClock()) as client:
            yield Pos.through(client)

    def draft(self, **changes: Any) -> OrderDraft:
        """An order of two pieces with a public id that nobody has used."""
        public_id, placed_at = f"C-{secrets.token_hex(6)}", datetime.now(UTC).replace(microsecond=0)
        document = {
            "ExternalID": public_id,
            "OrderDate": placed_at.isoformat(),
            "TotalAmount": Decimal("21.65"),
            "Currency": "USD",
            "Status": "Open",
            "LocationID": self.location,
            "LineItems": [
                {"SKU": self.sku, "Quantity": Decimal(2), "Price": Decimal("10.0000"), "Tax": Decimal("1.65")}
            ],
            "Shipping": {"Method": "Pick up", "Amount": Decimal(0)},
            "Tenders": [],
            "BalanceDue": Decimal("21.65"),
            "BillingAddress": {"FirstName": "Ann", "LastName": "Webb", "Email": "contract@example.com"},
        }
        return OrderDraft(public_id, document | changes, Decimal("21.65"), "USD", "contract@example.com", placed_at)


@asynccontextmanager
async def magento_sandbox(directory: Path) -> AsyncIterator[WebSystem]:
    handle = await magento_server.start(SandboxOptions(database=directory / "magento.db", skus=SKUS))
    secrets_ = {name: value for name, value in handle.credentials.items() if name != "bearer_token"}
    settings = MagentoConnection.model_validate({"base_url": handle.url, "http": HTTP, **secrets_})
    async with _magento(settings, "SKU-00002", "main", handle) as system:
        yield system
    await handle.stop()


@asynccontextmanager
async def heartland_sandbox(directory: Path) -> AsyncIterator[PosSystem]:
    handle = await heartland_server.start(SandboxOptions(database=directory / "heartland.db", skus=SKUS))
    settings = HeartlandConnection.model_validate({"base_url": handle.url, "http": HTTP, **handle.credentials})
    async with _heartland(settings, "SKU-00002", "MAIN", handle) as system:
        yield system
    await handle.stop()


@asynccontextmanager
async def real_magento() -> AsyncIterator[WebSystem]:
    found = {name: os.environ.get(f"MAGENTO_TEST_{name.upper()}") for name in MAGENTO_SECRETS}
    settings = MagentoConnection.model_validate({"base_url": _named("MAGENTO_TEST_URL"), "http": HTTP, **found})
    async with _magento(settings, _named("MAGENTO_TEST_SKU"), _named("MAGENTO_TEST_SOURCE"), None) as system:
        yield system


@asynccontextmanager
async def real_heartland() -> AsyncIterator[PosSystem]:
    settings = HeartlandConnection.model_validate(
        {
            "base_url": _named("HEARTLAND_TEST_URL"),
            "token_url": os.environ.get("HEARTLAND_TEST_TOKEN_URL", ""),
            "client_id": _named("HEARTLAND_TEST_CLIENT_ID"),
            "client_secret": _named("HEARTLAND_TEST_CLIENT_SECRET"),
            "http": HTTP,
        }
    )
    async with _heartland(settings, _named("HEARTLAND_TEST_SKU"), _named("HEARTLAND_TEST_LOCATION"), None) as system:
        yield system


@asynccontextmanager
async def _magento(
    settings: MagentoConnection, sku: str, source: str, handle: SandboxHandle | None
) -> AsyncIterator[WebSystem]:
    async with CheckedMagento("web", settings, SystemClock()) as client:
        url = settings.base_url.rstrip("/")
        yield WebSystem(url, client, Web.through(client), sku, source, Faults(handle), settings)


@asynccontextmanager
async def _heartland(
    settings: HeartlandConnection, sku: str, location: str, handle: SandboxHandle | None
) -> AsyncIterator[PosSystem]:
    async with CheckedHeartland("pos", settings, SystemClock()) as client:
        yield PosSystem(client, Pos.through(client), sku, location, Faults(handle), settings)


async def failures(*calls: Awaitable[object]) -> list[str]:
    """Class and code of each call's error; what a call answers if it has none. All are made."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    return [f"{type(one).__name__} {one.code}" if isinstance(one, TillstreamError) else repr(one) for one in answers]


def implementations(url: str) -> list[str]:
    """The sandbox always; a real system if the environment has that name."""
    return ["sandbox", "real"] if url in os.environ else ["sandbox"]


def _named(name: str) -> str:
    if name not in os.environ:
        pytest.fail(f"{name} is not set: a real test store needs it beside its URL")
    return os.environ[name]


async def _json(session: aiohttp.ClientSession, method: str, url: str, body: object) -> Any:
    async with session.request(method, url, json=body) as response:
        return await response.json()
