"""Strict reading of requests by the schemas of the OpenAPI document.

A schema becomes a reader once, at the start. A reader returns the value as the handlers use it, with defaults filled
in, numbers as Decimal and moments in UTC, and notes every problem by the path of its field. Only the keywords that the
document uses in requests are known; another one is an error at the start rather than a check that never happens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.sandbox.heartland.values import read_moment

Schema = Mapping[str, Any]
Problems = dict[str, str]
Reader = Callable[[Any, str, Problems], Any]

NOTES = frozenset({"description", "default", "x-tillstream"})
"""Keywords that check nothing (a default is the object's matter)."""
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LONGEST_TEXT = 100_000
"""Where the schema names no length."""
KEYWORDS = {
    "object": {"properties", "required", "additionalProperties", "minProperties"},
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "string": {"enum", "pattern", "minLength", "maxLength", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "x-decimals"},
    "integer": {"minimum", "maximum"},
    "boolean": set(),
}


class ShapeError(Exception):
    """The document uses something in a request that is not known here."""


class Shapes:
    """Makes readers of schemas; ``$ref`` leads into the document."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    def reader(self, schema: Schema) -> Reader:
        """The reader of a schema. Raises ShapeError for a keyword that is not known."""
        schema = self.resolve(schema)
        kind = schema.get("type")
        if not isinstance(kind, str) or kind not in KEYWORDS:
            raise ShapeError(f"type {kind!r} in {dict(schema)}")
        unknown = set(schema) - KEYWORDS[kind] - NOTES - {"type"}
        if unknown:
            raise ShapeError(f"{', '.join(sorted(unknown))} of a {kind}")
        match kind:
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "string":
                return _string(schema)
            case "boolean":
                return _read_boolean
        return _number(schema, whole=kind == "integer")

    def resolve(self, schema: Schema) -> Schema:
        """The schema with its ``$ref`` or its one-element ``allOf`` put in; its own keywords win."""
        if "$ref" in schema:
            return self.resolve(self._follow(schema["$ref"]))
        if "allOf" in schema:
            (base,) = schema["allOf"]
            return {**self.resolve(base), **{key: value for key, value in schema.items() if key != "allOf"}}
        return schema

    def _follow(self, reference: str) -> Schema:
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)

    def _object(self, schema: Schema) -> Reader:
        if schema.get("additionalProperties") is not False:
            raise ShapeError("an object of a request must say additionalProperties: false")
        properties = {name: self.resolve(child) for name, child in schema["properties"].items()}
        readers = {name: self.reader(child) for name, child in properties.items()}
        defaults = {name: child["default"] for name, child in properties.items() if "default" in child}
        return _ObjectReader(readers, defaults, frozenset(schema.get("required", ())), schema.get("minProperties", 0))

    def _array(self, schema: Schema) -> Reader:
        item_reader = self.reader(schema["items"])
        least, most = schema.get("minItems", 0), schema["maxItems"]
        unique = schema.get("uniqueItems", False)

        def read(value: Any, path: str, problems: Problems) -> Any:
            if not isinstance(value, list):
                problems[path] = "is not a list"
                return []
            if not least <= len(value) <= most:
                problems[path] = f"must have {least} to {most} entries, not {len(value)}"
                return []
            if unique and any(item in value[:place] for place, item in enumerate(value)):
                problems[path] = "names something twice"
            return [item_reader(item, f"{path}[{place}]", problems) for place, item in enumerate(value)]

        return read


@dataclass(frozen=True, slots=True)
class _ObjectReader:
    readers: Mapping[str, Reader]
    defaults: Mapping[str, Any]
    required: frozenset[str]
    least: int

    def __call__(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems[path] = "is not an object"
            return {}
        prefix = f"{path}." if path else ""
        problems.update((prefix + name, "is required") for name in self.required - value.keys())
        if len(value) < self.least:
            problems[path or "(body)"] = "is empty"
        found = {}
        for name, item in value.items():
            reader = self.readers.get(name)
            if reader is None:
                problems[prefix + name] = "is not a field of this request"
            else:
                found[name] = reader(item, prefix + name, problems)
        for name in self.defaults.keys() - found.keys():
            found[name] = self.readers[name](self.defaults[name], name, {})
        return found


@dataclass(frozen=True, slots=True)
class _StringReader:
    allowed: tuple[str, ...]
    pattern: re.Pattern[str] | None
    least: int
    most: int
    convert: Callable[[str], str] | None

    def __call__(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, str):
            problems[path] = "is not text"
            return ""
        problem = self._problem(value)
        if problem:
            problems[path] = problem
        elif self.convert is not None:
            try:
                return self.convert(value)
            except ValueError as error:
                problems[path] = str(error)
        return value

    def _problem(self, value: str) -> str | None:
        if self.allowed and value not in self.allowed:
            return f"must be one of {', '.join(self.allowed)}"
        if self.pattern and not self.pattern.search(value):
            return "has the wrong form"
        if len(value) < self.least:
            return "is empty" if self.least == 1 else f"is shorter than {self.least} characters"
        if len(value) > self.most:
            return f"is longer than {self.most} characters"
        return None


def _string(schema: Schema) -> Reader:
    return _StringReader(
        allowed=tuple(schema.get("enum", ())),
        pattern=_pattern(schema["pattern"]) if "pattern" in schema else None,
        least=schema.get("minLength", 0),
        most=schema.get("maxLength", LONGEST_TEXT),
        convert={None: None, "date-time": read_moment, "date": _read_date}[schema.get("format")],
    )


def _pattern(pattern: str) -> re.Pattern[str]:
    """JSON Schema's ``$`` is the very end; Python's would let a newline follow."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)


def _number(schema: Schema, *, whole: bool) -> Reader:
    least, most = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    limits = [Decimal(str(limit)) if limit is not None else None for limit in (least, most, above)]
    decimals = 0 if whole else int(schema["x-decimals"])

    def problem(value: Decimal) -> str | None:
        low, high, beyond = limits
        if not value.is_finite():
            return "is not a number"
        if low is not None and value < low:
            return f"is below {low}"
        if high is not None and value > high:
            return f"is above {high}"
        if beyond is not None and value <= beyond:
            return f"is not above {beyond}"
        if value != round(value, decimals):
            return f"has more than {decimals} decimals" if decimals else "is not a whole number"
        return None

    def read(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems[path] = "is not a number"
            return Decimal(0)
        number = Decimal(repr(value))
        found = problem(number)
        if found:
            problems[path] = found
            return Decimal(0)
        return int(number) if whole else number

    return read


def _read_boolean(value: Any, path: str, problems: Problems) -> Any:
    if not isinstance(value, bool):
        problems[path] = "is not true or false"
    return value


def _read_date(value: str) -> str:
    if not DATE.fullmatch(value):
        raise ValueError("is not a date (2026-08-31)")
    return date.fromisoformat(value).isoformat()
