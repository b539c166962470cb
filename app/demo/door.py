"""How the shop sends an event of its own to the ingress, signed as the web store signs it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson


class Door:
    """Posts signed events (Standard Webhooks: HMAC-SHA256 over id, time and body)."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._session = session
        self._url = url
        self._secret = secret

    async def send(self, entity: str, body: Mapping[str, Any]) -> str:
        """Post one event; returns the receipt id. Raises aiohttp.ClientResponseError if it is not accepted."""
        content = orjson.dumps(body)
        event, moment = f"msg_{secrets.token_hex(8)}", str(int(time.time()))
        signed = b".".join((event.encode(), moment.encode(), content))
        signature = base64.b64encode(hmac.new(self._secret.encode(), signed, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{signature}",
        }
        async with self._session.post(f"{self._url}/{entity}", data=content, headers=headers) as response:
            response.raise_for_status()
            return str((await response.json())["receipt_id"])
