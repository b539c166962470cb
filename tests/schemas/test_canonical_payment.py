"""A payment says in which direction money goes, and never carries a card's number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.canonical import Payment
from schemas.cards import luhn_valid
from tests.schemas.golden import golden

CARD = "4111 1111 1111 1111"


def payment(name: str = "authorization", **changes: Any) -> Payment:
    return Payment.model_validate(golden("payment", name, **changes))


@pytest.mark.parametrize("field", ["reference", "failure"])
@pytest.mark.parametrize("text", [CARD, "4111111111111111", f"paid with {CARD}, exp 12/30", "5555-5555-5555-4444"])
def test_no_card_number_stands_in_a_text(field: str, text: str) -> None:
    with pytest.raises(ValidationError, match="may be a card number: give the gateway's id") as caught:
        payment("failed", **{field: text})
    assert "1111" not in str(caught.value)
    assert "4444" not in str(caught.value)


@given(st.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
def test_no_number_of_any_issuer_passes(digits: str) -> None:
    number = next(digits + last for last in "0123456789" if luhn_valid(digits + last))
    with pytest.raises(ValidationError):
        payment(reference=number)


@pytest.mark.parametrize("reference", ["", "1111", "9k2xv3td-capture", "ch_3MqLiJ2eZvKYlo2C1jUoQ1aB", "60198765432"])
def test_what_gateways_call_a_payment_passes(reference: str) -> None:
    assert payment(reference=reference).reference == reference


def test_a_gift_card_is_referred_to_by_its_last_four_at_most() -> None:
    with pytest.raises(ValidationError, match="may be the gift card's number") as caught:
        payment("gift_card", reference="GC-7KQ2")
    assert "GC-7KQ2" not in str(caught.value)


@pytest.mark.parametrize("amount", [0, "-0.01", "0.00001", "NaN", "Infinity"])
def test_money_that_does_not_move_is_no_payment(amount: object) -> None:
    with pytest.raises(ValidationError, match="amount"):
        payment(amount=amount)


def test_only_a_failed_one_says_why_it_failed() -> None:
    with pytest.raises(ValidationError, match="its state is succeeded, but it says why it failed"):
        payment(failure="2001 Insufficient Funds")


def test_it_follows_another_one() -> None:
    with pytest.raises(ValidationError, match="names itself"):
        payment(parent="web:transaction:31")


@pytest.mark.parametrize("line", [{"quantity": "1"}, {"line_id": "10", "quantity": "0"}, {"sku": "S1", "quantity": -1}])
def test_its_lines_name_a_line_and_pieces(line: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        payment(lines=[line])
