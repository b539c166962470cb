"""A gift card's number is money: it shows its last four at most, and is written nowhere."""

from __future__ import annotations

import copy
import json
import pickle

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ports import GiftCardNumber

numbers = st.text("ABC0123456789-", min_size=5, max_size=32)


@pytest.mark.rule("money.gift_card_masked")
@given(numbers)
def test_no_way_to_show_it_shows_more_than_the_last_four(number: str) -> None:
    hidden = GiftCardNumber(number)
    shown = f"…{number[-4:]}" if len(number) >= 8 else "…"
    assert (str(hidden), f"{hidden:}", "%s" % hidden, repr(hidden)) == (shown, shown, shown, f"GiftCardNumber({shown})")  # noqa: UP031
    assert repr({"card": [hidden]}) == f"{{'card': [GiftCardNumber({shown})]}}"
    assert hidden.reveal() == number


@given(numbers, numbers)
def test_two_are_equal_if_their_numbers_are(one: str, other: str) -> None:
    assert (GiftCardNumber(one) == GiftCardNumber(other)) is (one == other)
    assert len({GiftCardNumber(one), GiftCardNumber(one)}) == 1
    assert GiftCardNumber(one) != one


@pytest.mark.rule("money.gift_card_masked")
def test_no_serialiser_takes_it() -> None:
    hidden = GiftCardNumber("GIFT-4711-0815")
    for write in (pickle.dumps, copy.deepcopy, json.dumps, orjson.dumps):
        with pytest.raises(TypeError):
            write(hidden)
