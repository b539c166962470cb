"""The target of the end-to-end part: both systems in one server that stores ids and notes moments, and nothing else.

``python -m tests.bench.sink PORT [SECONDS]``; each request takes so long, if that is given. It answers the calls that
Tillstream's connectors make, in the shapes that they read, without checking anything but that it does not know SKUs
that begin with `UNKNOWN`. ``GET /bench/noted`` tells when each order's creation and its first comment came in.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import cast

import orjson
import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

LOCATION = "MAIN"
UNKNOWN = "UNKNOWN-"
ON_HAND = 1_000_000

Json = dict[str, object]


class Sink:
    """Orders by their public id, in memory."""

    def __init__(self) -> None:
        self.orders: dict[str, Json] = {}
        self._created: dict[str, list[float]] = {}
        self._comments: dict[str, list[Json]] = {}
        self._told: dict[str, float] = {}
        self._profiles = 0

    def app(self, seconds: float = 0.0) -> web.Application:
        """The routes of both systems, each of which takes so long to answer."""
        app = web.Application(client_max_size=16 * 1024 * 1024, middlewares=[_slow(seconds)] if seconds else [])
        app.add_routes(
            [
                web.get("/bench/noted", self.noted),
                web.post("/oauth/token", self.token),
                web.get("/v1/orders", self.find_order),
                web.post("/v1/orders", self.create_order),
                web.get("/v1/customers", self.nobody),
                web.post("/v1/customers", self.create_customer),
                web.get("/v1/inventory", self.levels),
                web.post("/rest/V1/orders", self.set_number),
                web.get("/rest/V1/orders", self.nothing_changed),
                web.get("/rest/V1/customers/search", self.nothing_changed),
                web.get("/rest/V1/orders/{id}", self.state),
                web.get("/rest/V1/orders/{id}/comments", self.comments),
                web.post("/rest/V1/orders/{id}/comments", self.add_comment),
                web.get("/rest/V1/products", self.products),
                web.post("/rest/V1/inventory/source-items", self.write_stock),
            ]
        )
        return app

    async def noted(self, _request: web.Request) -> web.Response:
        """Moments on the monotonic clock of this machine: creations by public id, first comments by Magento's id."""
        return _json({"created": self._created, "told": self._told})

    # -- the point of sale ----------------------------------------------------------------------------------------

    async def token(self, _request: web.Request) -> web.Response:
        return _json({"access_token": "any", "token_type": "Bearer", "expires_in": 86_400, "scope": ""})

    async def find_order(self, request: web.Request) -> web.Response:
        """By public id; the poller, which asks for what has changed, is told that nothing has."""
        order = self.orders.get(request.query.get("external_id", ""))
        return _page([order] if order else [])

    async def nobody(self, _request: web.Request) -> web.Response:
        """No profile has that e-mail, and none has changed."""
        return _page([])

    async def create_customer(self, request: web.Request) -> web.Response:
        """Everybody is new, and nobody is remembered."""
        profile: Json = orjson.loads(await request.read())
        self._profiles += 1
        made: Json = {"CustomerID": str(self._profiles), "UpdatedAt": datetime.now(UTC).isoformat()}
        return _json({"Addresses": [], **profile, **made}, 201)

    async def create_order(self, request: web.Request) -> web.Response:
        document: Json = orjson.loads(await request.read())
        public_id = str(document["ExternalID"])
        lines = cast("list[dict[str, str]]", document["LineItems"])
        unknown = {f"LineItems[{n}].SKU": "unknown" for n, line in enumerate(lines) if line["SKU"].startswith(UNKNOWN)}
        if unknown:
            return _json({"error": "invalid", "message": "Invalid request", "details": unknown}, 400)
        self._created.setdefault(public_id, []).append(time.monotonic())
        order = {**document, "OrderID": str(len(self.orders) + 1), "UpdatedAt": datetime.now(UTC).isoformat()}
        self.orders[public_id] = order
        return _json(order, 201)

    async def levels(self, request: web.Request) -> web.Response:
        """Of the SKUs that are asked for; the poller asks for none."""
        skus = request.query.getall("sku", [])
        return _page([{"SKU": sku, "LocationID": LOCATION, "OnHand": ON_HAND, "Committed": 0} for sku in skus])

    # -- the web store --------------------------------------------------------------------------------------------

    async def set_number(self, request: web.Request) -> web.Response:
        return _json(orjson.loads(await request.read())["entity"])

    async def nothing_changed(self, _request: web.Request) -> web.Response:
        return _json({"items": [], "total_count": 0})

    async def state(self, _request: web.Request) -> web.Response:
        return _json({"state": "new", "status": "pending"})

    async def comments(self, request: web.Request) -> web.Response:
        found = self._comments.get(request.match_info["id"], [])
        return _json({"items": found, "total_count": len(found)})

    async def add_comment(self, request: web.Request) -> web.Response:
        comment = orjson.loads(await request.read())["statusHistory"]
        order = request.match_info["id"]
        self._told.setdefault(order, time.monotonic())
        self._comments.setdefault(order, []).append(comment)
        return _json(True)

    async def products(self, request: web.Request) -> web.Response:
        listed = (value for name, value in request.query.items() if name.endswith("[value]"))
        found = [{"sku": sku} for value in listed for sku in value.split(",")]
        return _json({"items": found, "total_count": len(found)})

    async def write_stock(self, _request: web.Request) -> web.Response:
        return _json([])


def _slow(seconds: float) -> Middleware:
    @web.middleware
    async def wait(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/bench/"):
            await asyncio.sleep(seconds)
        return await handler(request)

    return wait


def _json(document: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def _page(rows: list[Json]) -> web.Response:
    return _json({"results": rows, "page": 1, "pages": 1, "total": len(rows)})


async def serve(port: int, seconds: float) -> None:
    runner = web.AppRunner(Sink().app(seconds), access_log=None, keepalive_timeout=300.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))
