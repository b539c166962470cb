"""Both systems as the inventory bench needs them: the one has stock that changes, the other takes it, slowly.

It notes when each quantity changed in store and when the web store had it, or a newer one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import orjson
from aiohttp import web

LOCATION = "MAIN"
FIRST = 1_000
"""Units on hand at the start; each change adds one, so that quantities tell which change they are of."""

Json = dict[str, object]


@dataclass(slots=True)
class Shelf:
    """One SKU in store.

    Attributes:
        on_hand: units now.
        changed_at: when they changed last.
        open: changes that the web store does not have yet: units, and the moment on this machine's monotonic clock.
    """

    on_hand: int
    changed_at: str
    open: deque[tuple[int, float]] = field(default_factory=deque)

    def arrived(self, units: int, now: float) -> float:
        """The web store has that quantity. Returns how long the oldest change that it tells of has waited."""
        longest = 0.0
        while self.open and self.open[0][0] <= units:
            longest = max(longest, now - self.open.popleft()[1])
        return longest


class StockShop:
    """Serves both systems on one port.

    Attributes:
        calls: to the web store, of all kinds.
        writes: of source items among them.
        rows: that were written.
        waits: the longest wait that each write ended, in seconds.
        held: quantities in the web store.
    """

    def __init__(self, skus: int, answer_seconds: float) -> None:
        now = _now()
        self._answer_seconds = answer_seconds
        self.shelves = {f"SKU-{number:05d}": Shelf(FIRST, now) for number in range(skus)}
        self.calls = 0
        self.writes = 0
        self.rows = 0
        self.waits: list[float] = []
        self.held: dict[str, int] = {}

    def change(self, sku: str) -> bytes:
        """One unit more in store. Returns the webhook's body."""
        shelf = self.shelves[sku]
        shelf.on_hand += 1
        shelf.changed_at = _now()
        shelf.open.append((shelf.on_hand, time.monotonic()))
        return orjson.dumps(_level(sku, shelf))

    @property
    def behind(self) -> int:
        """SKUs with a change that the web store does not have."""
        return sum(1 for shelf in self.shelves.values() if shelf.open)

    @property
    def wrong(self) -> int:
        """SKUs of which the web store has another quantity than the store."""
        return sum(1 for sku, shelf in self.shelves.items() if self.held.get(sku) != shelf.on_hand)

    def app(self) -> web.Application:
        """The routes of both systems that stock needs; the poller finds that nothing has changed."""
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/oauth/token", self._token),
                web.get("/v1/inventory", self._levels),
                web.get("/rest/V1/products", self._products),
                web.get("/rest/V1/inventory/source-items", self._source_items),
                web.post("/rest/V1/inventory/source-items", self._write),
            ]
        )
        return app

    async def _token(self, _request: web.Request) -> web.Response:
        return _json({"access_token": "any", "token_type": "Bearer", "expires_in": 86_400, "scope": ""})

    async def _levels(self, request: web.Request) -> web.Response:
        rows = [_level(sku, self.shelves[sku]) for sku in request.query.getall("sku", [])]
        return _json({"results": rows, "page": 1, "pages": 1, "total": len(rows)})

    async def _products(self, request: web.Request) -> web.Response:
        await self._called()
        found = [{"sku": sku} for sku in _asked(request)]
        return _json({"items": found, "total_count": len(found)})

    async def _source_items(self, request: web.Request) -> web.Response:
        await self._called()
        found = [
            {"sku": sku, "source_code": "main", "quantity": self.held.get(sku, FIRST), "status": 1}
            for sku in _asked(request)
        ]
        return _json({"items": found, "total_count": len(found)})

    async def _write(self, request: web.Request) -> web.Response:
        rows = orjson.loads(await request.read())["sourceItems"]
        await self._called()
        self.writes += 1
        now = time.monotonic()
        for row in rows:
            units = int(Decimal(str(row["quantity"])))
            self.held[row["sku"]] = units
            self.rows += 1
            self.waits.append(self.shelves[row["sku"]].arrived(units, now))
        return _json([])

    async def _called(self) -> None:
        self.calls += 1
        await asyncio.sleep(self._answer_seconds)


def _asked(request: web.Request) -> list[str]:
    return [sku for name, value in request.query.items() if name.endswith("[value]") for sku in value.split(",")]


def _level(sku: str, shelf: Shelf) -> Json:
    return {
        "SKU": sku,
        "LocationID": LOCATION,
        "OnHand": shelf.on_hand,
        "Committed": 0,
        "UpdatedAt": shelf.changed_at,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _json(document: Mapping[str, object] | list[object]) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type="application/json")
