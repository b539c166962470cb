"""Strict reading of request bodies: which keys an object may have, and of which type.

The shapes (`shapes.json`) are the field lists of Magento's data interfaces. As in Magento, an unknown key inside an
object is refused, an unknown key beside the service's parameters is ignored, keys may be snake_case or camelCase, and
a missing key is the service's own matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import orjson

from app.sandbox.magento.errors import RestError, missing

Body = dict[str, Any]

SHAPES: dict[str, dict[str, str]] = orjson.loads((files(__package__) / "shapes.json").read_bytes())
PHP_NAMES = {"integer": "int", "number": "float", "boolean": "bool", "string": "string"}
UPPER = re.compile(r"(?<!^)([A-Z])")


def read_parameters(body: Body, parameters: Mapping[str, str]) -> Body:
    """The service's parameters from a body.

    Args:
        body: as sent.
        parameters: parameter name -> type (``Order``, ``array<SourceItem>``, ``boolean``), with a ``?`` at the end
            if it may be left out.
    """
    absent = [name for name, kind in parameters.items() if not kind.endswith("?") and body.get(name) is None]
    if absent:
        raise missing(*absent)
    return {
        name: read_value(body[name], kind.rstrip("?"), name)
        for name, kind in parameters.items()
        if body.get(name) is not None
    }


def read_value(value: Any, kind: str, name: str) -> Any:
    """A value of the given type, converted as PHP would; raises the 400 that Magento answers with otherwise."""
    if value is None or kind == "any":
        return value
    if kind.startswith("array<"):
        if not isinstance(value, list):
            raise _wrong_type(value, f"{kind[6:-1]}[]", name)
        return [read_value(item, kind[6:-1], name) for item in value]
    if kind in PHP_NAMES:
        return _read_simple(value, kind, name)
    if not isinstance(value, dict):
        raise _wrong_type(value, kind, name)
    return _read_object(value, SHAPES[kind])


def _read_object(value: Body, shape: Mapping[str, str]) -> Body:
    found: Body = {}
    for sent, item in value.items():
        key = UPPER.sub(r"_\1", sent).lower()
        if key not in shape:
            camel = "".join(word[:1].upper() + word[1:] for word in key.split("_"))
            message = '"%fieldName" is not supported. Correct the field name and try again.'
            raise RestError(400, message, {"fieldName": camel})
        found[key] = read_value(item, shape[key], key)
    return found


def _read_simple(value: Any, kind: str, name: str) -> Any:
    if isinstance(value, dict | list):
        raise _wrong_type(value, kind, name)
    if kind == "string":
        return value if isinstance(value, str) else _text(value)
    if kind == "boolean":
        return bool(value) and value != "false"
    number = _number(value)
    if number is None:
        raise _wrong_type(value, kind, name)
    return int(number) if kind == "integer" else number


def _text(value: float) -> str:
    """A scalar as PHP casts it to a string."""
    return {True: "1", False: ""}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _number(value: object) -> int | float | None:
    if isinstance(value, int | float):
        return value
    try:
        parsed = float(str(value))
    except ValueError:
        return None
    return int(parsed) if parsed.is_integer() else parsed


def _wrong_type(value: object, kind: str, name: str) -> RestError:
    shown = value if isinstance(value, str) else orjson.dumps(value).decode()
    expected = PHP_NAMES.get(kind, kind)
    return RestError(
        400,
        f'Error occurred during "{name}" processing. The "{shown}" value\'s type is invalid.'
        f' The "{expected}" type was expected. Verify and try again.',
    )
