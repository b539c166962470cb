from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingress.extract import POINTERS, native_id, resolve, subject
from streams.topics import RAW_ENTITIES

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_every_raw_topic_has_its_pointers() -> None:
    assert set(POINTERS) == RAW_ENTITIES


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"entity_id": 42, "increment_id": "000000042"}, "42"),
        ({"order_id": "42"}, "42"),
        ({"data": {"entity_id": 42}}, "42"),
        ({"data": {"value": {"entity_id": 42}}}, "42"),
        ({"event": {"data": {"value": {"entity_id": "42"}}}}, "42"),
        ({"entity_id": 0, "order_id": 7}, "0"),
        ({"entity_id": "", "order_id": 7}, "7"),
        ({"entity_id": True, "order_id": 7}, "7"),
        ({"entity_id": None}, ""),
        ({"entity_id": {"id": 1}}, ""),
        ({"entity_id": "x" * 201}, ""),
        ({"increment_id": "000000042"}, ""),
        ([{"entity_id": 42}], ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_the_native_id_of_a_magento_order(document: object, expected: str) -> None:
    assert native_id("magento", "order", document) == expected


def test_what_a_person_calls_it() -> None:
    assert subject("magento", "order", {"entity_id": 42, "increment_id": "000000042"}) == "000000042"
    assert subject("magento", "order", {"entity_id": 42}) == ""
    assert subject("heartland", "order", {"OrderID": "17", "ExternalID": "W-000000042"}) == "W-000000042"
    assert subject("heartland", "order", {"OrderID": "17", "ExternalID": None}) == "17"
    assert native_id("heartland", "inventory", {"SKU": "TEE-M"}) == "TEE-M"
    assert subject("heartland", "inventory", {"data": {"SKU": "TEE-M"}}) == "TEE-M"


@pytest.mark.parametrize(
    ("entity", "document", "expected"),
    [
        ("payment", {"PaymentID": "500001", "ExternalID": "W-42-1"}, ("500001", "W-42-1")),
        ("payment", {"data": {"PaymentID": "500001"}}, ("500001", "500001")),
        ("customer", {"CustomerID": "Web guest", "ExternalID": "web:customer:7"}, ("Web guest", "Web guest")),
        ("product", {"data": {"SKU": "TEE-M"}}, ("TEE-M", "TEE-M")),
        ("gift_card", {"GiftCardID": "700001", "ExternalID": "X", "LastFour": "1234"}, ("700001", "700001")),
    ],
)
def test_what_heartlands_other_entities_are_known_by(entity: str, document: object, expected: tuple[str, str]) -> None:
    assert (native_id("heartland", entity, document), subject("heartland", entity, document)) == expected


@pytest.mark.parametrize(
    "wrap", [lambda body: body, lambda body: {"data": body}, lambda body: {"data": {"value": body}}]
)
@pytest.mark.parametrize("entity", ["invoice", "shipment", "credit_memo"])
def test_what_is_made_of_a_web_order_is_known_by_its_own_id_and_never_by_its_orders(
    entity: str, wrap: Callable[[object], object]
) -> None:
    body = {"entity_id": 7, "order_id": 42, "increment_id": "000000007"}
    assert native_id("magento", entity, wrap(body)) == "7"
    assert subject("magento", entity, wrap(body)) == "000000007"
    assert native_id("magento", entity, wrap({"order_id": 42})) == ""


def test_what_magentos_customers_and_transactions_are_known_by() -> None:
    assert native_id("magento", "customer", {"id": 1, "email": "ann@example.com"}) == "1"
    assert subject("magento", "customer", {"id": 1, "email": "ann@example.com"}) == "1"
    assert native_id("magento", "customer", {"event": {"data": {"value": {"entity_id": "1"}}}}) == "1"
    assert native_id("magento", "transaction", {"transaction_id": 3, "txn_id": "ch_1", "order_id": 42}) == "3"
    assert subject("magento", "transaction", {"transaction_id": 3, "txn_id": "ch_1"}) == "ch_1"


def test_pointers_follow_the_standard() -> None:
    document = {"a/b": 1, "m~n": 2, "list": [10, {"x": 11}], "": 3}
    assert resolve("/a~1b", document) == 1
    assert resolve("/m~0n", document) == 2
    assert resolve("/list/1/x", document) == 11
    assert resolve("/list/2", document) is None
    assert resolve("/list/x", document) is None
    assert resolve("/", document) == 3
    assert resolve("", document) is document


@given(json_values)
def test_any_json_is_looked_at_without_an_error(document: object) -> None:
    for system, entity in RAW_ENTITIES:
        assert len(native_id(system, entity, document)) <= 200
        assert len(subject(system, entity, document)) <= 200
