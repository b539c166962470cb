"""An order's rows and states."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web as aiohttp_web

from streams.errors import OutcomeUnknown, Rejected, Unavailable
from tests.app.magento.magento_answers import magento, refusal, rows

ORDERS = Path(__file__).parents[2] / "data/orders"
GONE = refusal("The entity that was requested doesn't exist. Verify the entity and try again.", 404)


def captured(name: str, **changes: object) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads((ORDERS / f"{name}.json").read_bytes())
    return document | {"entity_id": 4} | changes


async def test_an_order_shows_its_rows_as_captured() -> None:
    async with magento({"GET /V1/orders/4": captured("order_refunded_closed")}) as (web, _):
        order = await web.lifecycle.order_lines("4")
    assert order is not None
    assert (order.state, order.method, order.due) == ("closed", "checkmo", Decimal(0))
    parents = {line.sku: line for line in order.lines if not line.parent_id}
    assert {line.product_type for line in order.lines} >= {"simple", "configurable", "virtual"}
    assert all(line.left_to_ship == 0 for line in parents.values())


async def test_what_is_due_falls_on_a_cancel_though_magentos_figure_does_not() -> None:
    async with magento({"GET /V1/orders/4": captured("order_canceled")}) as (web, _):
        order = await web.lifecycle.order_lines("4")
    assert order is not None
    assert (order.state, order.paid, order.due) == ("canceled", Decimal(0), Decimal(0))


async def test_an_order_that_magento_does_not_have_is_none_and_is_never_changed() -> None:
    async with magento({"GET /V1/orders/4": GONE}) as (web, asked):
        assert await web.lifecycle.order_lines("4") is None
        with pytest.raises(Rejected, match="web has no order 4"):
            await web.lifecycle.cancel_web_order("4")
    assert asked.sent == []


@pytest.mark.parametrize(
    ("method", "verb", "before", "after"),
    [
        ("cancel_web_order", "cancel", "new", "canceled"),
        ("hold_web_order", "hold", "processing", "holded"),
        ("unhold_web_order", "unhold", "holded", "processing"),
    ],
)
async def test_a_state_is_set_once_read_back_and_not_set_again(method: str, verb: str, before: str, after: str) -> None:
    new = captured("order_simple_configurable_virtual_new")
    answers = {"GET /V1/orders/4": [new | {"state": before}, new | {"state": after}]}
    async with magento(answers | {f"POST /V1/orders/4/{verb}": True}) as (web, asked):
        assert (await getattr(web.lifecycle, method)("4")).state == after
        assert (await getattr(web.lifecycle, method)("4")).state == after
    assert asked.sent == [(f"POST /V1/orders/4/{verb}", {})]


async def test_a_cancel_that_magento_answers_with_false_and_200_is_refused() -> None:
    complete = captured("order_complete")
    async with magento({"GET /V1/orders/4": complete, "POST /V1/orders/4/cancel": False}) as (web, _):
        with pytest.raises(Rejected, match=r"does not cancel order .*: its state is 'complete'") as caught:
            await web.lifecycle.cancel_web_order("4")
    assert caught.value.code == "order_state"


@pytest.mark.rule("orders.cancel_rest")
async def test_an_order_whose_uninvoiced_rest_is_cancelled_is_cancelled() -> None:
    new = captured("order_simple_configurable_virtual_new", state="processing", base_total_paid=10, base_total_due=5)
    rest = new | {"base_total_canceled": 5, "items": [new["items"][0] | {"qty_canceled": 1}]}
    async with magento({"GET /V1/orders/4": [new, rest], "POST /V1/orders/4/cancel": True}) as (web, asked):
        order = await web.lifecycle.cancel_web_order("4")
        assert (order.state, order.paid, order.due) == ("processing", Decimal(10), Decimal(0))
        assert await web.lifecycle.cancel_web_order("4") == order
    assert len(asked.sent) == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_a_state_that_could_not_be_read_back_is_an_unknown_outcome(status: int) -> None:
    new = captured("order_simple_configurable_virtual_new")
    broken = aiohttp_web.Response(status=status, text="<html>")
    async with magento({"GET /V1/orders/4": [new, broken], "POST /V1/orders/4/hold": True}) as (web, _):
        with pytest.raises(OutcomeUnknown, match="could not be read back"):
            await web.lifecycle.hold_web_order("4")


async def test_a_state_is_not_set_of_an_order_that_cannot_be_read() -> None:
    broken = aiohttp_web.Response(status=503, text="<html>")
    async with magento({"GET /V1/orders/4": broken}) as (web, asked):
        with pytest.raises(Unavailable):
            await web.lifecycle.hold_web_order("4")
    assert asked.sent == []


def bundle(product_id: int, shipment_type: str) -> dict[str, Any]:
    """As GET /V1/products tells it."""
    attributes = [{"attribute_code": "shipment_type", "value": shipment_type}]
    return {"id": product_id, "sku": f"P{product_id}", "custom_attributes": attributes}


@pytest.mark.rule("fulfilment.ship_together")
async def test_a_bundles_product_says_whether_it_is_shipped_as_one() -> None:
    answers = {
        "GET /V1/orders/4": captured("order_bundles"),
        "GET /V1/products": rows(bundle(20, "0"), bundle(19, "1")),
    }
    async with magento(answers) as (web, asked):
        order = await web.lifecycle.order_lines("4")
        assert order is not None
        together = await web.lifecycle.shipped_as_one(order)
    assert [line.sku for line in order.lines if line.item_id in together] == ["BUN"]
    assert "19%2C20" in asked.seen[-1].raw_path


async def test_the_components_of_a_bundle_that_left_by_its_own_row_have_left() -> None:
    shipped = captured("order_bundles")
    shipped["items"][0]["qty_shipped"] = 1
    async with magento({"GET /V1/orders/4": shipped}) as (web, _):
        order = await web.lifecycle.order_lines("4")
    assert order is not None
    assert {line.item_id: line.left_to_ship for line in order.lines if line.parent_id == "3"} == {"4": 0, "5": 0}
    assert {line.item_id: line.left_to_ship for line in order.lines if line.parent_id == "6"} == {"7": 1, "8": 1}


async def test_a_bundle_that_is_no_product_any_more_is_shipped_by_its_components() -> None:
    answers = {"GET /V1/orders/4": captured("order_bundles"), "GET /V1/products": rows()}
    async with magento(answers) as (web, _):
        order = await web.lifecycle.order_lines("4")
        assert order is not None
        assert await web.lifecycle.shipped_as_one(order) == frozenset()


async def test_an_order_without_a_bundle_asks_for_no_product() -> None:
    async with magento({"GET /V1/orders/4": captured("order_complete")}) as (web, asked):
        order = await web.lifecycle.order_lines("4")
        assert order is not None
        assert await web.lifecycle.shipped_as_one(order) == frozenset()
    assert len(asked.seen) == 1
