"""Both whole connectors, and nothing launched: no flow writes anything, whatever happens in the shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streams.launch import observed
from streams.ports import Outcome
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.cutovers import ALWAYS


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


async def rows(pipe: Pipe) -> dict[str, int]:
    """How many rows each list of both systems has."""
    lists = {**pipe.web.connector.lists, **{f"pos {name}": one for name, one in pipe.pos.connector.lists.items()}}
    return {name: (await read(ALWAYS)).total_count for name, read in lists.items()}


@pytest.mark.rule("starting.observe_first")
@pytest.mark.rule("starting.observe_writes_nothing")
async def test_a_shop_that_has_launched_nothing_is_only_read(pipe: Pipe) -> None:
    pipe.cutovers.rows.clear()
    order = await pipe.web.place_order()
    product, *_ = (await pipe.pos.connector.products.list_products(ALWAYS)).rows
    profile = await pipe.pos.connector.customers.list_customers(ALWAYS)
    before = await rows(pipe)
    told = await pipe.changed("web", "order", order)
    told += await pipe.changed("pos", "product", str(product["SKU"]))
    for row in profile.rows[:1]:
        told += await pipe.changed("pos", "customer", str(row["CustomerID"]))
    assert pipe.failed == []
    assert delivered(told) == []
    assert observed.read(told[1].message) is not None
    assert await rows(pipe) == before


@pytest.mark.rule("starting.older_links_only")
async def test_an_order_placed_before_the_launch_is_not_exported_when_it_changes_after(pipe: Pipe) -> None:
    order = await pipe.web.place_order()
    for way, cutover in list(pipe.cutovers.rows.items()):
        await pipe.cutovers.launch(way, datetime.now(UTC) + timedelta(seconds=5), by=cutover.launched_by)
    before = await rows(pipe)
    told = await pipe.changed("web", "order", order)
    assert [entry.outcome for entry in told if entry.stage == "deliver"] == [Outcome.FILTERED]
    assert told[-1].message.startswith(observed.BEFORE_CUTOVER)
    assert await rows(pipe) == before
