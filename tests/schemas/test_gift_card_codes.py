"""What is left of a gift card's code where it rests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.gift_card_codes import fingerprint, is_code, last_four, mask, read_masked

KEY = b"the merchant's own"
CODES = st.from_regex(r"[A-Za-z0-9-]{4,32}", fullmatch=True)


@pytest.mark.rule("money.gift_card_masked")
@given(code=CODES, key=st.sampled_from([KEY, b""]))
def test_a_masked_code_shows_its_last_four_at_most(code: str, key: bytes) -> None:
    masked = read_masked(mask(code, key))
    assert masked.last_four in {"", code[-4:]}
    shown = mask(code, key).removeprefix(f"hmac:{masked.fingerprint}:")
    assert shown == masked.last_four
    assert code not in mask(code, key)


@pytest.mark.rule("money.gift_card_masked")
def test_a_short_code_shows_nothing() -> None:
    assert (last_four("GC7K22PD"), last_four("GC7K22P")) == ("22PD", "")


@pytest.mark.rule("money.gift_card_hmac")
@given(one=CODES, other=CODES)
def test_two_codes_are_recognised_as_one_by_their_hmac_and_only_under_one_key(one: str, other: str) -> None:
    same = one.upper() == other.upper()
    assert (fingerprint(one, KEY) == fingerprint(other, KEY)) is same
    assert fingerprint(one, KEY) != fingerprint(one, b"another merchant's")
    assert read_masked(mask(one, KEY)).fingerprint == fingerprint(one, KEY)


@given(code=CODES)
def test_what_is_masked_stays_as_it_is(code: str) -> None:
    assert mask(mask(code, KEY), b"another key") == mask(code, KEY)


def test_without_a_key_there_is_no_fingerprint_that_could_be_guessed_backwards() -> None:
    assert mask("GC7K-22PD-0Q91", b"") == "hmac::0Q91"


@pytest.mark.parametrize("text", ["", "****0Q91", "…0Q91", "hmac::0Q91", "x" * 33])
def test_what_an_extension_has_masked_is_no_code(text: str) -> None:
    assert not is_code(text)
