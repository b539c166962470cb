"""What web orders do to the stock that the web store shows, through the whole pipe."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from streams.deliver import stock
from tests.contract.deeds import in_store, invoice, pos_order, web_order
from tests.contract.stock_pipe import StockPipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
async def pipe(web: WebSystem, pos: PosSystem, monkeypatch: pytest.MonkeyPatch) -> StockPipe:
    monkeypatch.setattr(stock, "PACE_SECONDS", 0.0)
    return StockPipe(web, pos)


async def source_of(pipe: StockPipe, sku: str) -> Decimal:
    """Pieces in the source of MAIN."""
    (item,) = [item for item in await pipe.web.stock.list_source_items([sku]) if item.source == "main"]
    return item.quantity


async def on_hand(pipe: StockPipe, sku: str) -> Decimal:
    levels = (await pipe.pos.connector.stock.levels({sku}))[sku]
    return next(level.on_hand for level in levels if level.location == "MAIN")


async def test_goods_that_a_person_puts_back_with_a_credit_memo_are_not_sold_twice(pipe: StockPipe) -> None:
    """The point of sale has its goods counted: what Magento adds to the source by itself is taken back."""
    sku, order = pipe.pos.sku, await pipe.web.place_order(2)
    await pipe.changed("web", "order", order)
    number = (await web_order(pipe, order))["increment_id"]
    found = await pipe.pos.orders.find_order(f"W-{number}")
    assert found is not None
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    await in_store(pipe, found.order_id, Status="Fulfilled")
    await pipe.changed("pos", "order", found.order_id)
    await pipe.changed("web", "order", order)
    assert (await pos_order(pipe, found.order_id))["Status"] == "Fulfilled"
    assert await source_of(pipe, sku) == await on_hand(pipe, sku)

    (item,) = [row for row in (await web_order(pipe, order))["items"] if "parent_item_id" not in row]
    back = {"shipping_amount": 0, "extension_attributes": {"return_to_stock_items": [item["item_id"]]}}
    body = {"items": [{"order_item_id": item["item_id"], "qty": 1}], "arguments": back}
    await pipe.web.client.post("refund", order, f"/V1/order/{order}/refund", body)
    assert await source_of(pipe, sku) == await on_hand(pipe, sku) + 1
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    assert await source_of(pipe, sku) == await on_hand(pipe, sku)


async def test_a_piece_that_left_in_the_second_of_its_invoice_is_not_offered_again(pipe: StockPipe) -> None:
    """Magento tells whole seconds, and a shipment that leaves the order's state moves none of them."""
    sku, order = pipe.pos.sku, await pipe.web.place_order(2)
    await pipe.changed("web", "order", order)
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    await pipe.changed("pos", "order", found.order_id)
    await invoice(pipe, order)
    await pipe.changed("web", "order", order)
    (item,) = [row for row in (await web_order(pipe, order))["items"] if "parent_item_id" not in row]
    arguments = {"extension_attributes": {"source_code": "main"}}
    body = {"items": [{"order_item_id": item["item_id"], "qty": 1}], "arguments": arguments}
    shipment = str(orjson.loads(await pipe.web.client.post("ship", order, f"/V1/order/{order}/ship", body)))
    await pipe.changed("web", "shipment", shipment)
    await pipe.counted(sku, 50)  # a piece that is on its way is still held for the order there
    await pipe.looked_at(sku)
    assert pipe.failed == []
    assert await source_of(pipe, sku) == 50 - 1
