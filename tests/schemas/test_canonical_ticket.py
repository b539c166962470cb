"""A ticket's totals are what is left between what was sold and what came back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.canonical import Ticket
from tests.schemas.golden import golden


def ticket(name: str = "sold_for_cash", **changes: Any) -> Ticket:
    return Ticket.model_validate(golden("ticket", name, **changes))


@pytest.mark.parametrize("name", ["sold_for_cash", "exchange", "sent_home_and_part_paid"])
@pytest.mark.parametrize("part", ["lines", "tax", "shipping", "fees", "total", "due", "discount", "canceled"])
def test_a_sum_that_does_not_fit_the_others_is_refused(name: str, part: str) -> None:
    totals = golden("ticket", name)["totals"]
    with pytest.raises(ValidationError, match=r"make .* USD, but its total is"):
        ticket(name, totals={**totals, part: "0.07"})


def test_tenders_and_what_is_due_make_the_total() -> None:
    with pytest.raises(ValidationError, match=r"its tenders and what is due make 0 USD, but its total is 24\.36"):
        ticket(tenders=[])


def test_what_came_back_has_negative_pieces_and_money() -> None:
    came_back = ticket("exchange").lines[1]
    assert came_back.quantity == -1
    assert came_back.discount < 0
    assert came_back.tax < 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"quantity": 0}, "the line of 'S1' has no pieces"),
        ({"quantity": -1, "tax": "0.83"}, "the tax of 'S1' is 0.83, but its quantity is -1"),
        ({"quantity": 1, "discount": "-1"}, "the discount of 'S1' is -1, but its quantity is 1"),
    ],
)
def test_a_line_goes_one_way(line: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ticket(lines=[{"sku": "S1", "unit_price": "10", **line}])


def test_a_card_number_is_refused_and_not_shown() -> None:
    tender = {"kind": "card", "method": "Visa", "amount": "24.36", "reference": "4111 1111 1111 1111"}
    with pytest.raises(ValidationError, match="may be a card number") as caught:
        ticket(tenders=[tender])
    assert "4111" not in str(caught.value)
