"""What must not leave the house: configured secrets in every spelling, and what names a person."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url

from app.logging import MASK, mask_text
from app.settings import Settings

SHORTEST = 4
"""A configured value shorter than this is a word rather than a secret, and masking it would eat the text."""

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%(?:25)?40|\\u0040)[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.])(\+\d[\d ()./-]{7,16}\d|(\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4})(?![\w-])")
_ASSIGNED = r"\\*[\"']?\s*[:=,>]\s*\[?(?:b?\\*[\"'])?"
"""Between a name and its value, in a header, JSON (also JSON inside JSON), XML, an address or a Python object."""
_PHONE_BY_NAME = re.compile(
    rf"(?P<before>(?:phone|mobile|fax)[\w-]*{_ASSIGNED})(?:\+|%2B)?\(?\d(?:[\d ()./-]|%20){{3,30}}\d", re.IGNORECASE
)
"""A telephone number that nothing but its field's name tells from other numbers."""
_AUTHORIZATION = re.compile(
    rf"(?P<before>authorization{_ASSIGNED})(?:[a-z][\w-]*\s+)?(?:(?:\w+=\\*\"[^\"\\]*\\*\",?\s*)+|[^\s\"'\\,;<]+)",
    re.IGNORECASE,
)
_SLACK = re.compile(r"(?P<before>hooks\.slack(?:-gov)?\.com)(?:/|%2F)[^\s\"'\\<>]+", re.IGNORECASE)
"""The address of a Slack webhook: whoever has it may write there."""


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every secret that these settings hold, and the password in the store's address."""
    found = set(_walk(settings))
    password = make_url(settings.store.url.get_secret_value()).password
    return frozenset(found | ({str(password)} if password else set()))


def _walk(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        if value.get_secret_value():
            yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _walk(inner)


class Masker:
    """Masks text by these secrets, and what looks like a secret, a card number, an e-mail address or a telephone's."""

    def __init__(self, secrets: frozenset[str]) -> None:
        spellings = {spelt for secret in secrets if len(secret) >= SHORTEST for spelt in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        """The text without them."""
        masked = mask_text(self._secrets.sub(MASK, text))
        for named in (_AUTHORIZATION, _SLACK, _PHONE_BY_NAME):
            masked = named.sub(rf"\g<before>{MASK}", masked)
        return _PHONE.sub(MASK, _EMAIL.sub(MASK, masked))


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as an address carries it, as JSON does, and as HTTP's basic authentication may."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    yield base64.b64encode(secret.encode()).decode()
