"""How faults strike: the middleware through which every call of a sandbox goes, and the panel at ``/_faults``.

``GET /_faults`` shows rules and counters, ``PUT`` replaces the rules, ``POST`` adds some, ``DELETE`` removes all. The
body of PUT and POST is ``{"rules": [{"fault": "throttle", "every": 20, "operation": "create_order"}, ...]}``.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.sandbox.database import Database
from app.sandbox.faults import LONGEST_MS, Call, Fault, FaultPanel, Rule

PANEL_PATH = "/_faults"
LAG_KEY = web.RequestKey("list_lag_seconds", float)
LOOK_EVERY = 0.05
"""Seconds between two looks whether a client that gets no answer has gone."""

THROTTLED, BROKEN, REFUSED = 429, 500, 400

PANEL_SCHEMA = """
CREATE TABLE IF NOT EXISTS fault_panel(
    id INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL,           -- JSON: rules and counters, as they were when the rules changed
    counts TEXT                    -- JSON: the counters since then
);
"""

Refuse = Callable[[int, str], web.Response]
"""The system's own body for a status (429, 500, an opaque 400), by the operation's name."""


def open_panel(database: Database, seed: int, *, lacks: frozenset[Fault] = frozenset()) -> FaultPanel:
    """The panel of a sandbox: its rules and counters are kept in the database and outlive the process."""

    def keep(state: Mapping[str, Any]) -> None:
        database.write("INSERT OR REPLACE INTO fault_panel(id, state) VALUES (1, ?)", (orjson.dumps(state).decode(),))

    def count(counts: Mapping[str, Any]) -> None:
        database.write("UPDATE fault_panel SET counts = ?", (orjson.dumps(counts).decode(),))

    panel = FaultPanel(seed, lacks=lacks, keep=keep, count=count)
    for row in database.read("SELECT state, counts FROM fault_panel"):
        panel.recall(orjson.loads(row["state"]), orjson.loads(row["counts"] or "null"))
    return panel


def list_lag(request: web.Request) -> float:
    """How many seconds the list asked for by this request lags; list handlers pass it to `lag.as_of`."""
    lag: float = request.get(LAG_KEY, 0.0)
    return lag


def fault_middleware(panel: FaultPanel, name_call: Callable[[web.Request], Call | None], refuse: Refuse) -> Middleware:
    """The middleware that lets faults strike. Put it first, outside authentication.

    A handler goes on when its client has gone, as a real system does: aiohttp leaves it running.

    Args:
        panel: the rules.
        name_call: what a request is; None for calls that no fault strikes (health, the panel itself).
        refuse: the system's own refusals.
    """

    @web.middleware
    async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = None if request.path == PANEL_PATH else name_call(request)
        if call is None:
            return await handler(request)
        call = replace(call, client=request.headers.get("User-Agent", ""))
        faults = panel.strike_call(request.method, request.path, call)
        if faults.latency_ms:
            await asyncio.sleep(faults.latency_ms / 1000)
        if faults.answer is not None:
            await request.read()
            return await _spoil(request, handler, faults.answer, lambda status: refuse(status, call.operation))
        request[LAG_KEY] = faults.lag_seconds
        return await handler(request)

    return strike


async def _spoil(
    request: web.Request, handler: Handler, rule: Rule, refuse: Callable[[int], web.Response]
) -> web.StreamResponse:
    """Do what the call asks for, or not, and spoil its answer."""
    match rule.fault:
        case Fault.THROTTLE:
            response = refuse(THROTTLED)
            response.headers["Retry-After"] = str(rule.retry_after)
            return response
        case Fault.LATE:
            await asyncio.sleep(rule.ms / 1000)
            return await handler(request)
        case Fault.ERROR_BEFORE | Fault.RESET_BEFORE:
            done = False
        case Fault.HANG | Fault.OPAQUE:
            done = rule.done
        case _:
            done = True
    if done:
        await handler(request)
    if rule.fault is Fault.HANG:
        await _until_gone(request)
    elif rule.fault in (Fault.RESET_BEFORE, Fault.RESET_AFTER):
        _reset(request)
    return refuse(REFUSED if rule.fault is Fault.OPAQUE else BROKEN)


async def _until_gone(request: web.Request) -> None:
    """Wait until the client closes the connection; after the longest delay it gets a 500."""
    for _ in range(round(LONGEST_MS / 1000 / LOOK_EVERY)):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(LOOK_EVERY)


def _reset(request: web.Request) -> None:
    """Cut the connection with a TCP reset instead of an orderly end; the answer that follows goes nowhere."""
    transport = request.transport
    if transport is None:
        return
    plug: socket.socket | None = transport.get_extra_info("socket")
    if plug is not None:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def panel_routes(panel: FaultPanel) -> list[web.RouteDef]:
    """The panel's HTTP routes."""

    async def show(_request: web.Request) -> web.Response:
        return _state(panel)

    async def replace(request: web.Request) -> web.Response:
        return _change(panel.replace, await request.read())

    async def add(request: web.Request) -> web.Response:
        return _change(panel.add, await request.read())

    async def clear(_request: web.Request) -> web.Response:
        panel.replace([])
        return _state(panel)

    def _change(apply: Callable[[list[Rule]], None], body: bytes) -> web.Response:
        try:
            document = orjson.loads(body)
            apply([Rule.parse(rule) for rule in document["rules"]])
        except (KeyError, TypeError, ValueError) as error:
            message = {"message": f"The rules were not changed: {error}"}
            return web.Response(body=orjson.dumps(message), status=400, content_type="application/json")
        return _state(panel)

    return [
        web.get(PANEL_PATH, show),
        web.put(PANEL_PATH, replace),
        web.post(PANEL_PATH, add),
        web.delete(PANEL_PATH, clear),
    ]


def _state(panel: FaultPanel) -> web.Response:
    return web.Response(body=orjson.dumps(panel.state()), content_type="application/json")
