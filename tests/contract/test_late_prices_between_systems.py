"""A price whose write got no answer, and which the web store sets after a newer one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown
from tests.contract.pipe import Pipe, delivered
from tests.contract.stock_pipe import Later
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.store import MemoryStore


@pytest.fixture
def clock() -> Later:
    return Later()


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem, clock: Later) -> Pipe:
    return Pipe(web, pos, store=MemoryStore(clock))


async def costs(pipe: Pipe, amount: str) -> None:
    """The till asks another price, and says so."""
    sku = pipe.pos.sku
    await pipe.pos.client.change("PUT", "till", sku, f"/v1/products/{sku}", {"Price": float(amount)})
    await pipe.changed("pos", "product", sku)


async def test_the_newest_price_is_written_again_when_nothing_can_come_any_more(pipe: Pipe, clock: Later) -> None:
    prices, sku = pipe.web.connector.prices, pipe.pos.sku
    (old,) = await prices.base_prices([sku])
    older, newest = old.amount + 1, old.amount + 2
    pipe.web.faults.put(Rule(Fault.RESET_AFTER, every=1, operation="set_base_prices"))
    await costs(pipe, str(older))
    assert [type(error) for error in pipe.failed] == [OutcomeUnknown]
    pipe.web.faults.put()
    await costs(pipe, str(newest))
    await prices.set_base_prices([replace(old, amount=older)])
    assert await pipe.doubts_cleared() == []
    clock.by += timedelta(hours=1)
    assert delivered(await pipe.doubts_cleared()) == [f"changed '{sku}': set_base_prices"]
    (shown,) = await prices.base_prices([sku])
    assert shown.amount == Decimal(newest)
    clock.by += timedelta(days=1)
    assert await pipe.doubts_cleared() == []
    assert len(pipe.failed) == 1
