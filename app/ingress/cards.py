"""Card data never rests: a webhook that carries any is refused, a polled row is published without it. Pure.

Looked for in fields that name it and in what people write; not in ids, phone numbers and bar codes, where every tenth
long number would pass for a card. Most bodies are cleared by a search over their bytes and never walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from schemas.cards import card_numbers, mask_card_numbers

REMOVED = "[removed]"

_NUMBER_FIELDS = re.compile(
    r"ccnumber|cardnumber|cardno|creditcard|debitcard|ccnum|^pan$|primaryaccountnumber|accountnumber|track(data|[123])$"
)
"""Fields that hold a card's number."""
_PROSE = re.compile(r"comment|note|message|memo|instruction|remark|additionalinformation|reference")
"""Fields where people and payment modules write freely (Magento's payment.additional_information is a bare list)."""
_CARD_PARENT = re.compile(r"card|^cc|payment|tender|source|additionaldata")
"""Above a field that is called no more than ``number``."""
_CODE_FIELDS = re.compile(r"^(cc|card)?(cvv|cvc|cvn)2?$|^(cc|card)cid$|securitycode$|verificationvalue$")
"""Fields that hold the three or four digits from a card's back."""
_CODE = re.compile(r"\s*[0-9]{3,4}\s*")
_TRACK = re.compile(r"%?[Bb][2-6][0-9]{12,18}\^|;[2-6][0-9]{12,18}=")
"""A magnetic stripe's track 1 or 2 (ISO/IEC 7813), in any field."""

_FLATTENED = bytes.maketrans(b"123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0" * 9 + b"abcdefghijklmnopqrstuvwxyz")
_LEFT_OUT = b" -_./" + b'"{}[]bghjkmpqwxzBGHJKMPQWXZ'
"""What may stand inside a number or a name, and what is in no telltale: the less is left, the sooner it is searched."""
_TELLTALE = (b"0" * 13, b"cccid", b"cardcid", b"securitycode")
_TELLTALE_WITH_V = re.compile(rb"v(?:(?<=cv)[vcn]|erificationvalue)")
"""What a body with card data contains once digits are 0 and letters are small. Beginning with ``v``, which is rare, the
expression is found faster than the names in it."""
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
"""A digit or a letter can be written as an escape, which hides it from a search over bytes."""
_SHORTEST_CODE, _SHORTEST_NUMBER = 3, 13


class NestedTooDeeply(ValueError):
    """A document has hundreds of levels; no order has, and nothing here follows it."""


class _Field(Enum):
    """What a field may hold."""

    NUMBER = "number"
    CODE = "code"
    OTHER = "other"


def may_carry_card_data(body: bytes) -> bool:
    """False if JSON text certainly carries none; a cheap search that clears most bodies."""
    flat = body.translate(_FLATTENED, _LEFT_OUT)
    for telltale in _TELLTALE:
        if telltale in flat:
            return True
    return bool(_TELLTALE_WITH_V.search(flat) or (b"\\" in body and _ESCAPED_ASCII.search(body)))


def card_data(document: object) -> str | None:
    """Where a JSON document carries card data, as a path of names (never a value); None if nowhere.

    Raises NestedTooDeeply.
    """
    try:
        found = next(_found(document, "", ""), None)
    except RecursionError:
        raise NestedTooDeeply("the document is nested too deeply") from None
    return None if found is None else "/".join(reversed(found))


def without_card_data(document: object) -> object:
    """The document with card numbers cut to their last four digits, and codes and tracks removed.

    Raises NestedTooDeeply.
    """
    try:
        return _cleaned(document, "", "")
    except RecursionError:
        raise NestedTooDeeply("the document is nested too deeply") from None


def _found(value: object, parent: str, name: str) -> Iterator[list[str]]:
    """The path of every text that is card data, innermost name first."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for path in _found(inner, name, key):
                path.append(_shown(key))
                yield path
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            for path in _found(inner, parent, name):
                path.append(str(at))
                yield path
    elif _is_card_data(parent, name, value):
        yield []


def _cleaned(value: object, parent: str, name: str) -> object:
    if isinstance(value, dict):
        return {key: _cleaned(inner, name, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner, parent, name) for inner in value]
    if not _is_card_data(parent, name, value):
        return value
    text = str(value)
    masked = mask_card_numbers(text)
    return REMOVED if masked == text or _TRACK.search(text) else masked


def _is_card_data(parent: str, name: str, value: object) -> bool:
    if value is None or isinstance(value, bool):
        return False
    text = str(value)
    if len(text) < _SHORTEST_CODE:
        return False
    field = _field(parent, name)
    if field is _Field.CODE and _CODE.fullmatch(text):
        return True
    if len(text) < _SHORTEST_NUMBER:
        return False
    return bool(_TRACK.search(text)) or (field is not _Field.OTHER and next(card_numbers(text), None) is not None)


@lru_cache(maxsize=4096)
def _field(parent: str, name: str) -> _Field:
    """``cc_number``, ``ccNumber`` and ``CC-Number`` are one name; a ``number`` of a card is a card number."""
    plain, above = _plain(name), _plain(parent)
    if _CODE_FIELDS.search(plain):
        return _Field.CODE
    is_number = _NUMBER_FIELDS.search(plain) or _PROSE.search(plain)
    if is_number or (plain == "number" and _CARD_PARENT.search(above)):
        return _Field.NUMBER
    return _Field.OTHER


def _plain(key: str) -> str:
    return "".join(character for character in key.lower() if character.isalnum())


def _shown(key: str) -> str:
    """A name for a message; names are the sender's choice too, and a card number is no better as one."""
    return mask_card_numbers(key[:64])
