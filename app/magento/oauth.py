"""OAuth 1.0a signatures as Magento checks them: HMAC-SHA256, and a path that is decoded in part before checking."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from oauthlib.common import Request
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client
from oauthlib.oauth1.rfc5849.parameters import prepare_headers
from oauthlib.oauth1.rfc5849.signature import (
    base_string_uri,
    collect_parameters,
    normalize_parameters,
    sign_hmac_sha256_with_client,
    signature_base_string,
)

from streams.ports import Clock

_DECODED_BY_SERVER = re.compile(r"%(?:3A|40|26|3D|2B|24|2C|2F|3B)")
"""Characters ``: @ & = + $ , / ;`` of a path: Magento decodes these and no others before it checks the signature, so
the SKU ``P/A B`` travels as ``P%2FA%20B`` and is signed as ``P/A%20B``."""


@dataclass(frozen=True, slots=True, repr=False)
class OAuthKeys:
    """The four secrets of an activated integration."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str


class OAuthSigner:
    """Signs requests of one integration. A JSON body is not part of the signature."""

    def __init__(self, keys: OAuthKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def header(self, method: Literal["GET", "POST", "PUT", "DELETE"], url: str) -> str:
        """Value of ``Authorization`` for one try: Magento takes every nonce once, so a repeat needs its own.

        Args:
            method: HTTP method.
            url: as it is sent, percent-encoded by `app.urls.encode`.
        """
        client = Client(
            self._keys.consumer_key,
            client_secret=self._keys.consumer_secret,
            resource_owner_key=self._keys.access_token,
            resource_owner_secret=self._keys.access_token_secret,
            signature_method=SIGNATURE_HMAC_SHA256,
            nonce=secrets.token_hex(16),
            timestamp=str(int(self._clock.now().timestamp())),
        )
        own = client.get_oauth_params(Request(url, method))  # type: ignore[no-untyped-call]
        location, _, query = url.partition("?")
        signed = normalize_parameters(collect_parameters(uri_query=query) + own)
        text = signature_base_string(method, signed_location(location), signed)
        signature = sign_hmac_sha256_with_client(text, client)  # type: ignore[no-untyped-call]
        headers = prepare_headers([*own, ("oauth_signature", signature)], {})  # type: ignore[no-untyped-call]
        return str(headers["Authorization"])


def signed_location(location: str) -> str:
    """An address without its query as Magento signs it for comparison: host in lower case, path half decoded.

    oauthlib's own ``base_string_uri`` takes the origin alone: it would read a decoded ``;`` as path parameters, and
    lose one at the end.
    """
    parts = urlsplit(location)
    origin = base_string_uri(f"{parts.scheme}://{parts.netloc}").rstrip("/")
    return origin + _DECODED_BY_SERVER.sub(lambda found: unquote(found[0]), parts.path)
