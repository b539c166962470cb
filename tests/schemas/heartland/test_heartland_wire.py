"""The wire models read only what the OpenAPI document promises."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from schemas.heartland import ErrorBody, InventoryLevel, Order, Page, Token, TokenError

SCHEMAS = yaml.safe_load((Path(__file__).parents[3] / "schemas/heartland/openapi.yaml").read_text(encoding="utf-8"))[
    "components"
]["schemas"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Order, "Order"),
        (InventoryLevel, "InventoryLevel"),
        (ErrorBody, "Error"),
        (Token, "Token"),
        (TokenError, "TokenError"),
        (Page[Any], "OrderPage"),
        (Page[Any], "InventoryPage"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_field_is_in_the_contract_and_every_required_one_is_always_sent(
    model: type[BaseModel], name: str
) -> None:
    for field, info in model.model_fields.items():
        key = info.alias or field
        assert key in SCHEMAS[name]["properties"]
        assert not info.is_required() or key in SCHEMAS[name]["required"]


def test_null_is_the_same_as_missing_and_unknown_keys_are_ignored() -> None:
    document = {"OrderID": "1", "TotalAmount": 1.1, "Status": "Open", "UpdatedAt": "2026-11-24T08:00:00Z"}
    nulls = {"ExternalID": None, "BillingAddress": None, "ShippingAddress": None, "OrderDate": None, "New": 1}
    assert Order.model_validate(document | nulls) == Order.model_validate(document)
    assert Order.model_validate(document).total_amount == Decimal("1.1")


def test_the_email_is_that_of_the_bill_or_else_of_the_parcel() -> None:
    document = {"OrderID": "1", "TotalAmount": 1, "Status": "Open", "UpdatedAt": "2026-11-24T08:00:00Z"}
    both = {"BillingAddress": {"Email": "a@example.com"}, "ShippingAddress": {"Email": "b@example.com"}}
    assert Order.model_validate(document | both).email == "a@example.com"
    assert Order.model_validate(document | both | {"BillingAddress": {}}).email == "b@example.com"


def test_a_token_is_not_printed() -> None:
    assert "abc" not in repr(Token(access_token="abc"))
