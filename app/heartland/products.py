"""The point of sale's catalogue. Implements PosProducts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.heartland.lists import BY_ID, Question, whole
from app.heartland.stock import MOST_SKUS
from app.listing import Listing
from app.skus import named, parts
from schemas.heartland import Product
from streams.ports import SeenProduct

PRODUCTS = "/v1/products"


class HeartlandProducts:
    """Products of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def products(self, skus: Collection[str]) -> Mapping[str, SeenProduct]:
        """Products by SKU (``GET /v1/products``). An unknown SKU is left out.

        Raises:
            Transient: the answer is not whole: a product must never look as if it were gone.
        """
        found: dict[str, SeenProduct] = {}
        for part in parts(sorted(skus), MOST_SKUS):
            question = Question("products", named(part), PRODUCTS, [*(("sku", sku) for sku in part), BY_ID])
            wanted = frozenset(part)
            rows = await whole(
                self._client,
                Product,
                question,
                key=lambda row: row.sku,
                fits=lambda row: row.sku in wanted,  # noqa: B023
            )
            found |= {row.sku: SeenProduct(**row.model_dump()) for row in rows}
        return found

    async def list_products(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Products that changed then or later, oldest change first (``GET /v1/products``)."""
        return await self._client.list("list_products", PRODUCTS, updated_since, page=page, page_size=page_size)
