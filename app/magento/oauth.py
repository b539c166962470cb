"""OAuth 1.0a signatures as Magento checks them: HMAC-SHA256, and a path that is decoded in part before checking."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

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
            url: as it is sent, percent-encoded by `app.magento.search.encode`.
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
        _, headers, _ = client.sign(signed_url(url), http_method=method)
        return str(headers["Authorization"])


def signed_url(url: str) -> str:
    """The URL that Magento signs for comparison: the path's decoded form, the query as sent."""
    path, mark, query = url.partition("?")
    return _DECODED_BY_SERVER.sub(lambda found: unquote(found[0]), path) + mark + query
