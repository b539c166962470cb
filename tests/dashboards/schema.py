"""Whether JSON is a Grafana dashboard, by the types of grafana-foundation-sdk.

Grafana Labs generate those types from Grafana's own schemas: of the dashboard, of each panel's options and fields, of
a Prometheus query. Two things are looked at: a key that the schema does not know is lost on the way through the types;
and each value must be what its field is declared to be.
"""

from __future__ import annotations

import enum
import json
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

MODELS = "grafana_foundation_sdk."


def problems(board: dict[str, Any]) -> list[str]:
    """What in a dashboard is not as Grafana's schema has it."""
    register_default_plugins()
    read = Dashboard.from_json(board)
    written = json.loads(JSONEncoder().encode(read))
    return [*_lost(board, written, "dashboard"), *_mistyped(read, Dashboard, "dashboard")]


def _lost(given: object, kept: object, place: str) -> Iterator[str]:
    """Keys of ``given`` that the schema did not keep."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from _lost(value, kept[key], f"{place}.{key}")
            else:
                yield f"{place}.{key} is not in the schema"
    elif isinstance(given, list) and isinstance(kept, list):
        for number, pair in enumerate(zip(given, kept, strict=True)):
            yield from _lost(*pair, f"{place}[{number}]")
    elif given != kept:
        yield f"{place} is {given!r} and became {kept!r}"


def _mistyped(value: object, hint: Any, place: str) -> Iterator[str]:
    """Where a value, or one inside it, is not what is declared."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if all(any(_mistyped(value, choice, place)) for choice in get_args(hint)):
            yield f"{place} is {value!r}, not {hint}"
    elif origin is list and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _mistyped(item, get_args(hint)[0], f"{place}[{number}]")
    elif origin is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _mistyped(item, get_args(hint)[1], f"{place}.{key}")
    elif not _is(value, hint):
        yield f"{place} is {value!r}, not {hint}"
    elif type(value).__module__.startswith(MODELS) and not isinstance(value, enum.Enum):
        for name, field in get_type_hints(type(value)).items():
            yield from _mistyped(getattr(value, name), field, f"{place}.{name}")


def _is(value: object, hint: Any) -> bool:
    """Whether a value that holds no others is what is declared."""
    if hint in (Any, object):
        return True
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return value in {member.value for member in hint}
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(hint, type) and isinstance(value, hint)
