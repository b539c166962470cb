"""The contract of `streams.ports.EntityReader`, and of the lists that the poller reads beside it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from app.clock import SystemClock
from app.heartland.client import HeartlandClient
from app.heartland.reader import HeartlandReader
from app.sandbox.faults import Fault, Rule
from streams.errors import Rejected
from tests.contract.systems import PosSystem, WebSystem


async def test_a_web_order_is_read_as_magento_shows_it(web: WebSystem) -> None:
    order_id = await web.place_order()
    content = await web.connector.reader.read("order", order_id)
    assert content is not None
    order = orjson.loads(content)
    assert str(order["entity_id"]) == order_id
    assert {"increment_id", "items", "base_grand_total", "updated_at"} <= set(order)


async def test_a_pos_order_is_read_as_heartland_shows_it(pos: PosSystem) -> None:
    created = await pos.orders.create_order(pos.draft())
    content = await pos.connector.reader.read("order", created.order_id)
    assert content is not None
    order = orjson.loads(content)
    assert order["OrderID"] == created.order_id
    assert {"Status", "LineItems", "UpdatedAt"} <= set(order)


async def test_what_magento_does_not_have_is_none(web: WebSystem) -> None:
    assert await web.connector.reader.read("order", "999999999") is None


async def test_what_heartland_does_not_have_is_none(pos: PosSystem) -> None:
    assert await pos.connector.reader.read("order", "999999999") is None


@pytest.mark.parametrize("native_id", ["4/../2", "a b", "?x=1", "é"])
async def test_an_odd_id_never_reaches_another_resource(web: WebSystem, pos: PosSystem, native_id: str) -> None:
    async with HeartlandClient("pos", pos.settings, SystemClock()) as unchecked:
        for reader in (web.connector.reader, HeartlandReader(unchecked)):
            with suppress(Rejected):
                assert await reader.read("order", native_id) is None


async def test_entities_that_are_not_read_are_refused(web: WebSystem, pos: PosSystem) -> None:
    for reader in (web.connector.reader, pos.connector.reader):
        with pytest.raises(Rejected, match="'nonsense' is not read"):
            await reader.read("nonsense", "1")


async def test_a_read_gets_through_passing_faults(web: WebSystem) -> None:
    order_id = await web.place_order()
    web.faults.put(Rule(Fault.RESET_BEFORE, every=2, operation="get_order"))
    for _ in range(6):
        assert await web.connector.reader.read("order", order_id) is not None


async def test_changed_web_orders_are_listed_oldest_change_first_page_by_page(web: WebSystem) -> None:
    began = datetime.now(UTC) - timedelta(minutes=5)
    placed = [await web.place_order() for _ in range(3)]
    first = await web.orders.list_orders(began, page_size=2)
    assert len(first.rows) == 2
    assert first.total_count >= 3
    seen, page = list(first.rows), 2
    while len(seen) < first.total_count:
        seen += (await web.orders.list_orders(began, page=page, page_size=2)).rows
        page += 1
    keys = [(row["updated_at"], row["entity_id"]) for row in seen]
    assert keys == sorted(keys)
    assert set(placed) <= {str(row["entity_id"]) for row in seen}
    assert (await web.orders.list_orders(datetime.now(UTC) + timedelta(days=1))).rows == ()


async def test_changed_pos_orders_are_listed_oldest_change_first_page_by_page(pos: PosSystem) -> None:
    created = [await pos.orders.create_order(pos.draft()) for _ in range(3)]
    since = created[0].updated_at
    first = await pos.orders.list_orders(since, page_size=2)
    second = await pos.orders.list_orders(since, page=2, page_size=2)
    rows = [*first.rows, *second.rows]
    assert [row["UpdatedAt"] for row in rows] == sorted(row["UpdatedAt"] for row in rows)
    assert [order.order_id for order in created] == [row["OrderID"] for row in rows][:3]
    assert (await pos.orders.list_orders(datetime.now(UTC) + timedelta(days=1))).rows == ()


async def test_changed_stock_is_listed(pos: PosSystem) -> None:
    created = await pos.orders.create_order(pos.draft())
    listing = await pos.stock.list_inventory(created.updated_at - timedelta(seconds=1))
    assert pos.sku in [row["SKU"] for row in listing.rows]
    assert listing.total_count >= 1
