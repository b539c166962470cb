"""The answers of list routes."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import RootModel

from schemas.wire import Wire

Row = TypeVar("Row")


class SearchResult(Wire, Generic[Row]):
    """One page. ``total_count`` counts all pages; a trimmed empty page has ``items: null``, which reads as none."""

    items: tuple[Row, ...] = ()
    total_count: int = 0


class Rows(RootModel[tuple[Row, ...]], Generic[Row]):
    """A bare array, as routes answer that take no search criteria."""
