"""Regions of the web store, which an address names by their id where its country has any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def web_region_id(context: Mapping[str, Any], country: str | None, region: str | None) -> int | None:
    """The id of a country's region by its code; null where the country has none, or not that one.

    Args:
        context: has the web store's ``regions``: country -> code -> id.
        country: ISO 3166 code.
        region: its code there: ``TX``.
    """
    regions = (context.get("regions") or {}).get(country or "") or {}
    found: int | None = regions.get((region or "").upper())
    return found
