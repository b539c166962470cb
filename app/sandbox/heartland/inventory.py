"""Stock by SKU and location. On hand is what is there, committed is what Open orders wait for."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from app.sandbox.heartland.account import Account, Call
from app.sandbox.heartland.errors import invalid
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.values import ZERO, Json, decimal, text


class Move(NamedTuple):
    """How the stock of one SKU changes."""

    on_hand: Decimal
    committed: Decimal


def list_inventory(account: Account, call: Call) -> Json:
    """GET /v1/inventory."""
    return list_page(account, call, LISTING)


def update_inventory(account: Account, call: Call) -> Json:
    """PUT /v1/inventory: the on hand becomes what was counted; commitments stay."""
    body = call.body
    call.resource_key = body["SKU"]
    row = _row(account, body["SKU"], body["LocationID"])
    if row is None:
        raise invalid(_unknown(account, body))
    external_id = body.get("ExternalID", row["external_id"])
    if decimal(row["on_hand"]) == body["OnHand"] and row["external_id"] == external_id:
        return _show(row)
    account.connection.execute(
        "UPDATE inventory SET on_hand = ?, external_id = ?, updated_at = ? WHERE sku = ? AND location_id = ?",
        (text(body["OnHand"]), external_id, call.now, row["sku"], row["location_id"]),
    )
    return tell_level(account, call, row["sku"], row["location_id"])


def move_stock(account: Account, call: Call, location: str, moves: Mapping[str, Move]) -> None:
    """Change the stock of several known SKUs at one location."""
    for sku, move in moves.items():
        if move == (ZERO, ZERO):
            continue
        row = _row(account, sku, location)
        assert row is not None  # noqa: S101 - every product has a row at every location
        account.connection.execute(
            "UPDATE inventory SET on_hand = ?, committed = ?, updated_at = ? WHERE sku = ? AND location_id = ?",
            (
                text(decimal(row["on_hand"]) + move.on_hand),
                text(decimal(row["committed"]) + move.committed),
                call.now,
                sku,
                location,
            ),
        )
        tell_level(account, call, sku, location)


def _row(account: Account, sku: str, location: str) -> sqlite3.Row | None:
    return account.one("SELECT * FROM inventory WHERE sku = ? AND location_id = ?", sku, location)


def tell_level(account: Account, call: Call, sku: str, location: str) -> Json:
    """Queue the event of a level as it is now; returns the level."""
    row = _row(account, sku, location)
    assert row is not None  # noqa: S101 - it was just written
    level = _show(row)
    account.tell(call, "inventory.updated", f"{sku}@{location}", level, {"SKU": sku})
    return level


def _unknown(account: Account, body: Json) -> dict[str, str]:
    problems = {}
    if body["LocationID"] not in account.locations:
        problems["LocationID"] = f"unknown location '{body['LocationID']}'"
    if account.one("SELECT 1 FROM products WHERE sku = ?", body["SKU"]) is None:
        problems["SKU"] = f"unknown SKU '{body['SKU']}'"
    return problems


def _show(row: sqlite3.Row) -> Json:
    on_hand, committed = decimal(row["on_hand"]), decimal(row["committed"])
    return {
        "SKU": row["sku"],
        "LocationID": row["location_id"],
        "ExternalID": row["external_id"] or None,
        "OnHand": on_hand,
        "Committed": committed,
        "Available": on_hand - committed,
        "UpdatedAt": row["updated_at"],
    }


LISTING = Listing("inventory", "sku, location_id", _show, {"sku": "sku", "location_id": "location_id"})
HANDLERS = (list_inventory, update_inventory)
