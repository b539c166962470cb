"""The contract of `streams.ports.WebOrders`, and of the lists of what is made of orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from streams.errors import Rejected
from streams.ports import InvoiceDraft, WebOrder, WebOrders
from tests.contract.systems import WebSystem

MARK = "[tillstream contract]"


@pytest.fixture
def orders(web: WebSystem) -> WebOrders:
    return web.connector.lifecycle


@pytest.fixture
async def order(web: WebSystem) -> WebOrder:
    order = await web.connector.lifecycle.order_lines(await web.place_order(3))
    assert order is not None
    return order


async def invoice(web: WebSystem, order: WebOrder, pieces: int) -> None:
    units = {order.lines[0].item_id: Decimal(pieces)}
    await web.connector.invoices.invoice_order(InvoiceDraft(order.order_id, units, False, MARK, MARK))


async def test_a_new_order_shows_what_is_left_to_ship_and_due(order: WebOrder, web: WebSystem) -> None:
    (line,) = order.lines
    assert (line.sku, line.ordered, line.left_to_ship) == (web.sku, Decimal(3), Decimal(3))
    assert (order.state, order.method, order.paid, order.pickup_location) == ("new", "checkmo", Decimal(0), "")
    assert order.due > 0


async def test_an_order_without_a_bundle_has_none_that_is_shipped_as_one(orders: WebOrders, order: WebOrder) -> None:
    assert await orders.shipped_as_one(order) == frozenset()


async def test_an_order_that_is_not_there_is_none(orders: WebOrders) -> None:
    assert await orders.order_lines("999999999") is None


@pytest.mark.rule("orders.cancel")
async def test_an_order_is_cancelled_and_once_more_changes_nothing(orders: WebOrders, order: WebOrder) -> None:
    cancelled = await orders.cancel_web_order(order.order_id)
    assert (cancelled.state, cancelled.due, cancelled.lines[0].left_to_ship) == ("canceled", Decimal(0), Decimal(0))
    assert await orders.cancel_web_order(order.order_id) == cancelled


@pytest.mark.rule("orders.cancel_rest")
async def test_of_a_part_invoiced_order_the_rest_is_cancelled(
    web: WebSystem, orders: WebOrders, order: WebOrder
) -> None:
    await invoice(web, order, 1)
    cancelled = await orders.cancel_web_order(order.order_id)
    assert (cancelled.state, cancelled.due, cancelled.lines[0].canceled) == ("processing", Decimal(0), Decimal(2))
    assert await orders.cancel_web_order(order.order_id) == cancelled


async def test_an_order_that_is_invoiced_cannot_be_cancelled(
    web: WebSystem, orders: WebOrders, order: WebOrder
) -> None:
    await invoice(web, order, 3)
    with pytest.raises(Rejected, match="does not cancel order"):
        await orders.cancel_web_order(order.order_id)


async def test_an_order_is_held_and_let_go_on_and_each_once_more_changes_nothing(
    orders: WebOrders, order: WebOrder
) -> None:
    for _ in range(2):
        assert (await orders.hold_web_order(order.order_id)).state == "holded"
    for _ in range(2):
        assert await orders.unhold_web_order(order.order_id) == order


async def test_a_cancelled_order_cannot_be_held(orders: WebOrders, order: WebOrder) -> None:
    await orders.cancel_web_order(order.order_id)
    with pytest.raises(Rejected):
        await orders.hold_web_order(order.order_id)


async def test_an_invoice_is_listed_by_its_change_and_read_with_its_order(web: WebSystem, order: WebOrder) -> None:
    await invoice(web, order, 1)
    listing = await web.connector.invoices.list_invoices(datetime.now(UTC) - timedelta(minutes=5))
    row = next(row for row in listing.rows if str(row["order_id"]) == order.order_id)
    content = await web.connector.reader.read("invoice", str(row["entity_id"]))
    assert content is not None
    assert f'"increment_id":"{order.number}"'.encode() in content
    assert b'"paid_by_earlier_invoices":0' in content
    assert (await web.connector.invoices.list_invoices(datetime.now(UTC) + timedelta(days=1))).rows == ()
