"""A Heartland connection: reachable, authorised, and the channels' locations."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from app.connections import HeartlandConnection
from app.doctor.finding import Finding, note, ok, wrong
from app.heartland.client import HeartlandClient
from schemas.documents.channel import Channel
from streams.errors import AuthFailed, TillstreamError
from streams.ports import Clock

SUBJECT = "the doctor"
ONE_ROW = (("per_page", "1"),)


async def heartland(
    name: str, connection: HeartlandConnection, channels: Mapping[str, Channel], clock: Clock
) -> list[Finding]:
    """Read what every flow reads, cheaply; nothing is written."""
    part = f"connection {name}"
    mine = {key: channel for key, channel in channels.items() if channel.pos == name}
    async with HeartlandClient(name, connection, clock) as client:
        try:
            await client.get("list_orders", SUBJECT, "/v1/orders", ONE_ROW)
            named = ((one.location, *one.ship_from, *one.sources) for one in mine.values())
            places = {location for names in named for location in names}
            stocked = {location: await _has_stock(client, location) for location in sorted(places)}
        except AuthFailed as error:
            return [wrong(part, error.message, f"connections.{name}.client_id and client_secret")]
        except TillstreamError as error:
            return [wrong(part, error.message)]
    return [
        ok(part, f"{connection.base_url} lets us read orders and stock"),
        *(_location(name, location, has_stock) for location, has_stock in stocked.items()),
    ]


async def _has_stock(client: HeartlandClient, location: str) -> bool:
    query = (("location_id", location), *ONE_ROW)
    return int(orjson.loads(await client.get("list_inventory", SUBJECT, "/v1/inventory", query))["total"]) > 0


def _location(name: str, location: str, has_stock: bool) -> Finding:
    """``/v1`` has no list of locations, so one that is mistyped looks like one without stock."""
    part = f"location {location}"
    if has_stock:
        return ok(part, f"'{name}' has stock there")
    advice = "location, ship_from and sources of its channel"
    return note(part, f"'{name}' has no stock there: is the name right?", advice)
