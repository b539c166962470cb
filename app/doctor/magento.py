"""A Magento connection: reachable, authorised for what the flows need, its store views, sources and limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import orjson

from app.connections import MagentoConnection
from app.doctor.asked import Asked
from app.doctor.finding import Finding, note, ok, wrong
from app.doctor.rights import SHOWN_BY, STORE, Needs, needs_of
from app.doctor.sources import Inventory, source_findings
from app.magento.client import MagentoClient
from app.magento.lists import Question, every
from app.magento.search import Search, Where
from app.magento.stock_items import SOURCE
from schemas.documents.channel import Channel
from schemas.magento import Source, Stock, StockSourceLink
from streams.errors import AuthFailed, Rejected, TillstreamError
from streams.ports import Clock

RIGHTS = "give the integration its resources in Magento's admin (System > Integrations), then authorise it again"
SUBJECT = "the doctor"
SOURCES = Question("list_sources", "sources", "/V1/inventory/sources", (), key="source_code")
STOCKS = Question("list_stocks", "stocks", "/V1/inventory/stocks", (), key="stock_id")
LINKS = Question("list_links", "links of stocks and sources", "/V1/inventory/stock-source-links", (), key="source_code")
ONE_ROW = Search(page_size=1, fields="total_count").query()
OPEN = "4"
"""Status of an operation of Magento's bulk API that no consumer has taken yet."""


async def magento(name: str, connection: MagentoConnection, asked: Asked, clock: Clock) -> list[Finding]:
    """Read what every flow reads, cheaply; nothing is written."""
    part = f"connection {name}"
    async with MagentoClient(name, connection, clock) as client:
        try:
            views = orjson.loads(await client.get("list_store_configs", SUBJECT, "/V1/store/storeConfigs"))
            found = [finding async for finding in _findings(name, connection, asked, client, views)]
        except AuthFailed as error:
            return [wrong(part, error.message, RIGHTS)]
        except TillstreamError as error:
            return [wrong(part, error.message)]
    return [ok(part, f"{connection.base_url} answers and knows us"), *found]


async def _findings(
    name: str, connection: MagentoConnection, asked: Asked, client: MagentoClient, views: list[dict[str, Any]]
) -> AsyncIterator[Finding]:
    legacy, accounts = connection.inventory == "legacy", connection.gift_cards == "accounts"
    mine = {key: channel for key, channel in asked.channels.items() if channel.web == name}
    for finding in view_findings(name, views, mine):
        yield finding
    needs = needs_of(asked.flows, legacy=legacy, accounts=accounts)
    refused = {resource: await _refusal(client, resource) for resource in needs.readable}
    for finding in right_findings(name, needs, refused):
        yield finding
    if any(channel.sources for channel in mine.values()):
        try:
            inventory = Inventory({SOURCE: True}, {}, {}) if legacy else await _inventory(client)
            for finding in source_findings(name, mine, inventory, await _websites(client, views)):
                yield finding
        except AuthFailed as error:
            yield wrong(f"connection {name}", error.message, RIGHTS, "the sources of its channels cannot be compared")
    yield await _pages(name, client, asked.page_size)
    yield await _consumers(name, client)


# -- rights --------------------------------------------------------------------------------------------------------


async def _refusal(client: MagentoClient, resource: str) -> TillstreamError | None:
    """Why a read that needs that resource is not answered; None if it is."""
    query = () if resource == STORE else ONE_ROW  # which is the one that is no search
    try:
        await client.get("probe_right", resource, SHOWN_BY[resource], query)
    except TillstreamError as error:
        return error
    return None


def right_findings(name: str, needs: Needs, refused: Mapping[str, TillstreamError | None]) -> Iterator[Finding]:
    """What the integration lacks, and what only a write would show."""
    part = f"rights in {name}"
    for resource, error in refused.items():
        flows = ", ".join(needs.flows[resource]) or "every flow"
        if isinstance(error, AuthFailed):
            yield wrong(part, f"the integration lacks {resource}", RIGHTS, f"{flows} cannot work: Magento answers 401")
        elif error is not None:
            yield wrong(part, error.message, why=f"{flows} cannot work")
    if not any(refused.values()):
        yield ok(part, f"all {len(needs.readable)} resources that are read with are granted")
    if needs.unseen:
        yield note(
            part,
            f"only a write shows whether these are granted too: {', '.join(needs.unseen)}",
            "see that they are ticked in Magento's admin (System > Integrations > API)",
        )


# -- store views and sources ---------------------------------------------------------------------------------------


async def _inventory(client: MagentoClient) -> Inventory:
    return Inventory.of(
        await every(client, Source, SOURCES),
        await every(client, Stock, STOCKS),
        await every(client, StockSourceLink, LINKS),
    )


async def _websites(client: MagentoClient, views: list[dict[str, Any]]) -> dict[int, str]:
    """Code of each store view's website."""
    sites = orjson.loads(await client.get("list_websites", SUBJECT, "/V1/store/websites"))
    codes = {int(site["id"]): str(site["code"]) for site in sites}
    return {int(view["id"]): codes[int(view["website_id"])] for view in views if int(view["website_id"]) in codes}


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


# -- limits and consumers ------------------------------------------------------------------------------------------


async def _pages(name: str, client: MagentoClient, page_size: int) -> Finding:
    """Whether a page of polling is not too large: a shop may cap what is asked for."""
    part = f"limits of {name}"
    query = Search(page_size=page_size, fields="total_count").query()
    try:
        await client.get("list_orders", SUBJECT, "/V1/orders", query)
    except Rejected as error:
        mend = "polling.page_size: no more than that, or raise Magento's webapi/validation/maximum_page_size"
        return wrong(part, f"it refuses pages of {page_size} rows: {error.message}", mend, "no list can be polled")
    except AuthFailed:
        return note(part, "not seen, as orders cannot be read")
    return ok(part, f"it answers pages of {page_size} rows")


async def _consumers(name: str, client: MagentoClient) -> Finding:
    """Whether operations of Magento's queue wait for a consumer. Tillstream queues none itself."""
    part = f"consumers of {name}"
    query = Search(groups=((Where("status", "eq", OPEN),),), page_size=1, fields="total_count").query()
    try:
        waiting = int(orjson.loads(await client.get("list_operations", SUBJECT, "/V1/bulk", query))["total_count"])
    except TillstreamError as error:
        told = "the integration lacks Magento_Logging::system_magento_logging_bulk_operations"
        return note(part, f"not seen: {told if isinstance(error, AuthFailed) else error.message}")
    if waiting:
        return note(
            part,
            f"{waiting} operations of its bulk API wait for a consumer",
            "see that cron runs, then on Magento's server: bin/magento queue:consumers:start async.operations.all",
            "without consumers what Magento does later (stock indexes, imports, mails) is late, and tells no error",
        )
    return ok(part, "nothing waits in its bulk API")
