"""Signs webhooks as a sender does, written from the specifications and not from our verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac


def standard_headers(secret: bytes, body: bytes, *, seconds: int, message: str = "msg_1") -> dict[str, str]:
    """Standard Webhooks: HMAC-SHA256 over id, time and body, joined by dots, in base64."""
    digest = hmac.new(secret, b".".join([message.encode(), str(seconds).encode(), body]), hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def plain_header(secret: bytes, body: bytes, *, seconds: int) -> str:
    """The plain shape: time and body joined by a dot, in hex."""
    return f"t={seconds},v1={hmac.new(secret, f'{seconds}.'.encode() + body, hashlib.sha256).hexdigest()}"
