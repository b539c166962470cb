"""Stock of the point of sale. Implements StockLevels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.heartland.lists import BY_ID, Question, whole
from app.listing import Listing
from app.skus import named, parts
from schemas.canonical import LocationLevel
from schemas.heartland import InventoryLevel

INVENTORY = "/v1/inventory"

MOST_SKUS = 100
"""SKUs in one filter (schemas/heartland/openapi.yaml, parameter ``sku``)."""


class HeartlandStock:
    """Stock of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def levels(self, skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        """Levels of each SKU in every location (``GET /v1/inventory``). An unknown SKU is left out.

        Raises:
            Transient: the answer is not whole, or moved while it was read: it must never look like zero stock.
        """
        levels: dict[str, list[LocationLevel]] = {}
        for part in parts(sorted(skus), MOST_SKUS):
            for row in await self._rows(part):
                level = LocationLevel(
                    location=row.location_id,
                    on_hand=row.on_hand,
                    committed=row.committed,
                    updated_at=row.updated_at,
                )
                levels.setdefault(row.sku, []).append(level)
        return levels

    async def list_inventory(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Stock rows that changed then or later, oldest change first (``GET /v1/inventory``)."""
        return await self._client.list("list_inventory", INVENTORY, updated_since, page=page, page_size=page_size)

    async def _rows(self, skus: Sequence[str]) -> list[InventoryLevel]:
        """All pages of one filter, each row once, as many as Heartland counts."""
        query = [*(("sku", sku) for sku in skus), BY_ID]
        question = Question("levels", named(skus), INVENTORY, query)
        wanted = frozenset(skus)
        return await whole(
            self._client,
            InventoryLevel,
            question,
            key=lambda row: (row.sku, row.location_id),
            fits=lambda row: row.sku in wanted,
        )
