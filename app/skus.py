"""Lists of SKUs in requests: parts that fit, and what a person calls them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.urls import encode

LONGEST = 4_000
"""Characters of encoded SKUs in one request, so that its first line stays within the 8 KB of common servers, with some
characters for each SKU's key or separator besides."""


def parts(skus: Sequence[str], most: int) -> Iterator[list[str]]:
    """Parts of the list, each of at most ``most`` SKUs and `LONGEST` characters."""
    part: list[str] = []
    length = 0
    for sku in skus:
        size = len(encode(sku))
        if part and (len(part) == most or length + size > LONGEST):
            yield part
            part, length = [], 0
        part.append(sku)
        length += size
    if part:
        yield part


def named(skus: Sequence[str]) -> str:
    """The subject of a call about SKUs: the SKU, or how many and the first."""
    return f"SKU {skus[0]}" if len(skus) == 1 else f"{len(skus)} SKUs from {skus[0]}"
