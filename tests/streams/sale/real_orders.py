"""Orders of a running Magento 2.4.7, and one paid by gift card that follows Adobe Commerce's interfaces."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

from schemas.canonical import Sale
from schemas.documents import Channel
from streams.engine import Engine, load, validate

ORDERS = Path(__file__).parents[2] / "data" / "orders"

CHANNEL = Channel(
    name="main",
    web="web",
    store_id=1,
    pos="pos",
    prefix="W-",
    location="MAIN",
    sources={"MAIN": "main", "STORE2": "store2"},
)
"""The channel of the demo and of all tests."""


@cache
def engine() -> Engine:
    return Engine(load())


def raw_order(name: str) -> bytes:
    return (ORDERS / f"{name}.json").read_bytes()


def order(name: str, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(raw_order(name))
    return document | changes


def context(document: dict[str, Any]) -> dict[str, Any]:
    return {"ref": f"web:order:{document['entity_id']}", "channel": CHANNEL.model_dump()}


def sale(document: dict[str, Any]) -> Sale:
    values = engine().map_in("order", document, context(document))
    return validate(Sale, values, f"order {document['increment_id']}")


def pos_document(made: Sale, aliases: dict[str, str] | None = None) -> dict[str, Any]:
    known = {"channel": CHANNEL.model_dump(mode="json"), "aliases": aliases or {}}
    return engine().map_out("order", orjson.loads(made.model_dump_json()), known)
