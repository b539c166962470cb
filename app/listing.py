"""A page of a list, as both connectors answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of one page as the system shows them, their amounts exact, and how many rows all pages have."""

    rows: tuple[dict[str, Any], ...]
    total_count: int
