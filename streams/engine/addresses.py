"""Postal addresses: their lines, and one standard spelling by which two of them are compared.

``123 Main St.`` and ``123 Main Street`` are one address. What the customer wrote is what is shown and shipped to; the
standard form is only for comparing, so an address is never made wrong by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from streams.engine.usps import DIRECTIONS, SUFFIXES, UNITS

_ABBREVIATED = frozenset({"", "US", "PR", "VI", "GU", "AS", "MP", "CA"})
"""Countries whose streets are written with these abbreviations; in others only spelling is evened out."""

_DROPPED = re.compile(r"['\u2019\u02bc`]|(?<!\d)\.|\.(?!\d)")
"""Apostrophes, and periods except in a number: ``39.2 Rd`` is a grid address."""
_SPACED = re.compile(r"[^\w#/&.-]+|_+")
_NUMBER_SIGN = re.compile(r"\s*#\s*")
_ORDINAL = re.compile(r"\d+(?:ST|ND|RD|TH)")
_PO_BOX = re.compile(r"^(?:P ?O|POST OFFICE) BOX(?=$|\s)")
_SURE_UNITS = frozenset({"APT", "BLDG", "BSMT", "DEPT", "RM", "STE", "TRLR", "UNIT"})
"""Abbreviations of words that name a unit whatever follows."""
_ZIP = 5
"""Digits of a US postcode that both sides have; the other four are often missing."""


def street_lines(street: object) -> list[str]:
    """The lines of a street, without empty ones: of Magento's ``street`` array, or of a text with line breaks.

    Raises:
        TypeError: neither a string nor a list of strings.
    """
    if street is None:
        return []
    parts = [street] if isinstance(street, str) else street
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str | None) for part in parts):
        raise TypeError("a street is a string or a list of strings")
    lines = [" ".join(line.split()) for part in parts if part for line in part.splitlines()]
    return [line for line in lines if line]


def street_line(lines: Sequence[str] | None, number: int) -> str | None:
    """One of a street's lines where the other system has a fixed number of them: 1 is the first, 2 all others.

    Null if there is nothing in it, so that the key is left out.
    """
    found = street_lines(lines)
    return (found[0] if found else None) if number == 1 else ", ".join(found[1:]) or None


def standard_line(line: str, country: str | None = "US") -> str:
    """A street line in capitals, without punctuation, with the postal service's abbreviations.

    Publication 28, 232 to 234: of a street its last word may be a suffix, with a direction after it; its first may be
    a direction, unless it is the name itself (``100 North St``). A unit ends the street.
    """
    text = _SPACED.sub(" ", _DROPPED.sub("", line.upper()))
    words = _PO_BOX.sub("PO BOX", " ".join(_NUMBER_SIGN.sub(" # ", text).split())).split()
    if (country or "").upper() not in _ABBREVIATED:
        return " ".join(words)
    cut = next((place for place, word in enumerate(words) if _begins_unit(words, place, word)), len(words))
    return " ".join([*_standard_street(words[:cut]), *_standard_units(words[cut:])])


def address_key(address: Mapping[str, Any]) -> str:
    """What two spellings of one canonical address have in common; empty if it has no street.

    The lines count as one, since one shop writes the flat into the first and another into the second.
    """
    country = str(address.get("country") or "").upper()
    street = " ".join(standard_line(line, country) for line in street_lines(address.get("lines")))
    if not street:
        return ""
    postcode = "".join(str(address.get("postcode") or "").upper().split())
    if country in _ABBREVIATED - {"CA"}:
        postcode = postcode[:_ZIP]
    city, region = (standard_line(str(address.get(key) or ""), "-") for key in ("city", "region"))
    return _without_accents("|".join((street, city, region, postcode, country)))


def _begins_unit(words: Sequence[str], place: int, word: str) -> bool:
    """A unit follows a street: a word of its name, as in ``Front St`` or ``Lower Thames St``, begins none."""
    if word == "#":
        return True
    if word not in UNITS or _names_street(words, place):
        return False
    return UNITS[word] in _SURE_UNITS or place + 1 == len(words) or _numbers_unit(words[place + 1])


def _names_street(words: Sequence[str], place: int) -> bool:
    """Whether the word is a street's name: only numbers and directions before it, a suffix right behind it."""
    before = all(word in DIRECTIONS or _is_number(word) for word in words[:place])
    return before and place + 1 < len(words) and words[place + 1] in SUFFIXES


def _numbers_unit(word: str) -> bool:
    """Whether the word says which unit: a number, a letter that is no direction, or the sign before either."""
    return word == "#" or any(letter.isdigit() for letter in word) or (len(word) == 1 and word not in DIRECTIONS)


def _standard_street(words: Sequence[str]) -> list[str]:
    street = list(words)
    end = len(street)
    if end > 2 and street[end - 1] in DIRECTIONS:  # noqa: PLR2004 - number, name, direction
        end -= 1
        street[end] = DIRECTIONS[street[end]]
    begin = next((place for place, word in enumerate(street[:end]) if not _is_number(word)), end)
    if end - begin > 1 and street[end - 1] in SUFFIXES:
        end -= 1
        street[end] = SUFFIXES[street[end]]
    if end - begin > 1 and street[begin] in DIRECTIONS:
        street[begin] = DIRECTIONS[street[begin]]
    return street


def _standard_units(words: Sequence[str]) -> list[str]:
    """Units with their abbreviations; the sign after one says nothing more: ``Apt #4`` is ``APT 4``."""
    units: list[str] = []
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        if word == "#" and units and units[-1] in UNITS and following != "#" and _numbers_unit(following):
            continue
        units.append(UNITS.get(word, word))
    return units


def _is_number(word: str) -> bool:
    """Whether the word is of a house number: ``12``, ``12B``, ``1/2``; ``5TH`` is a street's name."""
    return word[0].isdigit() and not _ORDINAL.fullmatch(word)


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
