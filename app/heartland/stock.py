"""Stock of the point of sale. Implements StockLevels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.listing import Listing
from app.skus import named, parts
from app.wire import read_as
from schemas.canonical import LocationLevel
from schemas.heartland import InventoryLevel, Page
from streams.errors import Transient

INVENTORY = "/v1/inventory"

MOST_SKUS = 100
"""SKUs in one filter (schemas/heartland/openapi.yaml, parameter ``sku``)."""

ROWS_IN_A_PAGE = 500


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
        found: list[InventoryLevel] = []
        number, pages, totals = 1, 1, set[int]()
        while number <= pages:
            page = await self._page(skus, number)
            found += page.results
            totals.add(page.total)
            number, pages = number + 1, page.pages
        pairs = {(row.sku, row.location_id) for row in found}
        if totals != {len(found)} or len(pairs) != len(found) or not {row.sku for row in found} <= set(skus):
            raise Transient(
                f"{self._client.name}: levels for {named(skus)}: {len(pairs)} rows came where Heartland counts "
                f"{', '.join(map(str, sorted(totals)))}. It is read again; nothing is taken for zero.",
                code="partial_answer",
            )
        return found

    async def _page(self, skus: Sequence[str], number: int) -> Page[InventoryLevel]:
        query = [("sku", sku) for sku in skus]
        query += [("sort", "id"), ("page", str(number)), ("per_page", str(ROWS_IN_A_PAGE))]
        content = await self._client.get("levels", named(skus), INVENTORY, query)
        return read_as(Page[InventoryLevel], content, f"{self._client.name}: the stock of {named(skus)}")
