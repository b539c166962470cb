"""A product that the flow made, while the web store's lists do not show it: just now, or because it was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import orjson

from app.sandbox.faults import Fault, Rule
from streams.errors import Transient
from streams.ports import Outcome
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.store import MemoryStore

LAGGING = Rule(Fault.LIST_LAG, every=1, seconds=60)


async def told(pipe: Pipe, **more: object) -> Mapping[str, object]:
    """A whole event about a product that only Heartland had."""
    found = await pipe.pos.connector.reader.read("product", pipe.pos.sku)
    assert found is not None
    return {**orjson.loads(found), "SKU": "NEW-1", "Price": 10.0, **more}


async def test_a_price_that_changes_right_after_a_product_was_made_waits_until_the_list_shows_it(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = Pipe(web, pos)
    await pipe.told_of("pos", "product", "NEW-1", await told(pipe))
    changed = await told(pipe, Price=11.0, UpdatedAt="2030-01-01T00:00:00Z")
    web.faults.put(LAGGING)
    assert delivered(await pipe.told_of("pos", "product", "NEW-1", changed)) == []
    (error,) = pipe.failed
    assert isinstance(error, Transient)
    assert error.message == "'NEW-1' was made in web just now, which does not show it yet; it is looked at again."
    web.faults.put()
    assert delivered(await pipe.told_of("pos", "product", "NEW-1", changed)) == ["changed 'NEW-1': set_base_prices"]
    made = await web.connector.products.product("NEW-1")
    assert made is not None
    assert made.price == Decimal("11.00")


async def test_a_product_that_was_deleted_in_the_web_store_is_not_taken_for_made(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = Pipe(web, pos)
    await pipe.told_of("pos", "product", "NEW-1", await told(pipe))
    assert isinstance(pipe.store, MemoryStore)
    rows = pipe.store.ledger.rows
    rows |= {key: replace(row, settle_until=row.settle_until - timedelta(days=1)) for key, row in rows.items()}
    web.faults.put(LAGGING)  # long after it was made this shows what a deletion would
    _, entry = await pipe.told_of(
        "pos", "product", "NEW-1", await told(pipe, Price=11.0, UpdatedAt="2030-01-01T00:00:00Z")
    )
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "it was made in web before, and was deleted there")
