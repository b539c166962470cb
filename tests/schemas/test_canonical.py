"""Canonical entities are exact, immutable and strict."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.canonical import LocationLevel, Sale, StockHint, Tender, Totals
from tests.streams.sale.real_orders import order, sale

AMOUNTS = st.decimals(-99_999, 99_999, places=4)


@given(AMOUNTS)
def test_money_from_a_json_float_is_the_number_that_stood_there(amount: Decimal) -> None:
    tender = Tender.model_validate({"kind": "card", "method": "x", "amount": float(amount)})
    assert tender.amount == amount
    assert Tender.model_validate_json(tender.model_dump_json()) == tender


def test_money_has_four_decimals_at_most() -> None:
    with pytest.raises(ValidationError, match="no more than 4 decimal places"):
        LocationLevel.model_validate({"location": "MAIN", "on_hand": 0.00001, "committed": 0})


def test_a_sale_survives_json() -> None:
    made = sale(order("order_simple_configurable_virtual_new"))
    assert Sale.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    "changes",
    [{"surprise": 1}, {"lines": []}, {"currency": "usd"}, {"schema_version": 2}, {"placed_at": "2026-11-23T22:00:18"}],
)
def test_a_sale_that_is_not_one_is_refused(changes: dict[str, Any]) -> None:
    values = sale(order("order_virtual")).model_dump(mode="json")
    with pytest.raises(ValidationError):
        Sale.model_validate(values | changes)


def test_entities_do_not_change() -> None:
    hint = StockHint(sku="MUG", cause="poll")
    with pytest.raises(ValidationError, match="frozen"):
        hint.sku = "CUP"  # type: ignore[misc]


def test_nothing_is_canceled_unless_it_is_said() -> None:
    zero = Decimal(0)
    assert Totals(lines=zero, discount=zero, tax=zero, shipping=zero, fees=zero, total=zero, due=zero).canceled == 0
