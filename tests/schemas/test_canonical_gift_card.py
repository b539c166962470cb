"""A gift card's balance has no place for its number, and no message shows what somebody put there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.canonical import GiftCard
from tests.schemas.golden import golden

NUMBER = "GIFT-2026-7KQ2"
FINGERPRINT = golden("gift_card", "part_held")["code"]["fingerprint"]


def gift_card(name: str = "known_by_last_four", **changes: Any) -> GiftCard:
    return GiftCard.model_validate(golden("gift_card", name, **changes))


@pytest.mark.rule("money.gift_card_masked")
@pytest.mark.parametrize(
    "changes",
    [
        {"number": NUMBER},
        {"code": NUMBER},
        {"code": {"last_four": NUMBER}},
        {"code": {"fingerprint": NUMBER}},
        {"code": {"last_four": "7KQ2", "number": NUMBER}},
        {"ref": f"pos:gift_card:{NUMBER}"},
        {"state": NUMBER},
        {"currency": NUMBER},
        {"expires_on": NUMBER},
    ],
)
def test_no_field_takes_the_number_and_no_message_shows_it(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        gift_card(**changes)
    assert NUMBER not in str(caught.value)


@given(st.from_regex(r"[A-Za-z0-9-]{8,32}", fullmatch=True))
def test_its_ref_is_never_its_number(number: str) -> None:
    with pytest.raises(ValidationError, match="ref"):
        gift_card(ref=f"pos:gift_card:{number}", code={"last_four": number[-4:] if number[-4:].isalnum() else ""})


@pytest.mark.parametrize("last_four", ["", "5678"])
def test_an_id_as_long_as_a_number_must_be_told_apart_from_it(last_four: str) -> None:
    with pytest.raises(ValidationError, match="its ref may hold its number"):
        gift_card(ref="pos:gift_card:12345678", code={"last_four": last_four})
    assert gift_card(ref="pos:gift_card:12345678", code={"last_four": "9999"}).code.last_four == "9999"


def test_it_may_be_named_by_its_own_fingerprint_and_by_no_other() -> None:
    code = {"fingerprint": FINGERPRINT}
    assert gift_card(ref=f"pos:gift_card:{FINGERPRINT}", code=code).code.fingerprint == FINGERPRINT
    with pytest.raises(ValidationError, match="never its number"):
        gift_card(ref=f"pos:gift_card:{'0' * 64}", code=code)


def test_what_is_held_cannot_be_spent() -> None:
    assert gift_card("part_held").available == Decimal("75.00")
    with pytest.raises(ValidationError, match=r"25\.01 USD of it are held, but only 25\.00 are on it"):
        gift_card(held="25.01")


def test_a_balance_is_never_below_zero() -> None:
    with pytest.raises(ValidationError, match="balance"):
        gift_card(balance="-0.01")
