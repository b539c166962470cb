"""The contract of `streams.ports.PosOrders`: what becomes of an order after it was created."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected, Throttled
from streams.ports import PosOrders, SeenOrder
from tests.contract.systems import LATE, PosSystem, failures

NOBODY = "999999999"


@pytest.fixture
def orders(pos: PosSystem) -> PosOrders:
    return pos.orders


@pytest.fixture
async def order(pos: PosSystem) -> SeenOrder:
    return await pos.orders.create_order(pos.draft())


async def shown(pos: PosSystem, order: SeenOrder) -> SeenOrder | None:
    return await pos.orders.find_order(order.public_id)


async def test_an_open_order_is_cancelled_and_once_more_changes_nothing(orders: PosOrders, order: SeenOrder) -> None:
    cancelled = await orders.cancel_order(order.order_id)
    assert cancelled == replace(order, status="Cancelled", updated_at=cancelled.updated_at)
    assert cancelled.updated_at > order.updated_at
    assert await orders.cancel_order(order.order_id) == cancelled


async def test_a_cancelled_order_releases_the_units_that_it_had_committed(
    pos: PosSystem, orders: PosOrders, order: SeenOrder
) -> None:
    async def committed() -> Decimal:
        levels = (await pos.stock.levels({pos.sku}))[pos.sku]
        return next(level.committed for level in levels if level.location == pos.location)

    before = await committed()
    await orders.cancel_order(order.order_id)
    assert await committed() == before - 2


async def test_an_open_order_is_fulfilled_and_once_more_changes_nothing(orders: PosOrders, order: SeenOrder) -> None:
    fulfilled = await orders.fulfil_order(order.order_id)
    assert fulfilled.status == "Fulfilled"
    assert await orders.fulfil_order(order.order_id) == fulfilled


async def test_a_fulfilled_order_is_not_cancelled_and_the_refusal_says_what_to_do(
    pos: PosSystem, orders: PosOrders, order: SeenOrder
) -> None:
    fulfilled = await orders.fulfil_order(order.order_id)
    with pytest.raises(Rejected, match=f"pos: order {order.order_id}: .*Fulfilled.* take them back there") as caught:
        await orders.cancel_order(order.order_id)
    assert caught.value.code == "order_state"
    assert await shown(pos, order) == fulfilled


async def test_a_cancelled_order_is_not_fulfilled(pos: PosSystem, orders: PosOrders, order: SeenOrder) -> None:
    cancelled = await orders.cancel_order(order.order_id)
    with pytest.raises(Rejected, match=f"order {order.order_id}: .*Cancelled.* was not fulfilled") as caught:
        await orders.fulfil_order(order.order_id)
    assert caught.value.code == "order_state"
    assert await shown(pos, order) == cancelled


async def test_only_the_address_that_is_named_is_replaced(pos: PosSystem, orders: PosOrders, order: SeenOrder) -> None:
    address = {"FirstName": "Bea", "LastName": "Webb", "Line1": "9 Elm St", "City": "Waco", "Country": "US"}
    await orders.set_order_addresses(order.order_id, {"ShippingAddress": address})
    content = await pos.connector.reader.read("order", order.order_id)
    assert content is not None
    found = orjson.loads(content)
    assert found["ShippingAddress"].items() >= address.items()
    assert found["BillingAddress"]["Email"] == "contract@example.com"
    assert found["Status"] == "Open"


async def test_an_order_is_given_to_a_known_customer_only(pos: PosSystem, orders: PosOrders, order: SeenOrder) -> None:
    created = await pos.client.change("POST", "create_customer", "x", "/v1/customers", {"LastName": "Webb"})
    customer_id = orjson.loads(created)["CustomerID"]
    await orders.set_order_customer(order.order_id, customer_id)
    purchases = await pos.connector.customers.purchases(customer_id)
    assert [one.order_id for one in purchases] == [order.order_id]
    with pytest.raises(Rejected, match="CustomerID: unknown customer"):
        await orders.set_order_customer(order.order_id, "nobody at all")


async def test_an_order_that_is_not_there_is_refused(orders: PosOrders) -> None:
    failed = await failures(
        orders.cancel_order(NOBODY),
        orders.fulfil_order(NOBODY),
        orders.set_order_customer(NOBODY, "Web guest"),
        orders.set_order_addresses(NOBODY, {"BillingAddress": {"City": "Waco"}}),
    )
    assert failed == ["Rejected not_found"] * 4


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_cancellation_whose_answer_was_lost_is_unknown_sent_once_and_may_be_repeated(
    pos: PosSystem, order: SeenOrder, rule: Rule
) -> None:
    pos.faults.put(replace(rule, every=1, operation="update_order", limit=1))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"pos: cancel_order for order {order.order_id}"):
            await hurried.orders.cancel_order(order.order_id)
    assert await pos.faults.done("update_order", 1) == [200]
    again = await pos.orders.cancel_order(order.order_id)
    assert again == await shown(pos, order)
    assert again.status == "Cancelled"


async def test_throttling_says_how_long_to_wait_and_nothing_is_changed(
    pos: PosSystem, orders: PosOrders, order: SeenOrder
) -> None:
    pos.faults.put(Rule(Fault.THROTTLE, every=1, operation="update_order", retry_after=7))
    with pytest.raises(Throttled) as caught:
        await orders.fulfil_order(order.order_id)
    assert caught.value.retry_after == 7
    assert await shown(pos, order) == order
