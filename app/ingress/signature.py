"""Whether a webhook is from whom it says: HMAC-SHA256 over the raw body and the time it was sent at. Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_bytes
from typing import Literal

from pydantic import SecretStr

from app.connections import Webhooks

_PREFIX = "whsec_"


class Verdict(StrEnum):
    """What a check found. For metrics and logs only: the sender learns nothing but right or wrong."""

    RIGHT = "right"
    NO_SIGNATURE = "no_signature"
    """A header is missing or unreadable."""
    STALE = "stale"
    """The time is too far from ours: a replay, or a clock that is wrong."""
    WRONG = "wrong"


class SecretUnreadable(ValueError):
    """A secret in the settings begins with ``whsec_`` and is not base64 behind it."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """What the headers claim."""

    seconds: int
    prefix: bytes
    """Signed in front of the body."""
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks the webhooks of one connection against all of its active secrets.

    Attributes:
        shape: ``standard`` (Standard Webhooks) or ``header``; see `app.connections.Webhooks`.
        header: name of the header in the shape ``header``.
        keys: one for each active secret, never none.
        tolerance_seconds: how far the webhook's time may be from ours, either way.
        has_secret: False if the only key is one that nobody knows.
    """

    shape: Literal["standard", "header"]
    header: str
    keys: tuple[bytes, ...]
    tolerance_seconds: int
    has_secret: bool = True

    @classmethod
    def of(cls, webhooks: Webhooks, registered: tuple[SecretStr, ...] = ()) -> Verifier:
        """From a connection's settings and the secrets that we were told when we registered.

        Without a secret nothing is ever right. Raises SecretUnreadable.
        """
        keys = tuple(_key(secret) for secret in (*webhooks.secrets, *registered))
        return cls(
            shape=webhooks.shape,
            header=webhooks.header,
            keys=keys or (token_bytes(32),),
            tolerance_seconds=webhooks.tolerance_seconds,
            has_secret=bool(keys),
        )

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> Verdict:
        """Whether ``body`` is signed with one of our secrets.

        Args:
            headers: of the request, names in any case.
            body: as it came, before any decoding.
            now: seconds since the epoch.
        """
        signed = _standard(headers) if self.shape == "standard" else _plain(headers.get(self.header, ""))
        if signed is None:
            return Verdict.NO_SIGNATURE
        right = self._signed_by_us(signed, body)
        if abs(now - signed.seconds) > self.tolerance_seconds:
            return Verdict.STALE
        return Verdict.RIGHT if right else Verdict.WRONG

    def _signed_by_us(self, signed: _Signed, body: bytes) -> bool:
        """Compares in constant time, every signature with every key: the first match must not answer faster."""
        content = signed.prefix + body
        right = False
        for key in self.keys:
            digest = hmac.digest(key, content, "sha256")
            expected = base64.b64encode(digest) if self.shape == "standard" else digest.hex().encode()
            for signature in signed.signatures:
                right |= hmac.compare_digest(expected, signature)
        return right


def _key(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    if not text.startswith(_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise SecretUnreadable("a webhook secret begins with whsec_ but is not base64 behind it") from None


def _standard(headers: Mapping[str, str]) -> _Signed | None:
    """Standard Webhooks 1.0: signed is ``<webhook-id>.<webhook-timestamp>.<body>``, signatures are base64."""
    message = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    seconds = _seconds(timestamp)
    signatures = tuple(_bytes(part[3:]) for part in given.split(" ") if part.startswith("v1,"))
    if not message or seconds is None or not signatures:
        return None
    return _Signed(seconds, _bytes(f"{message}.{timestamp}."), signatures)


def _plain(header: str) -> _Signed | None:
    """One header ``t=<seconds>,v1=<hex>``; signed is ``<seconds>.<body>``. More than one v1 while secrets change."""
    timestamp = ""
    signatures: list[bytes] = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            timestamp = value
        elif name == "v1":
            signatures.append(_bytes(value))
    seconds = _seconds(timestamp)
    if seconds is None or not signatures:
        return None
    return _Signed(seconds, _bytes(f"{timestamp}."), tuple(signatures))


def _seconds(text: str) -> int | None:
    plain = text.isascii() and text.isdigit() and len(text) <= 12  # noqa: PLR2004 - the year 33658
    return int(text) if plain else None


def _bytes(header: str) -> bytes:
    """A header's bytes; aiohttp keeps those that are not UTF-8 as surrogates."""
    return header.encode("utf-8", "surrogateescape")
