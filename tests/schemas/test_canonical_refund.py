"""A refund's parts make its total to the cent, and its tenders make it again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.canonical import Refund
from tests.schemas.golden import golden

AMOUNTS = st.decimals(0, 99_999, places=4)
PIECES = st.decimals("0.0001", 999, places=4)
PART = {"amount": AMOUNTS, "discount": AMOUNTS, "tax": AMOUNTS}
LINES = st.lists(st.fixed_dictionaries({"sku": st.just("S1"), "quantity": PIECES, "restocked": st.booleans(), **PART}))
FEES = st.lists(st.fixed_dictionaries({"name": st.just("Gift wrap"), "amount": AMOUNTS, "tax": AMOUNTS}), max_size=3)


def refund(name: str = "restocking_fee", **changes: Any) -> Refund:
    return Refund.model_validate(golden("refund", name, **changes))


def net(part: dict[str, Any]) -> Decimal:
    return Decimal(part["amount"] - part.get("discount", 0) + part["tax"])


@st.composite
def refunds(draw: st.DrawFn) -> dict[str, Any]:
    """A refund of any parts, which goes back by any tenders."""
    lines, fees, shipping = draw(LINES), draw(FEES), draw(st.fixed_dictionaries(PART))
    up, down = draw(AMOUNTS), draw(AMOUNTS)
    parts: list[dict[str, Any]] = [*lines, *fees, shipping]
    total = sum(map(net, parts), up - down)
    assume(total >= 0)
    first = min(draw(AMOUNTS), total)
    tenders = [{"kind": "card", "method": "x", "amount": amount} for amount in (first, total - first)]
    sums = {"adjustment_positive": up, "adjustment_negative": down, "total": total}
    return golden("refund", "restocking_fee", lines=lines, fees=fees, shipping=shipping, tenders=tenders, **sums)


@given(refunds())
def test_any_parts_make_the_total_and_survive_json_to_the_last_decimal(values: dict[str, Any]) -> None:
    made = Refund.model_validate(values)
    assert made.parts == made.total == sum(tender.amount for tender in made.tenders)
    again = Refund.model_validate_json(made.model_dump_json())
    assert again == made
    assert again.model_dump() == made.model_dump()


@given(refunds(), st.decimals("0.0001", 1, places=4))
def test_a_total_that_is_off_by_anything_is_refused(values: dict[str, Any], off: Decimal) -> None:
    with pytest.raises(ValidationError, match=r"its parts make .* USD, but its total is"):
        Refund.model_validate(values | {"total": values["total"] + off})


@given(refunds(), st.decimals("0.0001", 1, places=4))
def test_tenders_that_are_off_by_anything_are_refused(values: dict[str, Any], off: Decimal) -> None:
    first, *rest = values["tenders"]
    with pytest.raises(ValidationError, match=r"its tenders make .* USD, but its total is"):
        Refund.model_validate(values | {"tenders": [{**first, "amount": first["amount"] + off}, *rest]})


@pytest.mark.parametrize(
    "changes",
    [{"adjustment_negative": "-2"}, {"total": "-8.83"}, {"shipping": {"amount": -1}}, {"offline": None}],
)
def test_every_amount_has_the_direction_of_its_name(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(changes))):
        refund(**changes)


def test_a_card_number_in_the_reason_or_a_tender_is_refused_and_not_shown() -> None:
    tender = golden("refund", "restocking_fee")["tenders"][0]
    for changes in ({"reason": "to 4111111111111111"}, {"tenders": [{**tender, "reference": "4111111111111111"}]}):
        with pytest.raises(ValidationError, match="may be a card number") as caught:
            refund(**changes)
        assert "4111" not in str(caught.value)


def test_a_gift_card_is_named_by_its_last_four_at_most() -> None:
    tender = {"kind": "gift_card", "method": "giftcard", "amount": "8.83", "reference": "GIFT-7KQ2"}
    with pytest.raises(ValidationError, match="may be the gift card's number"):
        refund(tenders=[tender])
