"""Every call that the connector makes is a route that Magento has, with the keys and types that it takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from app.magento.orders import MagentoOrders
from app.magento.stock import MagentoStock
from streams.errors import TillstreamError
from streams.ports import SourceItem
from tests.app.magento.magento_stub import stubbed
from tests.app.stub_server import Seen

FACTS = orjson.loads((Path(__file__).parents[2] / "data/magento/routes.json").read_bytes())
TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}


async def everything() -> list[Seen]:
    """What leaves when every method of the connector is called once."""

    def answer(seen: Seen) -> web.Response:
        if seen.method == "POST" and seen.raw_path.endswith("source-items"):
            return web.json_response({"message": "Could not save Source Item"}, status=400)
        return web.json_response({"items": [], "total_count": 0, "status": "pending"})

    async with stubbed(answer=answer) as (server, client):
        orders, stock = MagentoOrders(client), MagentoStock(client)
        await orders.read("order", "42")
        await orders.list_orders(datetime(2026, 11, 24, tzinfo=UTC))
        await orders.set_external_number("42", "7")
        await orders.add_comment("42", "text")
        await orders.find_comment("42", "text")
        await stock.known_skus({"S1"})
        await stock.list_source_items({"S1"})
        with pytest.raises(TillstreamError):
            await stock.write_source_items([SourceItem("S1", "main", Decimal(3))])
        return server.seen


def route_of(seen: Seen) -> dict[str, Any]:
    path = seen.raw_path.partition("?")[0].removeprefix("/rest")
    found = [
        route
        for route in FACTS["routes"]
        if route["method"] == seen.method and re.fullmatch(re.sub(r":\w+", "[^/]+", route["path"]), path)
    ]
    assert len(found) == 1, f"{seen.method} {path} is not a route of Magento"
    route: dict[str, Any] = found[0]
    return route


async def test_every_call_is_a_route_and_every_route_on_file_is_called() -> None:
    called = {(route["method"], route["path"]) for route in map(route_of, await everything())}
    assert called == {(route["method"], route["path"]) for route in FACTS["routes"]}


async def test_every_list_has_search_criteria_with_a_page_size() -> None:
    for seen in await everything():
        if route_of(seen).get("search"):
            assert "searchCriteria%5BpageSize%5D=" in seen.raw_path


async def test_every_body_has_the_keys_and_types_of_its_route() -> None:
    bodies = [(route_of(seen)["body"], seen.body) for seen in await everything() if seen.method == "POST"]
    assert bodies
    for declared, sent in bodies:
        assert set(sent) == set(declared)
        for key, shape in declared.items():
            for entity in sent[key] if shape.startswith("array<") else [sent[key]]:
                check_shape(entity, shape.removeprefix("array<").removesuffix(">"))


def check_shape(entity: dict[str, Any], name: str) -> None:
    shape = FACTS["shapes"][name]
    assert set(FACTS["required"].get(name, [])) <= set(entity)
    for key, value in entity.items():
        assert key in shape, f"{name} has no {key}"
        assert isinstance(value, TYPES[shape[key]]), f"{name}.{key} is {value!r}"
