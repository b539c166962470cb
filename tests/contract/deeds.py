"""What people do in the two systems that the pipe joins, and how both look then."""

from __future__ import annotations

from typing import Any

import orjson

from tests.contract.pipe import Pipe


async def exported(pipe: Pipe, pieces: int = 1, method: str = "checkmo") -> tuple[str, str]:
    """A web order in both systems: its ids there."""
    order = await pipe.web.place_order(pieces, method)
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    document = await web_order(pipe, order)
    found = await pipe.pos.orders.find_order(f"W-{document['increment_id']}")
    assert found is not None
    return order, found.order_id


async def web_order(pipe: Pipe, order: str) -> dict[str, Any]:
    found = await pipe.web.connector.reader.read("order", order)
    assert found is not None
    return dict(orjson.loads(found))


async def pos_order(pipe: Pipe, order: str) -> dict[str, Any]:
    found = await pipe.pos.connector.reader.read("order", order)
    assert found is not None
    return dict(orjson.loads(found))


async def invoice(pipe: Pipe, order: str) -> str:
    """All of it, as a person does in Magento's admin."""
    answer = await pipe.web.client.post("invoice_order", order, f"/V1/order/{order}/invoice", {"capture": False})
    return str(orjson.loads(answer))


async def in_store(pipe: Pipe, order: str, **changes: object) -> None:
    """What a person does with the order at the till."""
    await pipe.pos.client.change("PUT", "till", order, f"/v1/orders/{order}", changes)
