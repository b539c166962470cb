"""The OpenAPI document as the sandbox uses it: its routes, their parameters and bodies, and who may call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import yaml

from app.sandbox.heartland.errors import ApiError, bad_request, invalid, not_found
from app.sandbox.heartland.shapes import Problems, Reader, Schema, Shapes
from app.sandbox.heartland.values import Json

METHODS = ("get", "post", "put", "delete")
READS_THAT_POST = frozenset({"find_gift_card"})
"""They change nothing, so that scope ``read`` is enough and the mutation log stays clean of card numbers."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """One query parameter; ``repeats`` for a list, ``whole`` for a number."""

    name: str
    read: Reader
    repeats: bool
    whole: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document.

    Attributes:
        name: its operationId, which is the name of its handler.
        path_readers: by parameter name.
        body: reader of the JSON body, None if the operation takes none.
        open: no token needed.
    """

    name: str
    method: str
    template: str
    path_readers: Mapping[str, Reader]
    query: Mapping[str, QueryParameter]
    body: Reader | None
    open: bool

    @property
    def changes(self) -> bool:
        """It may change something: it is logged and needs scope ``write``."""
        return self.method != "GET" and self.name not in READS_THAT_POST

    @property
    def lists(self) -> bool:
        """A list read, which may lag."""
        return self.name.startswith("list_")

    def read_path(self, params: Mapping[str, str]) -> None:
        """Check path parameters. What cannot be an id belongs to nothing: 404."""
        problems: Problems = {}
        for name, reader in self.path_readers.items():
            reader(params[name], name, problems)
        if problems:
            raise not_found(", ".join(sorted(problems)))

    def read_query(self, pairs: Pairs) -> Json:
        """The query's values, defaults filled in. Raises 400 for an unknown, repeated or wrong parameter."""
        unknown = {name: "is not a parameter of this route" for name, _ in pairs if name not in self.query}
        if unknown:
            raise bad_request(f"Unknown query parameter: {', '.join(sorted(unknown))}", unknown)
        problems: Problems = {}
        found: Json = {}
        for name, parameter in self.query.items():
            values = [value for key, value in pairs if key == name]
            if not values:
                found[name] = parameter.default
            elif parameter.repeats:
                found[name] = parameter.read(values, name, problems)
            elif len(values) > 1:
                problems[name] = "is given twice"
            else:
                found[name] = parameter.read(_converted(values[0], parameter), name, problems)
        if problems:
            raise invalid(problems)
        return found

    def read_body(self, body: object) -> Json:
        """The body's fields, defaults filled in. Raises 400 with every problem in it."""
        if self.body is None:
            return {}
        if not isinstance(body, dict):
            raise bad_request("The body is not a JSON object")
        problems: Problems = {}
        found: Json = self.body(body, "", problems)
        if problems:
            raise invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class Match:
    """The operation of a request, with its path parameters."""

    operation: Operation
    params: dict[str, str]


class Contract:
    """Finds operations by method and path."""

    def __init__(self) -> None:
        self.source = files("schemas").joinpath("heartland", "openapi.yaml").read_bytes()
        document = yaml.load(self.source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
        self.operations = {operation.name: operation for operation in _operations(document)}
        self._routes = sorted(
            ((tuple(operation.template.split("/")), operation) for operation in self.operations.values()),
            key=lambda route: sum(part.startswith("{") for part in route[0]),
        )

    def match(self, method: str, raw_path: str) -> Match:
        """The operation of an undecoded path; the most literal template first.

        Raises:
            ApiError: 404 for a path that no template fits, 405 if only the method is wrong.
        """
        parts = tuple(raw_path.split("/"))
        allowed = []
        for template, operation in self._routes:
            params = _bind(template, parts)
            if params is None:
                continue
            if operation.method == method:
                return Match(operation, params)
            allowed.append(operation.method)
        if not allowed:
            raise not_found("This route")
        headers = {"Allow": ", ".join(sorted(allowed))}
        raise ApiError(405, "method_not_allowed", f"This route has no {method}", headers=headers)


@cache
def the_contract() -> Contract:
    """The document, read once in a process."""
    return Contract()


def _bind(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    """The parameters; segments are decoded one by one, so that %2F stays in a SKU."""
    if len(template) != len(parts):
        return None
    params: dict[str, str] = {}
    for expected, part in zip(template, parts, strict=True):
        if expected.startswith("{"):
            params[expected[1:-1]] = unquote(part)
        elif expected != part:
            return None
    return params


def _operations(document: Schema) -> Iterator[Operation]:
    shapes = Shapes(document)
    for template, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            parameters = [
                shapes.resolve(parameter)
                for parameter in (*item.get("parameters", ()), *operation.get("parameters", ()))
            ]
            yield Operation(
                name=operation["operationId"],
                method=method.upper(),
                template=template,
                path_readers={
                    parameter["name"]: shapes.reader(parameter["schema"])
                    for parameter in parameters
                    if parameter["in"] == "path"
                },
                query={
                    parameter["name"]: _query_parameter(parameter, shapes)
                    for parameter in parameters
                    if parameter["in"] == "query"
                },
                body=_body_reader(operation, shapes),
                open=operation.get("security") == [],
            )


def _query_parameter(parameter: Schema, shapes: Shapes) -> QueryParameter:
    schema = shapes.resolve(parameter["schema"])
    return QueryParameter(
        name=parameter["name"],
        read=shapes.reader(schema),
        repeats=schema["type"] == "array",
        whole=schema["type"] == "integer",
        default=schema.get("default"),
    )


def _body_reader(operation: Schema, shapes: Shapes) -> Reader | None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        return shapes.reader(content["schema"])
    return None


def _converted(value: str, parameter: QueryParameter) -> str | int:
    """A whole number's digits as a number; what is none stays text, which the reader refuses."""
    digits = value.removeprefix("-")
    usable = parameter.whole and digits.isascii() and digits.isdigit() and len(digits) <= 18  # noqa: PLR2004 - 64 bits
    return int(value) if usable else value
