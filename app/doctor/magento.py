"""A Magento connection: reachable, authorised, and its store views against the channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from app.connections import MagentoConnection
from app.doctor.finding import Finding, note, ok, wrong
from app.magento.client import MagentoClient
from app.magento.search import Search
from app.magento.stock_items import SOURCE
from schemas.documents.channel import Channel
from streams.errors import AuthFailed, TillstreamError
from streams.ports import Clock

RIGHTS = "give the integration its resources in Magento's admin (System > Integrations), then authorise it again"


async def magento(
    name: str, connection: MagentoConnection, channels: Mapping[str, Channel], clock: Clock
) -> list[Finding]:
    """Read what every flow reads, cheaply; nothing is written."""
    part = f"connection {name}"
    subject = "the doctor"
    one_row = Search(page_size=1, fields="total_count").query()
    async with MagentoClient(name, connection, clock) as client:
        try:
            views = await client.get("list_store_configs", subject, "/V1/store/storeConfigs")
            await client.get("list_orders", subject, "/V1/orders", one_row)
            codes = {SOURCE} if connection.inventory == "legacy" else await _sources(client, subject)
        except AuthFailed as error:
            return [wrong(part, error.message, RIGHTS)]
        except TillstreamError as error:
            return [wrong(part, error.message)]
    mine = {key: channel for key, channel in channels.items() if channel.web == name}
    return [
        ok(part, f"{connection.base_url} lets us read store views, orders and stock sources"),
        *view_findings(name, orjson.loads(views), mine),
        *source_findings(name, codes, mine),
    ]


async def _sources(client: MagentoClient, subject: str) -> set[str]:
    found = await client.get("list_sources", subject, "/V1/inventory/sources", Search(page_size=300).query())
    return {str(source["source_code"]) for source in orjson.loads(found)["items"]}


def view_findings(name: str, views: list[dict[str, Any]], channels: Mapping[str, Channel]) -> Iterator[Finding]:
    """Store views without a channel, channels without a store view, and currencies that differ."""
    currency = {int(view["id"]): str(view["base_currency_code"]) for view in views}
    for key, channel in channels.items():
        found = currency.get(channel.store_id)
        if found is None:
            known = ", ".join(map(str, sorted(currency)))
            yield wrong(
                f"channel {key}",
                f"'{name}' has no store view {channel.store_id}",
                f"channels.{key}.store_id: one of {known}",
            )
        elif found != channel.currency:
            yield wrong(
                f"channel {key}",
                f"its base currency is {found}, the channel's {channel.currency}",
                f"channels.{key}.currency = '{found}', if that is the Heartland account's too",
            )
        else:
            yield ok(f"channel {key}", f"store view {channel.store_id} of '{name}', in {found}")
    mapped = {channel.store_id for channel in channels.values()}
    for store_id in sorted(set(currency) - mapped):
        yield note(
            f"connection {name}",
            f"store view {store_id} has no channel: its orders go to review",
            "add [channels.NAME]",
        )


def source_findings(name: str, codes: set[str], channels: Mapping[str, Channel]) -> Iterator[Finding]:
    """Stock sources that a channel names and Magento does not have: Magento would refuse their stock."""
    for key, channel in channels.items():
        unknown = sorted(set(channel.sources.values()) - codes)
        if unknown:
            yield wrong(
                f"channel {key}",
                f"'{name}' has no stock source {', '.join(unknown)}",
                f"channels.{key}.sources: one of {', '.join(sorted(codes))}, or make it in Magento (Stores > Sources)",
            )
