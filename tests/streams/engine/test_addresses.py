"""One standard spelling of a street, by which two addresses are compared."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.engine.addresses import address_key, standard_line, street_line, street_lines
from streams.engine.usps import DIRECTIONS, SUFFIXES, UNITS

WORDS = st.one_of(
    st.sampled_from([*SUFFIXES, *DIRECTIONS, *UNITS, "P.O.", "PO", "Post", "Box", "#", "Main", "O'Brien", "St."]),
    st.integers(min_value=0, max_value=99_999).map(str),
    st.text(max_size=6),
)
LINES = st.lists(WORDS, max_size=8).map(" ".join)


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("123 Main St.", "123 Main Street"),
        ("123 north main street", "123 N. Main St"),
        ("500 5th Avenue, Suite 1200", "500 5TH AVE STE 1200"),
        ("77 Elm Road Apt. #4b", "77 elm rd apartment 4B"),
        ("P.O. Box 12", "Post Office Box 12"),
        ("1 Louis Street N.E.", "1 Louis St Northeast"),
        ("12 O\u2019Brien Blvd", "12 OBrien Boulevard"),
        ("12 Lower Thames Street", "12 lower thames st"),
    ],
)
def test_two_spellings_of_a_street_are_one(one: str, other: str) -> None:
    assert standard_line(one) == standard_line(other)


@pytest.mark.parametrize(
    ("line", "standard"),
    [
        ("100 North St", "100 NORTH ST"),
        ("100 Front St", "100 FRONT ST"),
        ("10 Court Street", "10 COURT ST"),
        ("77 Broadway", "77 BROADWAY"),
        ("39.2 Rd", "39.2 RD"),
        ("112-10 Bronx Road", "112-10 BRONX RD"),
        ("12 Mill Rd # 3", "12 MILL RD # 3"),
        ("", ""),
    ],
)
def test_words_of_a_name_are_no_abbreviations(line: str, standard: str) -> None:
    assert standard_line(line) == standard


def test_two_streets_stay_two() -> None:
    lines = ["12 Main St", "12 Main Ave", "12 N Main St", "112 Main St", "12 Main St Apt 1", "12 Main St Apt 11"]
    assert len({standard_line(line) for line in lines}) == len(lines)


def test_streets_of_other_countries_are_only_evened_out() -> None:
    assert standard_line("12, rue de  l'Église Street", "FR") == "12 RUE DE LÉGLISE STREET"


@example("12 Lower North", "US")  # what was no unit's number must not become one
@example("12 Lot # Court", "US")
@given(LINES, st.sampled_from(["US", "CA", "FR", "", None]))
def test_standardising_twice_is_standardising_once(line: str, country: str | None) -> None:
    once = standard_line(line, country)
    assert standard_line(once, country) == once


@given(LINES)
def test_no_digit_of_a_house_number_is_lost(line: str) -> None:
    assert digits(standard_line(line)) == digits(line)


@given(LINES)
def test_case_and_white_space_do_not_count(line: str) -> None:
    spread = "  ".join(f" {word}" for word in line.upper().split())
    assert standard_line(spread) == standard_line(line)


def test_every_abbreviation_is_of_one_sort() -> None:
    assert all(SUFFIXES[short] == short for short in SUFFIXES.values())
    assert all(UNITS[short] == short for short in UNITS.values())
    assert not set(SUFFIXES) & set(UNITS)
    assert not set(SUFFIXES) & set(DIRECTIONS)
    assert not set(UNITS) & set(DIRECTIONS)


def test_magentos_street_becomes_lines() -> None:
    assert street_lines(["12 Main St ", "", None, "Apt  4"]) == ["12 Main St", "Apt 4"]
    assert street_lines("12 Main St\nApt 4\n") == ["12 Main St", "Apt 4"]
    assert street_lines(None) == []
    with pytest.raises(TypeError, match="a street is a string or a list of strings"):
        street_lines({"line1": "12 Main St"})


@given(st.lists(st.text(alphabet="ab 1", max_size=5), max_size=4))
def test_two_fields_hold_all_lines_of_a_street(street: list[str]) -> None:
    first, rest = street_line(street, 1), street_line(street, 2)
    assert ", ".join(part for part in (first, rest) if part) == ", ".join(street_lines(street))


ADDRESS = {
    "lines": ["123 Main Street", "Apt 4"],
    "city": "St. Louis",
    "region": "mo",
    "postcode": "63101-1234",
    "country": "US",
}


def test_an_address_is_the_same_wherever_the_flat_stands() -> None:
    other = {"lines": ["123 main st apt. #4"], "city": "st louis", "region": "MO", "postcode": "63101", "country": "us"}
    assert address_key(ADDRESS) == address_key(other) == "123 MAIN ST APT 4|ST LOUIS|MO|63101|US"


@pytest.mark.parametrize(
    "change", [{"lines": ["124 Main Street", "Apt 4"]}, {"city": "Troy"}, {"postcode": "63102"}, {"country": "CA"}]
)
def test_another_house_city_or_country_is_another_address(change: dict[str, object]) -> None:
    assert address_key(ADDRESS | change) != address_key(ADDRESS)


def test_an_address_without_a_street_is_like_no_other() -> None:
    assert address_key({"lines": [" "], "city": "Troy"}) == ""


def test_accents_do_not_count() -> None:
    french = {"lines": ["1 rue de l'Église"], "city": "Orléans", "country": "FR"}
    assert address_key(french) == address_key(french | {"lines": ["1 Rue de l\u2019Eglise"], "city": "Orleans"})
