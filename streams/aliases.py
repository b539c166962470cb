"""SKUs that two connections call by different names."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.ids import Ref
from streams.ports import Links


async def aliases_between(links: Links, connection: str, skus: Iterable[str], other: str) -> dict[str, str]:
    """The name in another connection of each SKU that has one of its own there, by the connection's own SKU.

    Raises like `Links.find`.
    """
    found = await links.find({Ref(connection, "sku", sku) for sku in skus}, other)
    return {one.native_id: name.native_id for one, name in found.items()}
