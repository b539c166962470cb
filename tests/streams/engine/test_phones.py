"""Telephone numbers as E.164."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.phones import is_country, phone

NATIONAL, INTERNATIONAL = phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL


@pytest.mark.parametrize(
    ("written", "country", "told"),
    [
        ("(512) 555-0147", "US", "+15125550147"),
        (" 512.555.0147 ", "us", "+15125550147"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+1 512 555 0147", None, "+15125550147"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("512-555-0147 ext. 12", "US", "+15125550147 x12"),
    ],
)
def test_a_number_is_told_with_its_country(written: str, country: str | None, told: str) -> None:
    assert phone(written, country) == told


@pytest.mark.parametrize(
    ("written", "country"),
    [("call me", "US"), ("12", "US"), ("512 555 0147", None), ("512 555 0147", "XX"), ("", "US")],
)
def test_what_is_no_number_stays_as_it_is(written: str, country: str | None) -> None:
    assert phone(written, country) == written


def test_a_number_is_a_string() -> None:
    with pytest.raises(TypeError, match="a string is needed"):
        phone(5125550147)  # type: ignore[arg-type]


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.sampled_from([NATIONAL, INTERNATIONAL]))
def test_every_countrys_number_survives_the_round_trip(country: str, style: int) -> None:
    example = phonenumbers.example_number(country)
    assert example is not None
    shown = phonenumbers.format_number(example, style)
    told = phone(shown, country)
    assert phonenumbers.parse(told) == example
    assert phone(told) == phone(told, country) == told


@given(st.text(max_size=20), st.sampled_from(["US", "GB", "DE", None]))
def test_telling_a_number_twice_is_telling_it_once(written: str, country: str | None) -> None:
    once = phone(written, country)
    assert phone(once, country) == once


def test_a_country_is_an_iso_code() -> None:
    assert all(is_country(code) for code in ("US", "DE", "PR"))
    assert not any(is_country(code) for code in ("us", "USA", "XX", "", None, 1))
