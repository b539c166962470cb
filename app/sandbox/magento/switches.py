"""Switches at ``/_switches``: things that stay wrong with the shop until somebody puts them right.

``GET`` shows them, ``PUT`` with ``{"mail_down": true}`` sets those that are named. They are kept in the database and
outlive the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from enum import StrEnum

import orjson
from aiohttp import web

from app.sandbox.database import Database

SWITCHES_PATH = "/_switches"

SWITCHES_SCHEMA = """
CREATE TABLE IF NOT EXISTS switches(name TEXT PRIMARY KEY, is_on INTEGER NOT NULL);
"""


class Switch(StrEnum):
    """What can be wrong with the shop; each is off at first."""

    MAIL_DOWN = "mail_down"
    """No mail leaves. A comment that notifies is stored and answered 400; everything else keeps quiet about it."""
    CARD_DECLINES = "card_declines"
    """The gateway refuses every later capture and refund. Placing an order still works."""
    PAGES_CAPPED = "pages_capped"
    """``webapi/validation/input_limit_enabled`` with a ``maximum_page_size`` of 50."""
    CONSUMERS_STAND = "consumers_stand"
    """No consumer of the message queue runs: what is queued stays open, without an error."""


def is_on(connection: sqlite3.Connection, switch: Switch) -> bool:
    """Whether a switch is on."""
    row = connection.execute("SELECT is_on FROM switches WHERE name = ?", (switch.value,)).fetchone()
    return row is not None and bool(row["is_on"])


def switch_routes(database: Database) -> list[web.RouteDef]:
    """The switches' HTTP routes."""

    async def show(_request: web.Request) -> web.Response:
        return _state(database)

    async def change(request: web.Request) -> web.Response:
        try:
            wanted = _read(await request.read())
        except ValueError as error:
            return _json({"message": f"The switches were not changed: {error}"}, 400)
        with database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO switches(name, is_on) VALUES (?, ?)",
                [(switch.value, int(value)) for switch, value in wanted.items()],
            )
        return _state(database)

    return [web.get(SWITCHES_PATH, show), web.put(SWITCHES_PATH, change)]


def _read(body: bytes) -> dict[Switch, bool]:
    document = orjson.loads(body)
    if not isinstance(document, dict) or not all(isinstance(value, bool) for value in document.values()):
        raise ValueError("the body is an object of true and false")
    unknown = set(document) - set(Switch)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(Switch)}")
    return {Switch(name): value for name, value in document.items()}


def _state(database: Database) -> web.Response:
    switched = {row["name"]: bool(row["is_on"]) for row in database.read("SELECT name, is_on FROM switches")}
    return _json({switch.value: switched.get(switch.value, False) for switch in Switch}, 200)


def _json(body: Mapping[str, object], status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
