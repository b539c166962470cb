"""A Heartland connection: reachable, authorised, and the channels' locations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import orjson

from app.connections import HeartlandConnection
from app.doctor.asked import Asked
from app.doctor.finding import Finding, note, ok, wrong
from app.heartland.client import HeartlandClient
from schemas.documents import FlowDocument, Mode
from streams.errors import AuthFailed, TillstreamError
from streams.ports import Clock

SUBJECT = "the doctor"
ONE_ROW = (("per_page", "1"),)
WRITE = "write"


async def heartland(name: str, connection: HeartlandConnection, asked: Asked, clock: Clock) -> list[Finding]:
    """Read what every flow reads, cheaply; nothing is written."""
    part = f"connection {name}"
    mine = {key: channel for key, channel in asked.channels.items() if channel.pos == name}
    async with HeartlandClient(name, connection, clock) as client:
        try:
            scopes = await client.scopes()
            await client.get("list_orders", SUBJECT, "/v1/orders", (("per_page", str(asked.page_size)),))
            named = ((one.location, *one.ship_from, *one.sources) for one in mine.values())
            places = {location for names in named for location in names}
            stocked = {location: await _has_stock(client, location) for location in sorted(places)}
        except AuthFailed as error:
            return [wrong(part, error.message, f"connections.{name}.client_id and client_secret")]
        except TillstreamError as error:
            return [wrong(part, error.message)]
    return [
        ok(part, f"{connection.base_url} lets us read orders and stock"),
        *scope_findings(name, scopes, asked.flows),
        *(_location(name, location, has_stock) for location, has_stock in stocked.items()),
    ]


def scope_findings(name: str, scopes: Collection[str], flows: Sequence[FlowDocument]) -> Iterator[Finding]:
    """Whether the API client may write, if a flow does; a token that does not tell its scopes proves nothing."""
    part = f"scopes of {name}"
    writing = [flow.id for flow in flows if flow.mode is not Mode.OFF and flow.deliver.target == "heartland"]
    if not writing:
        return
    if not scopes:
        yield note(
            part, "its tokens do not say what they may do", "see that the API client has the scopes read and write"
        )
    elif WRITE not in scopes:
        yield wrong(
            part,
            f"the API client may only {', '.join(sorted(scopes))}",
            f"grant it the scope {WRITE} in Heartland",
            f"{', '.join(writing)} cannot write: Heartland answers 403",
        )
    else:
        yield ok(part, "the API client may read and write")


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
