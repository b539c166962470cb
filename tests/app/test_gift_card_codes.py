"""Codes of gift cards are masked before anything keeps them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gift_card_codes import LAST_FOUR, CodeMask
from app.ingress.cards import NestedTooDeeply

MASK = CodeMask(b"k" * 32)
CODE = "GC7K-22PD-0Q91"
CARD = {"id": 3, "code": CODE, "base_amount": 50.10}


def order(cards: Any) -> dict[str, Any]:
    return {"increment_id": "000000042", "extension_attributes": {"gift_cards": cards, "base_gift_cards_amount": 50.10}}


@pytest.mark.rule("money.gift_card_masked")
@pytest.mark.parametrize(
    "document",
    [
        order([CARD]),
        {"data": {"value": order([CARD])}},
        {"event": {"data": {"value": {"gift_cards": '[{"i":3,"c":"GC7K-22PD-0Q91","a":50.1}]'}}}},
        order([{"i": 3, "c": CODE}]),
        order([CODE]),
        order({"3": {"code": CODE}} | CARD),
    ],
)
def test_no_code_is_left_wherever_a_store_puts_it(document: dict[str, Any]) -> None:
    for mask in (MASK, LAST_FOUR):
        left = mask.body(orjson.dumps(document))
        assert CODE.encode() not in left
        assert mask.body(left) == left


@pytest.mark.rule("money.gift_card_masked")
def test_an_escaped_name_hides_no_code() -> None:
    written = orjson.dumps(order([CARD])).replace(b"gift_cards", b"gift\\u005fcards")
    assert CODE.encode() not in MASK.body(written)


@pytest.mark.rule("money.gift_card_hmac")
def test_one_code_in_two_orders_is_recognised_and_its_amounts_stay_exact() -> None:
    one, other = (orjson.loads(MASK.body(orjson.dumps(order([CARD | {"id": n}])))) for n in (3, 4))
    cards = [each["extension_attributes"]["gift_cards"][0] for each in (one, other)]
    assert cards[0]["code"] == cards[1]["code"]
    assert cards[0]["code"].endswith(":0Q91")
    assert [Decimal(str(card["base_amount"])) for card in cards] == [Decimal("50.1")] * 2


@given(text=st.text(max_size=30))
def test_a_body_without_cards_stays_byte_for_byte(text: str) -> None:
    body = b' {"comment": ' + orjson.dumps(text) + b', "base_grand_total": 10.0000}'
    assert MASK.body(body) == body


def test_what_is_nested_too_deeply_is_told_so() -> None:
    with pytest.raises(NestedTooDeeply):
        MASK.body(b'{"gift_cards":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
