"""The OpenAPI document as a judge: does a request, or an answer, keep to it?"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import yaml
from jsonschema import Draft202012Validator

from tests.app.stub_server import Seen

DOCUMENT = Path(__file__).parents[3] / "schemas/heartland/openapi.yaml"


@cache
def contract() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """The node, or what its ``$ref`` points to."""
    found: Any = node
    while "$ref" in found:
        path, found = found["$ref"], contract()
        for part in path.removeprefix("#/").split("/"):
            found = found[part]
    resolved: dict[str, Any] = found
    return resolved


def check(schema: dict[str, Any], value: object) -> None:
    """Raise jsonschema's error if the value does not fit."""
    root = {**schema, "components": contract()["components"]}
    Draft202012Validator(root).validate(value)


def operation_of(seen: Seen) -> dict[str, Any]:
    """The operation that a request calls; the parameters in its path are checked."""
    path = seen.raw_path.partition("?")[0]
    for template, item in contract()["paths"].items():
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
        if found and seen.method.lower() in item:
            operation: dict[str, Any] = item[seen.method.lower()]
            for parameter in map(resolve, item.get("parameters", [])):
                check(parameter["schema"], unquote(found[parameter["name"]]))
            return operation
    raise AssertionError(f"{seen.method} {path} is not in the contract")


def check_request(seen: Seen) -> str:
    """Assert that the request keeps to the contract; returns its operation's id."""
    operation = operation_of(seen)
    known = {parameter["name"]: parameter for parameter in map(resolve, operation.get("parameters", []))}
    query = parse_qsl(seen.raw_path.partition("?")[2], strict_parsing=bool("?" in seen.raw_path))
    for name in {name for name, _ in query}:
        assert name in known, f"{operation['operationId']} has no parameter {name}"
        check(known[name]["schema"], _typed(known[name]["schema"], [value for key, value in query if key == name]))
    if "requestBody" in operation:
        (kind, content), *_ = operation["requestBody"]["content"].items()
        assert seen.headers["Content-Type"] == kind
        body = dict(parse_qsl(seen.content.decode(), strict_parsing=True)) if "form" in kind else seen.body
        check(content["schema"], body)
    else:
        assert not seen.content, f"{operation['operationId']} takes no body"
    operation_id: str = operation["operationId"]
    return operation_id


def check_answer(schema: str, value: object) -> None:
    """Assert that an answer that a test makes up could be Heartland's."""
    check({"$ref": f"#/components/schemas/{schema}"}, value)


def _typed(schema: dict[str, Any], values: list[str]) -> object:
    """Query text as the schema's type."""
    resolved = resolve(schema)
    if resolved.get("type") == "array":
        return values
    assert len(values) == 1
    return int(values[0]) if resolved.get("type") == "integer" else values[0]
