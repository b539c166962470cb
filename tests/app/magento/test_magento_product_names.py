"""Rows with custom options are named by their product's SKU, wherever an order's rows are read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.app.magento.magento_answers import magento, rows

OPTIONS = {"extension_attributes": {"custom_options": [{"option_id": "1", "option_value": "2"}]}}


def row(item: int, sku: str, **more: Any) -> dict[str, Any]:
    return {"item_id": item, "sku": sku, "product_id": item + 60, "product_type": "simple", "qty_ordered": 1, **more}


def order(*items: dict[str, Any]) -> dict[str, Any]:
    head = {"entity_id": 4, "increment_id": "000000004", "base_grand_total": 10.5, "items": items}
    return head | {"created_at": "2026-11-24 10:00:00", "updated_at": "2026-11-24 10:00:00"}


ENGRAVED = row(10, "MUG-engraved", product_option=OPTIONS)
CAP = row(11, "CAP-RED-engraved", product_type="configurable", product_option=OPTIONS)
RED = row(12, "CAP-RED", parent_item_id=11)
PLAIN = row(13, "PEN-red")
ORDER = order(ENGRAVED, CAP, RED, PLAIN)
ANSWERS = {"GET /V1/orders/4": ORDER, "GET /V1/products": {"items": [{"sku": "MUG"}], "total_count": 1}}
GONE = {"items": None, "total_count": 0}


def named(content: bytes | None) -> list[tuple[str, str | None]]:
    return [(item["sku"], item.get("line_sku")) for item in orjson.loads(content or b"{}")["items"]]


@pytest.mark.rule("orders.custom_options")
async def test_a_product_is_found_by_its_id_and_a_chosen_one_by_its_row() -> None:
    async with magento(ANSWERS) as (web, asked):
        content = await web.reader.read("order", "4")
        again = await web.reader.read("order", "4")
    assert named(content) == named(again)
    assert named(content) == [
        ("MUG", "MUG-engraved"),
        ("CAP-RED", "CAP-RED-engraved"),
        ("CAP-RED", None),
        ("PEN-red", None),
    ]
    assert content is not None
    assert b'"base_grand_total":10.5' in content
    (search,) = [seen for seen in asked.seen if "/V1/products" in seen.raw_path]
    assert "entity_id" in search.raw_path
    assert "70" in search.raw_path


@pytest.mark.rule("orders.custom_options")
async def test_a_row_whose_product_is_gone_keeps_its_sku_and_is_not_asked_for_ever() -> None:
    async with magento(ANSWERS | {"GET /V1/products": GONE}) as (web, _):
        content = await web.reader.read("order", "4")
    assert named(content)[0] == ("MUG-engraved", "MUG-engraved")


async def test_an_order_without_options_stays_as_magento_wrote_it() -> None:
    async with magento({"GET /V1/orders/4": order(PLAIN)}) as (web, asked):
        content = await web.reader.read("order", "4")
    assert named(content) == [("PEN-red", None)]
    assert len(asked.seen) == 1


@pytest.mark.rule("orders.custom_options")
async def test_what_is_shipped_and_given_back_is_sought_under_the_products_sku() -> None:
    memo = {"entity_id": 1, "order_id": 4, "items": [{"order_item_id": 10, "sku": "MUG-engraved", "qty": 1}]}
    async with magento(ANSWERS | {"GET /V1/creditmemo/1": memo, "GET /V1/orders": rows()}) as (web, _):
        content = await web.reader.read("credit_memo", "1")
        seen = await web.lifecycle.order_lines("4")
    assert [item["sku"] for item in orjson.loads(content or b"{}")["items"]] == ["MUG"]
    assert seen is not None
    assert [line.sku for line in seen.lines] == ["MUG", "CAP-RED", "CAP-RED", "PEN-red"]
