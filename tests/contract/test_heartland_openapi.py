"""The `/v1` document says what the integration's contract promises, for every resource alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

DOCUMENT: dict[str, Any] = yaml.safe_load(Path("schemas/heartland/openapi.yaml").read_text())
SCHEMAS: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]

PUBLISHED = {
    "/v1/orders": "post get put",
    "/v1/payments": "post get",
    "/v1/customers": "post get put",
    "/v1/products": "get put",
    "/v1/inventory": "get put",
    "/v1/reports/transactions": "get",
    "/v1/webhooks": "post",
}
"""Methods of each endpoint; those of one resource have its id as a further part of the path."""

ORDER_FIELDS = {
    "OrderID",
    "CustomerID",
    "OrderDate",
    "TotalAmount",
    "Status",
    "LineItems",
    "PaymentStatus",
    "ShippingAddress",
    "BillingAddress",
    "ExternalID",
}
ADDED_TO_ORDER = {
    "Currency",
    "LocationID",
    "UpdatedAt",
    "Shipping",
    "Fees",
    "Tenders",
    "BalanceDue",
    "Shipments",
    "Refunds",
}
EVENTS = {"order.created", "payment.succeeded", "inventory.updated", "shipment.created"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in ("get", "post", "put", "delete"):
            if method in item:
                yield path, method, item[method]


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """A node with its reference followed."""
    found: Any = node
    while "$ref" in found:
        reference, found = found["$ref"], DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    return dict(found)


def parameters(operation: dict[str, Any]) -> set[str]:
    return {resolve(parameter)["name"] for parameter in operation.get("parameters", ())}


def marked(field: dict[str, Any]) -> bool:
    """Marked as our own, itself or by what it refers to."""
    schema = resolve(field)
    inner = [resolve(part) for part in (*schema.get("allOf", ()), schema.get("items", {}))]
    return any(part.get("x-tillstream") for part in (schema, *inner))


def request_schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, method, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            yield f"{method} {path}", resolve(content["schema"])


@pytest.mark.parametrize(("path", "methods"), PUBLISHED.items())
def test_every_published_endpoint_is_there(path: str, methods: str) -> None:
    found = {method for at, method, _ in operations() if at == path or at.startswith(f"{path}/{{")}
    assert found >= set(methods.split())


def test_an_order_has_the_published_fields_and_ours_are_marked() -> None:
    fields = SCHEMAS["Order"]["properties"]
    assert set(fields) == ORDER_FIELDS | ADDED_TO_ORDER
    assert {name for name in fields if marked(fields[name])} == ADDED_TO_ORDER
    line = SCHEMAS["LineItem"]["properties"]
    assert {name: marked(line[name]) for name in line} == {
        "SKU": False,
        "Quantity": False,
        "Price": False,
        "Discount": True,
        "Tax": True,
    }


def test_stock_is_told_by_three_figures() -> None:
    fields = SCHEMAS["InventoryLevel"]["properties"]
    assert {"OnHand", "Committed", "Available"} <= {name for name in fields if marked(fields[name])}


def test_the_published_events_can_be_registered() -> None:
    assert set(SCHEMAS["EventName"]["enum"]) >= EVENTS


def test_every_list_of_a_resource_is_paged_sorted_and_filtered_alike() -> None:
    lists = {path: operation for path, _, operation in operations() if operation["operationId"].startswith("list_")}
    assert len(lists) == 9
    for path, operation in lists.items():
        assert parameters(operation) >= {"page", "per_page", "sort", "updated_since", "external_id"}, path
        answer = resolve(operation["responses"]["200"]["content"]["application/json"]["schema"])
        assert set(answer["required"]) == {"results", "page", "pages", "total"}, path
        row = resolve(answer["properties"]["results"]["items"])
        assert {"ExternalID", "UpdatedAt"} <= set(row["required"]), path


def test_several_skus_can_be_asked_for_at_once() -> None:
    sku = DOCUMENT["components"]["parameters"]["sku"]
    assert (sku["schema"]["maxItems"], sku["explode"]) == (100, True)
    asked = {path for path, _, operation in operations() if "sku" in parameters(operation)}
    assert asked == {"/v1/products", "/v1/inventory"}


def test_everything_but_token_and_document_needs_a_token_and_says_what_can_go_wrong() -> None:
    opened = {path for path, _, operation in operations() if operation.get("security") == []}
    assert opened == {"/oauth/token", "/v1/openapi.yaml"}
    for path, method, operation in operations():
        if path not in opened:
            expected = {"400", "401", "403", "405", "429", "500", "503"} | ({"404"} if "{" in path else set())
            assert set(operation["responses"]) >= expected, (method, path)


def test_requests_refuse_unknown_fields_and_say_how_many_decimals_a_number_may_have() -> None:
    def walk(name: str, schema: dict[str, Any]) -> None:
        schema = resolve(schema)
        for part in schema.get("allOf", ()):
            walk(name, part)
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name
        if schema.get("type") == "number":
            assert "x-decimals" in schema, name
        if schema.get("type") == "array":
            assert "maxItems" in schema, name
            walk(f"{name}[]", schema["items"])
        for child, inner in schema.get("properties", {}).items():
            walk(f"{name}.{child}", inner)

    for name, schema in request_schemas():
        walk(name, schema)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


def test_operations_are_named_once() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))
