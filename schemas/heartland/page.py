"""The answer of every list."""

from __future__ import annotations

from typing import Generic, TypeVar

from schemas.wire import Wire

Row = TypeVar("Row")


class Page(Wire, Generic[Row]):
    """One page. ``total`` counts the rows of all pages."""

    results: tuple[Row, ...]
    page: int
    pages: int
    total: int
