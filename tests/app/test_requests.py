"""Addresses and lists of SKUs as they are sent, and amounts that stay exact."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import exact_json
from app.skus import LONGEST, named, parts
from app.urls import encode, query_string

TEXT = st.text(st.characters(codec="utf-8"))
SKUS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=64), unique=True, max_size=300)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_every_pair_splits_at_one_equals_sign_and_decodes_to_itself(pairs: list[tuple[str, str]]) -> None:
    sent = query_string(pairs)
    assert "+" not in sent
    split = [part.split("=") for part in sent.split("&")] if pairs else []
    assert [(unquote(key), unquote(value)) for key, value in split] == pairs


@given(SKUS, st.integers(1, 100))
def test_parts_keep_every_sku_in_order_and_each_fits_a_request(skus: list[str], most: int) -> None:
    found = list(parts(skus, most))
    assert [sku for part in found for sku in part] == skus
    for part in found:
        assert 1 <= len(part) <= most
        assert len(part) == 1 or sum(len(encode(sku)) for sku in part) <= LONGEST


def test_a_call_about_many_skus_is_named_by_the_first() -> None:
    assert named(["S1"]) == "SKU S1"
    assert named(["S1", "S2"]) == "2 SKUs from S1"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6))
def test_a_decimal_survives_json_digit_for_digit(amount: Decimal) -> None:
    assert str(exact_json.loads(exact_json.dumps({"a": amount}))["a"]) == format(amount, "f")


@pytest.mark.parametrize(("amount", "text"), [("72.90", b"72.90"), ("1E+3", b"1000"), ("0.0000001", b"0.0000001")])
def test_a_decimal_is_a_plain_json_number(amount: str, text: bytes) -> None:
    assert exact_json.dumps(Decimal(amount)) == text


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object()])
def test_what_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        exact_json.dumps({"a": value})


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"NaN", "not a number"), (b"[Infinity]", "not a number"), (b"{", "line 1"), (b"\xff", "codec")],
)
def test_what_is_no_json_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        exact_json.loads(content)
