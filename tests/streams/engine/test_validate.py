"""A mapping's result becomes a canonical entity, or a message that names what is wrong."""

from __future__ import annotations

import pytest

from schemas.canonical import GiftCard, SaleCustomer, Totals
from streams.engine import validate
from streams.errors import Rejected
from tests.schemas.golden import golden


def test_good_values_make_the_entity() -> None:
    assert validate(SaleCustomer, {"guest": True}, "order 1").guest


def test_a_wrong_value_names_subject_field_and_value() -> None:
    with pytest.raises(Rejected, match=r"order 000000042 does not make a SaleCustomer: guest: .*\('perhaps'\)"):
        validate(SaleCustomer, {"guest": "perhaps"}, "order 000000042")


def test_many_problems_are_cut_short() -> None:
    with pytest.raises(Rejected, match=r"lines: Field required; discount: .*; and 4 more"):
        validate(Totals, {}, "order 1")


@pytest.mark.parametrize("place", ["number", "state"])
def test_a_value_that_may_be_a_number_of_money_is_not_shown(place: str) -> None:
    with pytest.raises(Rejected, match=rf"gift card 17 does not make a GiftCard: .*{place}: ") as caught:
        validate(GiftCard, {**golden("gift_card", "known_by_last_four"), place: "GIFT-7KQ2"}, "gift card 17")
    assert "GIFT-7KQ2" not in caught.value.message
