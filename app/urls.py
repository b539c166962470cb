"""Addresses as they are sent, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote


def encode(text: str) -> str:
    """Percent-encode all but RFC 3986's unreserved characters: one path segment, or one key or value of a query.

    For Magento anything less breaks the signature: a ``+`` for a space, or a bare ``=`` in a value.
    """
    return quote(text, safe="-._~")


def query_string(query: Iterable[tuple[str, str]]) -> str:
    """The query, without its question mark."""
    return "&".join(f"{encode(key)}={encode(value)}" for key, value in query)
