"""Magento's routes and data interfaces as a judge: is a request one that it takes? (tests/data/magento/routes.json)"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from tests.app.stub_server import Seen

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
BARE = {"POST /V1/orders/:id/cancel", "POST /V1/orders/:id/hold", "POST /V1/orders/:id/unhold"}
"""Routes that take no parameters besides those of their path."""


@cache
def facts() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((Path(__file__).parents[2] / "data/magento/routes.json").read_bytes())
    return found


def every_route() -> set[str]:
    return {_name(route) for route in facts()["routes"]}


def check_request(seen: Seen) -> str:
    """Raises AssertionError if Magento has no such route, or not with this body; returns which route it is."""
    route = _route_of(seen)
    query = unquote(seen.raw_path.partition("?")[2])
    if route.get("search"):
        assert "searchCriteria[pageSize]=" in query, f"{seen.raw_path} asks for everything"
    if seen.method != "GET":
        _check_body(route, orjson.loads(seen.content))
    return _name(route)


def _route_of(seen: Seen) -> dict[str, Any]:
    path = re.sub(r"^/rest(/all)?(?=/V1)", "", seen.raw_path.partition("?")[0])
    found = [
        route
        for route in facts()["routes"]
        if route["method"] == seen.method and re.fullmatch(re.sub(r":\w+", "[^/]+", route["path"]), path)
    ]
    exact = [route for route in found if route["path"] == path] or found
    assert len(exact) == 1, f"{seen.method} {path} is not a route of Magento that is on file"
    only: dict[str, Any] = exact[0]
    return only


def _name(route: dict[str, Any]) -> str:
    return f"{route['method']} {route['path']}"


def _check_body(route: dict[str, Any], body: dict[str, Any]) -> None:
    declared: dict[str, str] = route.get("body", {})
    assert set(body) <= set(declared), f"{_name(route)} ignores {set(body) - set(declared)} in silence"
    missing = {name for name, kind in declared.items() if not kind.endswith("?")} - set(body)
    assert not missing, f"{_name(route)} wants {missing}"
    assert bool(body) is (_name(route) not in BARE)
    for name, value in body.items():
        _check_value(value, declared[name].removesuffix("?"), name)


def _check_value(value: Any, kind: str, where: str) -> None:
    if kind.startswith("array<"):
        assert isinstance(value, list), f"{where} is {value!r}, no list"
        for item in value:
            _check_value(item, kind[6:-1], where)
    elif kind in TYPES:
        assert isinstance(value, TYPES[kind]), f"{where} is {value!r}, no {kind}"
        assert isinstance(value, bool) is (kind == "boolean"), f"{where} is {value!r}, no {kind}"
    elif kind != "Attribute":
        shape = facts()["shapes"][kind]
        assert set(facts()["required"].get(kind, ())) <= set(value), f"{where} lacks a key of {kind}"
        for key, item in value.items():
            assert key in shape, f"{kind} has no {key}"
            _check_value(item, shape[key], f"{where}.{key}")
