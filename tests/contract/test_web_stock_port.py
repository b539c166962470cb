"""The contract of `streams.ports.WebStock`, and what Magento itself does and does not check about it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected, Throttled, Transient
from streams.ports import SourceItem, WebStock
from tests.contract.systems import SKUS, WebSystem


@pytest.fixture
def stock(web: WebSystem) -> WebStock:
    return web.stock


async def held(web: WebSystem, sku: str) -> dict[str, Decimal]:
    stock: WebStock = web.stock
    return {item.source: item.quantity for item in await stock.list_source_items([sku])}


@pytest.mark.parametrize("quantity", ["12", "0", "3.5", "0.0001"])
async def test_what_is_written_is_held(web: WebSystem, stock: WebStock, quantity: str) -> None:
    await stock.write_source_items([SourceItem(web.sku, web.source, Decimal(quantity))])
    assert (await held(web, web.sku))[web.source] == Decimal(quantity)


async def test_writing_is_absolute_and_touches_no_other_source(web: WebSystem, stock: WebStock) -> None:
    before = await held(web, web.sku)
    for _ in range(2):
        await stock.write_source_items([SourceItem(web.sku, web.source, Decimal(7))])
    assert await held(web, web.sku) == before | {web.source: Decimal(7)}


async def test_a_batch_with_an_unknown_source_is_rejected_and_none_of_it_is_written(
    web: WebSystem, stock: WebStock
) -> None:
    before = await held(web, web.sku)
    batch = [SourceItem(web.sku, web.source, Decimal(77)), SourceItem(web.sku, "no-such-source", Decimal(1))]
    with pytest.raises(Rejected):
        await stock.write_source_items(batch)
    assert await held(web, web.sku) == before


async def test_a_lone_row_names_the_source_that_does_not_exist(web: WebSystem, stock: WebStock) -> None:
    with pytest.raises(Rejected, match="no source 'no-such-source'"):
        await stock.write_source_items([SourceItem(web.sku, "no-such-source", Decimal(1))])


async def test_nothing_is_written_with_nothing(stock: WebStock) -> None:
    await stock.write_source_items([])


async def test_a_write_that_began_too_long_ago_does_not_leave(web: WebSystem, stock: WebStock) -> None:
    before, items = await held(web, web.sku), [SourceItem(web.sku, web.source, Decimal(78))]
    began = stock.begin()
    with pytest.raises(Transient):
        await stock.write_source_items(items, began=began - 60)
    assert await held(web, web.sku) == before
    await stock.write_source_items(items, began=began)
    assert (await held(web, web.sku))[web.source] == 78


@pytest.mark.rule("starting.no_unknown_source_items")
async def test_only_products_are_known_letter_for_letter(web: WebSystem, stock: WebStock) -> None:
    asked = {web.sku, web.sku.lower() + "x", "no-such-sku", "with,comma", "a=b&c+d e"}
    assert await stock.known_skus(asked) == {web.sku}
    assert await stock.known_skus(set()) == set()


async def test_magento_takes_stock_of_an_unknown_sku_in_silence(web: WebSystem, stock: WebStock) -> None:
    await stock.write_source_items([SourceItem("no-such-sku", web.source, Decimal(1))])
    assert await stock.known_skus({"no-such-sku"}) == set()


async def test_many_skus_are_asked_for_in_parts(web: WebSystem, stock: WebStock) -> None:
    many = {f"SKU-{number:05d}" for number in range(1, SKUS + 1)} if web.faults.handle is not None else {web.sku}
    assert await stock.known_skus(many | {f"NOPE-{number}" for number in range(150)}) == many


async def test_throttling_says_how_long_to_wait(web: WebSystem, stock: WebStock) -> None:
    web.faults.put(Rule(Fault.THROTTLE, every=1, retry_after=7))
    with pytest.raises(Throttled) as caught:
        await stock.write_source_items([SourceItem(web.sku, web.source, Decimal(1))])
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.RESET_BEFORE])
async def test_a_write_that_failed_is_unknown_and_was_sent_once(web: WebSystem, stock: WebStock, fault: Fault) -> None:
    web.faults.put(Rule(fault, every=1))
    with pytest.raises(OutcomeUnknown):
        await stock.write_source_items([SourceItem(web.sku, web.source, Decimal(1))])
    assert web.faults.handle is not None
    assert web.faults.handle.panel.fired[fault] == 1
