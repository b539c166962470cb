"""A gift card's code as it travels and rests: its HMAC and its last four characters, and no way back to the code."""

from __future__ import annotations

import hashlib
import hmac
import re

from schemas.canonical.secret import MaskedCode

SHORTEST_TOLD = 8
"""Characters from which on a code's last four may be told: of a shorter one they are too much of it."""
_LAST = 4
_MASKED = re.compile(r"hmac:(?P<fingerprint>[0-9a-f]{64})?:(?P<last_four>[0-9A-Za-z]{4})?")
_CODE = re.compile(r"[A-Za-z0-9-]{4,32}")
"""What a code can be in the ledger (schemas/heartland/openapi.yaml, ``GiftCardNumber``)."""


def is_code(text: str) -> bool:
    """Whether it is a whole code, and not one that somebody has masked with stars."""
    return _CODE.fullmatch(text) is not None


def fingerprint(code: str, key: bytes) -> str:
    """HMAC-SHA256 of the code under the merchant's key, in hex; empty without a key, which would hide nothing.

    Letters count as capitals: customers type them either way, and Magento and the till take both.
    """
    return hmac.new(key, code.strip().upper().encode(), hashlib.sha256).hexdigest() if key else ""


def last_four(code: str) -> str:
    """The end of a code, by which people compare it; empty if it is too short to show any of it."""
    end = code[-_LAST:]
    return end if len(code) >= SHORTEST_TOLD and end.isascii() and end.isalnum() else ""


def mask(code: str, key: bytes) -> str:
    """The code as it may be kept: ``hmac:<fingerprint>:<last four>``. What is masked already stays as it is."""
    return code if _MASKED.fullmatch(code) else f"hmac:{fingerprint(code, key)}:{last_four(code)}"


def read_masked(text: str) -> MaskedCode:
    """What may be known of a code: of a masked one what it says, of any other text its end alone."""
    found = _MASKED.fullmatch(text)
    if found is None:
        return MaskedCode(last_four=last_four(text) if is_code(text) else "")
    return MaskedCode(fingerprint=found["fingerprint"] or "", last_four=found["last_four"] or "")
