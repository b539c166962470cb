"""The answer of every list route."""

from __future__ import annotations

from typing import Generic, TypeVar

from schemas.wire import Wire

Row = TypeVar("Row")


class SearchResult(Wire, Generic[Row]):
    """One page. ``total_count`` counts all pages; a trimmed empty page has ``items: null``, which reads as none."""

    items: tuple[Row, ...] = ()
    total_count: int = 0
