"""Reads a raw event's body: JSON, with or without a webhook's envelope, whole or only a hint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from schemas.documents.flow import Normalize
from streams.errors import Malformed

_WRAPPED = "data"
"""Where webhooks of both systems put the entity: ``{"event": …, "data": {…}}``."""


def parse(value: bytes, place: str) -> dict[str, Any]:
    """The body as an object.

    Raises:
        Malformed: not JSON, or not an object; ``place`` says which message.
    """
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Malformed(
            f"{place} cannot be read: it is damaged or cut off, not JSON ({error}). Nothing was done with it. If that "
            "order or SKU is missing, send it anew or look at the sender; then discard this event",
            code="not_json",
        ) from error
    if not isinstance(body, dict):
        raise Malformed(
            f"{place} cannot be read: it is JSON but not an object, so no order or SKU is in it. Nothing was done with "
            "it. Look at the sender, then discard this event",
            code="not_an_object",
        )
    return body


def unwrapped(body: dict[str, Any], keys: Normalize) -> dict[str, Any]:
    """The entity itself, out of a webhook's envelope."""
    inner = body.get(_WRAPPED)
    return inner if keys.id not in body and isinstance(inner, dict) else body


def text_of(body: Mapping[str, Any], key: str | None) -> str:
    """The value of a key that holds an id or a number, or of a path of keys (``Order.ExternalID``); empty if none."""
    value: Any = body if key else None
    for name in (key or "").split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
