from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.cards import card_numbers, luhn_valid, mask_card_numbers

# Published test numbers of the card brands; no account stands behind any of them.
TEST_NUMBERS = [
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "6304000000000000",
    "6759649826438453",
]


def with_check_digit(digits: str) -> str:
    return next(digits + last for last in "0123456789" if luhn_valid(digits + last))


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_documented_test_numbers_are_found_alone_and_in_text(number: str) -> None:
    assert [found.group() for found in card_numbers(number)] == [number]
    assert [found.group() for found in card_numbers(f'paid with "{number}", thanks')] == [number]


@pytest.mark.parametrize("written", ["4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005"])
def test_groups_of_digits_are_found(written: str) -> None:
    assert [found.group() for found in card_numbers(written)] == [written]


@pytest.mark.parametrize(
    "harmless",
    [
        "000000042",
        "W-100000042",
        "4111111111111112",  # wrong check digit
        "1732412345678",  # milliseconds
        "1732412345678901234",  # nanoseconds
        "r019359c1a4c04111111111111111",  # inside a receipt id
        "0.4111111111111111",  # a fraction
        "+49 30 1234567",
        "+4111111111111111",  # as long as a card, but a phone
        "4111111111111111111111",  # too long for a card
        "2026-01-01 12:00:00",
    ],
)
def test_order_numbers_times_phones_and_ids_are_not_card_numbers(harmless: str) -> None:
    assert list(card_numbers(harmless)) == []
    assert mask_card_numbers(harmless) == harmless


@given(st.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
def test_any_number_with_a_valid_check_digit_is_masked(digits: str) -> None:
    number = with_check_digit(digits)
    masked = mask_card_numbers(f"card {number}.")
    assert number not in masked
    assert masked == f"card [card ...{number[-4:]}]."


@given(st.from_regex(r"[0-9]{12,18}", fullmatch=True), st.integers(0, 17), st.integers(1, 9))
def test_one_changed_digit_breaks_the_check(digits: str, at: int, by: int) -> None:
    number = with_check_digit(digits)
    at %= len(number)
    changed = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert not luhn_valid(changed)
