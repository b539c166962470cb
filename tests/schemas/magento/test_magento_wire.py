"""The wire models read what a real Magento answers, and treat null, missing and PHP's empty list alike."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.magento import Comment, ErrorBody, ErrorItem, Order, ProductSku, SearchResult, SourceItem

DATA = Path(__file__).parents[2] / "data"
ORDERS = sorted((DATA / "orders").glob("*.json"))
LISTS = orjson.loads((DATA / "magento/lists.json").read_bytes())
ERRORS = orjson.loads((DATA / "magento/errors.json").read_bytes())
MINIMAL = {
    "entity_id": 1,
    "increment_id": "1",
    "created_at": "2026-11-24 08:00:00",
    "updated_at": "2026-11-24 08:00:00",
    "base_grand_total": 0,
    "items": [],
}


@pytest.mark.parametrize("path", ORDERS, ids=lambda path: path.stem)
def test_every_captured_order_is_read_with_its_amounts_exact(path: Path) -> None:
    raw = orjson.loads(path.read_bytes())
    order = Order.model_validate_json(path.read_bytes())
    assert order.entity_id == str(raw["entity_id"])
    assert order.base_grand_total == Decimal(repr(raw["base_grand_total"]))
    assert [item.qty_ordered for item in order.items] == [Decimal(repr(i["qty_ordered"])) for i in raw["items"]]
    assert [item.parent_item_id for item in order.items] == [str(i.get("parent_item_id", "")) for i in raw["items"]]
    assert order.payment.method == raw["payment"]["method"]
    addresses = [one.shipping.address for one in order.extension_attributes.shipping_assignments]
    assert any(addresses) is not bool(raw["is_virtual"])


def test_a_bundle_of_captures_holds_what_only_some_orders_have() -> None:
    pickup = Order.model_validate_json((DATA / "orders/order_pickup_bopis.json").read_bytes())
    gift = Order.model_validate_json((DATA / "orders/order_gift_card_paid.json").read_bytes())
    assert pickup.extension_attributes.pickup_location_code == "store2"
    assert gift.base_grand_total == 0
    assert sum(card.base_amount for card in gift.extension_attributes.gift_cards) == Decimal("79.95")


@pytest.mark.rule("money.gift_card_masked")
def test_a_gift_card_code_is_never_read() -> None:
    gift = Order.model_validate_json((DATA / "orders/order_gift_card_paid.json").read_bytes())
    codes = [
        card["code"]
        for card in orjson.loads((DATA / "orders/order_gift_card_paid.json").read_bytes())["extension_attributes"][
            "gift_cards"
        ]
    ]
    assert codes
    assert not any(code in gift.model_dump_json() for code in codes)


def test_null_and_missing_and_an_empty_php_array_are_the_same() -> None:
    nulls = {name: None for name in Order.model_fields if name not in MINIMAL}
    assert Order.model_validate(MINIMAL | nulls) == Order.model_validate(MINIMAL)
    assert Order.model_validate(MINIMAL | {"extension_attributes": []}) == Order.model_validate(MINIMAL)


def test_a_value_where_an_object_belongs_is_refused() -> None:
    with pytest.raises(ValidationError, match="payment"):
        Order.model_validate(MINIMAL | {"payment": "checkmo"})


def test_ids_come_as_numbers_or_strings_and_unknown_keys_are_ignored() -> None:
    order = Order.model_validate(MINIMAL | {"entity_id": "7", "merchant_field": {"a": 1}})
    assert order.entity_id == "7"


def test_captured_lists_are_read() -> None:
    comments = SearchResult[Comment].model_validate(LISTS["order_comments"])
    assert [row.comment for row in comments.items] == ["hello [k1]", "hello [k1]", "nostatus", "min"]
    items = SearchResult[SourceItem].model_validate(LISTS["source_items"])
    assert [(row.source_code, row.quantity, row.status) for row in items.items] == [
        ("default", Decimal(0), 1),
        ("main", Decimal(48), 1),
        ("store2", Decimal(20), 1),
    ]


def test_a_trimmed_list_without_rows_has_null_items() -> None:
    assert SearchResult[ProductSku].model_validate({"items": None, "total_count": 0}).items == ()


@pytest.mark.parametrize(
    "case", [case for case in ERRORS if isinstance(case["body"], dict)], ids=lambda case: case["name"]
)
def test_every_captured_error_is_read_and_no_placeholder_stays(case: dict[str, object]) -> None:
    texts = ErrorBody.model_validate(case["body"]).texts
    assert texts
    assert not any("%" in text for text in texts)


@pytest.mark.parametrize(
    ("message", "parameters", "text"),
    [
        ("The %1 of %2", ["colour", 3], "The colour of 3"),
        ('"%fieldName" is required', {"fieldName": "sku"}, '"sku" is required'),
        ("%fieldName = %fieldValue", ["sku", "S1"], "%fieldName = %fieldValue"),
        ("%1 and %2", ["one"], "one and %2"),
        ("100% sure", [], "100% sure"),
        ("%10 of %1", ["a"], "%10 of a"),
        ("%1", ["%2"], "%2"),
    ],
)
def test_placeholders_are_filled_where_a_value_fits(message: str, parameters: object, text: str) -> None:
    assert ErrorItem.model_validate({"message": message, "parameters": parameters}).text == text


def test_the_shape_of_failures_outside_routing_is_read() -> None:
    body = {"messages": {"error": [{"code": 500, "message": "Fatal error"}]}}
    assert ErrorBody.model_validate(body).texts == ("Fatal error",)


@given(st.decimals(min_value=0, max_value=10**9, places=4))
def test_an_amount_of_four_decimals_survives_json(amount: Decimal) -> None:
    row = {"sku": "S", "source_code": "main", "quantity": float(amount)}
    assert SourceItem.model_validate_json(orjson.dumps(row)).quantity == amount
