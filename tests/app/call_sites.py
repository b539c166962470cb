"""Where a connector's code asks its client for a request, and which of these places a test has come past."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERBS = frozenset({"get", "find", "list", "post", "put", "change", "remove", "look_up"})
"""Methods of both clients that send."""


@dataclass(frozen=True, order=True)
class Site:
    """One expression that sends: its file and lines."""

    file: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.file}:{self.first}"


def sites_in(*paths: str) -> set[Site]:
    """Every place in those files and packages that calls a client's method that sends."""
    files = [file for path in paths for file in ([ROOT / path] if path.endswith(".py") else (ROOT / path).glob("*.py"))]
    found: set[Site] = set()
    for file in files:
        name = str(file.relative_to(ROOT))
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_client(node.func):
                found.add(Site(name, node.lineno, node.end_lineno or node.lineno))
    return found


def _is_client(function: ast.Attribute) -> bool:
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return function.attr in VERBS and name.lstrip("_") == "client"


def sending_from() -> tuple[str, int]:
    """File and line of the code that sends at the moment, outside the client, whose ``_send`` calls this."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(ROOT / "app") and file.name != "client.py":
            return str(file.relative_to(ROOT)), frame.f_lineno
    return "", 0  # a test sends it itself


def unseen(sites: Collection[Site], seen: Collection[tuple[str, int]]) -> list[str]:
    """The places that none of the calls came from."""
    return sorted(
        str(site) for site in sites if not any(file == site.file and site.first <= at <= site.last for file, at in seen)
    )


def methods(system: object) -> set[str]:
    """Every public coroutine method of a connector's parts: ``orders.list_orders``."""
    return {
        f"{part.name}.{name}"
        for part in fields(system)  # type: ignore[arg-type]
        if part.name != "client"
        for name, _ in inspect.getmembers(getattr(system, part.name), inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
