"""Verification of OAuth 1.0a signatures (HMAC-SHA256), as Magento does it.

Written from the specification (RFC 5849) and from what a running Magento 2.4.7 accepts and refuses, with nothing
from the client's side, so that an error in the client's signing cannot hide behind the same error here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from urllib.parse import quote, unquote

from app.sandbox.magento.errors import RestError, missing

REQUIRED_PARAMETERS = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
TOKEN_LENGTH = 32
FUTURE_SECONDS = 600
"""How far ahead of our clock a timestamp may be; there is no limit to the past."""

NONCE_SECONDS = 3600
"""A nonce is remembered for this long at least."""

HEADER_PAIR = re.compile(r'^\s*([^=\s]+)="([^"]*)"\s*$')
DECODED_IN_PATH = re.compile(r"%(3A|40|26|3D|2B|24|2C|2F|3B)", re.IGNORECASE)
"""Reserved characters of a path that are decoded before the signature is checked; all others stay as sent."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An activated integration: the four OAuth secrets, and the bearer token where that is switched on."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    bearer_token: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature covers.

    Attributes:
        method: HTTP method.
        base_url: scheme and Host header, as the server rebuilds them: ``http://shop.example:8080``.
        raw_path: as sent, undecoded, without the query.
        raw_query: as sent, undecoded.
    """

    method: str
    base_url: str
    raw_path: str
    raw_query: str


class _Nonces:
    """The nonces of this hour and the one before."""

    def __init__(self) -> None:
        self._hour = 0
        self._now: set[str] = set()
        self._before: set[str] = set()

    def use(self, nonce: str, seconds: float) -> bool:
        """Remember a nonce; False if it is known already."""
        hour = int(seconds // NONCE_SECONDS)
        if hour != self._hour:
            self._before = self._now if hour == self._hour + 1 else set()
            self._now, self._hour = set(), hour
        if nonce in self._now or nonce in self._before:
            return False
        self._now.add(nonce)
        return True


class OAuthVerifier:
    """Checks the Authorization header of the one integration that this shop has."""

    def __init__(self, credentials: Credentials, clock: Callable[[], float] = time.time) -> None:
        self._credentials = credentials
        self._clock = clock
        self._nonces = _Nonces()

    def verify(self, header: str, signed: Signed) -> None:
        """Return if the signature is good; raise the RestError that Magento would answer with otherwise."""
        parameters = parse_header(header)
        self._check_form(parameters)
        if parameters["oauth_consumer_key"] != self._credentials.consumer_key:
            raise RestError(401, "A consumer having the specified key does not exist")
        self._use_nonce(parameters["oauth_nonce"], parameters["oauth_timestamp"])
        if parameters["oauth_token"] != self._credentials.access_token:
            raise RestError(401, "Specified token does not exist")
        expected = self._signature(signed, parameters)
        if not hmac.compare_digest(expected.encode(), parameters["oauth_signature"].encode()):
            raise RestError(401, "The signature is invalid. Verify and try again.")

    def _check_form(self, parameters: dict[str, str]) -> None:
        version = parameters.get("oauth_version", "1.0")
        if version != "1.0":
            raise RestError(400, "The %1 OAuth version isn't supported.", [version])
        absent = [name for name in REQUIRED_PARAMETERS if not parameters.get(name)]
        if absent:
            raise missing(*absent)
        if len(parameters["oauth_token"]) != TOKEN_LENGTH:
            raise RestError(400, "The token length is invalid. Check the length and try again.")
        method = parameters["oauth_signature_method"]
        if method != "HMAC-SHA256":
            raise RestError(400, "Signature method %1 is not supported", [method])

    def _use_nonce(self, nonce: str, timestamp: str) -> None:
        if not timestamp.isdigit() or int(timestamp) > self._clock() + FUTURE_SECONDS:
            raise RestError(401, "An error occurred validating the nonce")
        if not self._nonces.use(nonce, self._clock()):
            raise RestError(401, "The nonce is already being used by the consumer with ID %1", ["1"])

    def _signature(self, signed: Signed, parameters: dict[str, str]) -> str:
        base = base_string(signed, {key: value for key, value in parameters.items() if key != "oauth_signature"})
        key = f"{encode(self._credentials.consumer_secret)}&{encode(self._credentials.access_token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


def parse_header(header: str) -> dict[str, str]:
    """The parameters of an ``OAuth`` Authorization header; what is not ``name="value"`` is ignored, and so is realm."""
    found: dict[str, str] = {}
    for part in header[len("OAuth") :].split(","):
        pair = HEADER_PAIR.match(part)
        if pair and pair[1].startswith("oauth_"):
            found[unquote(pair[1])] = unquote(pair[2])
    return found


def base_string(signed: Signed, oauth_parameters: dict[str, str]) -> str:
    """The text that is signed."""
    path = DECODED_IN_PATH.sub(lambda match: unquote(match[0]), signed.raw_path)
    parameters = query_parameters(signed.raw_query) | oauth_parameters
    encoded = {encode(key): encode(value) for key, value in parameters.items()}
    ordered = sorted(encoded, key=cmp_to_key(natural_order))
    query = "&".join(f"{key}={encoded[key]}" for key in ordered)
    return f"{signed.method.upper()}&{encode(signed.base_url + path)}&{encode(query)}"


def query_parameters(raw_query: str) -> dict[str, str]:
    """Those pairs of the query that split at ``=`` in exactly two, percent-decoded; ``+`` stays a plus."""
    pairs = (pair.split("=") for pair in raw_query.split("&"))
    return {unquote(pair[0]): unquote(pair[1]) for pair in pairs if len(pair) == 2}  # noqa: PLR2004 - key and value


def encode(text: str) -> str:
    """Percent-encode all but RFC 3986's unreserved characters."""
    return quote(text, safe="-._~")


def natural_order(one: str, other: str) -> int:
    """Compare as PHP's ``strnatcmp``, by which Magento's OAuth library sorts the parameters: runs of digits compare
    as numbers. It differs from the byte order of RFC 5849 only where indices of unequal length meet (9 and 10)."""
    at, to = 0, 0
    while at < len(one) and to < len(other):
        if one[at].isdigit() and other[to].isdigit():
            left, right = _digits(one, at), _digits(other, to)
            if int(left) != int(right):
                return -1 if int(left) < int(right) else 1
            at, to = at + len(left), to + len(right)
        elif one[at] != other[to]:
            return -1 if one[at] < other[to] else 1
        else:
            at, to = at + 1, to + 1
    return (len(one) - at) - (len(other) - to)


def _digits(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end].isdigit():
        end += 1
    return text[start:end]
