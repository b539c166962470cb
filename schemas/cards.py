"""What looks like a card number: the one definition that the door and the shapes refuse by, and the log masks by."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CANDIDATE = re.compile(r"(?<![0-9A-Za-z.+])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
"""13 to 19 digits, single spaces or hyphens between them. Issuers' numbers begin with 2 to 6; times in milliseconds or
nanoseconds begin with 1, so they are never taken for one. Digits inside a word, after a decimal point or after a plus
are not a card number either (receipt ids, hashes, fractions, international phone numbers)."""

_SHORTEST, _LONGEST = 13, 19


def luhn_valid(digits: str) -> bool:
    """True if the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the sum of the digits of 10 to 18
    return total % 10 == 0


def card_numbers(text: str) -> Iterator[re.Match[str]]:
    """Where ``text`` has a card number: 13 to 19 digits with a valid check digit."""
    return (found for found in _CANDIDATE.finditer(text) if _is_card_number(found.group()))


def mask_card_numbers(text: str) -> str:
    """``text`` with every card number replaced by its last four digits."""
    return _CANDIDATE.sub(_masked, text)


def _is_card_number(written: str) -> bool:
    digits = written.replace(" ", "").replace("-", "")
    return _SHORTEST <= len(digits) <= _LONGEST and luhn_valid(digits)


def _masked(found: re.Match[str]) -> str:
    written = found.group()
    return f"[card ...{written[-4:]}]" if _is_card_number(written) else written
