"""The `/v1` contract as a check: JSON Schema of schemas/heartland/openapi.yaml, decimals, and its two sums."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import jsonschema
import yaml

from streams.sale.exact import cents, exact


@cache
def _contract() -> dict[str, Any]:
    text = (resources.files("schemas") / "heartland" / "openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


@cache
def _order_create() -> jsonschema.protocols.Validator:
    schema = {"$ref": "#/components/schemas/OrderCreate", "components": _contract()["components"]}
    return jsonschema.Draft202012Validator(schema)


def check_order(body: dict[str, Any]) -> None:
    """Raise if POST /v1/orders would refuse the body."""
    _order_create().validate(body)
    total = exact(body["TotalAmount"])
    lines = [
        cents(exact(line["Price"]) * exact(line["Quantity"])) - exact(line["Discount"]) + exact(line["Tax"])
        for line in body["LineItems"]
    ]
    shipping = body["Shipping"]
    delivery = exact(shipping["Amount"]) - exact(shipping["Discount"]) + exact(shipping["Tax"])
    fees = sum((exact(fee["Amount"]) + exact(fee["Tax"]) for fee in body["Fees"]), Decimal(0))
    assert sum(lines, delivery + fees) == total
    assert sum((exact(tender["Amount"]) for tender in body["Tenders"]), exact(body["BalanceDue"])) == total
    money = [line[key] for line in body["LineItems"] for key in ("Discount", "Tax")]
    money += [body["TotalAmount"], body["BalanceDue"], *shipping_money(body), *tender_money(body)]
    assert all(exact(amount) == cents(exact(amount)) for amount in money)
    prices = [exact(line["Price"]) for line in body["LineItems"]]
    assert all(price == round(price, 4) for price in prices)


def shipping_money(body: dict[str, Any]) -> list[Any]:
    return [body["Shipping"][key] for key in ("Amount", "Discount", "Tax")]


def tender_money(body: dict[str, Any]) -> list[Any]:
    return [tender["Amount"] for tender in body["Tenders"]]
