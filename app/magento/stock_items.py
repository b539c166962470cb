"""The web store's stock, where its inventory modules are removed: one stock item per product. Implements WebStock."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.magento.client import MagentoClient
from app.magento.stock import MagentoStock
from app.urls import encode
from app.wire import read_as
from schemas.magento import StockItem
from streams.errors import Rejected
from streams.ports import SourceItem

SOURCE = "default"
"""What the one stock is called, as where the modules are installed."""

ANY_ITEM = 1
"""Magento finds a stock item by the SKU in the path; the id there must be a number, and says nothing."""


class MagentoStockItems:
    """Stock items of one connection."""

    most_skus = 1
    """Each is a call of its own, so that one call still writes all or nothing."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client
        self._products = MagentoStock(client)

    def begin(self) -> float:
        """The beginning of a write that waits for something before `write_source_items`."""
        return self._client.begin()

    async def write_source_items(self, items: Sequence[SourceItem], *, began: float | None = None) -> None:
        """Set the absolute quantity of one SKU (``PUT /V1/products/:productSku/stockItems/:itemId``).

        A quantity alone does not put a product on sale again: ``is_in_stock`` goes with it, and nothing else.

        Raises:
            Rejected: another source than ``default``, several SKUs, or a SKU that is no product.
            OutcomeUnknown: nothing proves what happened; write it again.
            Transient: it could not leave soon enough after it ``began``, which is now if not given.
        """
        if not items:
            return
        (item,) = self._checked(items)
        path = f"/V1/products/{encode(item.sku)}/stockItems/{ANY_ITEM}"
        body = {"stockItem": {"qty": item.quantity, "is_in_stock": item.quantity > 0}}
        await self._client.put("write_source_items", f"SKU {item.sku}", path, body, began=began)

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        """Those that are products of the store, letter for letter (``GET /V1/products``)."""
        return await self._products.known_skus(skus)

    async def list_source_items(self, skus: Collection[str]) -> tuple[SourceItem, ...]:
        """What the stock items of those SKUs hold (``GET /V1/stockItems/:productSku``). One that was never written, and
        a SKU that is no product, is left out."""
        found = []
        for sku in sorted(skus):
            content = await self._client.find("list_source_items", f"SKU {sku}", f"/V1/stockItems/{encode(sku)}")
            if content is None:
                continue
            item = read_as(StockItem, content, f"{self._client.name}: the stock item of {sku}")
            if item.qty is not None:
                found.append(SourceItem(sku, SOURCE, item.qty))
        return tuple(found)

    def _checked(self, items: Sequence[SourceItem]) -> Sequence[SourceItem]:
        other = next((item.source for item in items if item.source != SOURCE), None)
        if other is not None:
            raise Rejected(
                f"{self._client.name}: stock of {items[0].sku} was not written, there is no source '{other}' where the "
                f"inventory modules are removed. Name '{SOURCE}' in channels.*.sources, then replay; or, if this "
                f'Magento has the modules, set connections.{self._client.name}.inventory = "msi".',
                code="unknown_source",
            )
        if len(items) > self.most_skus:
            raise Rejected(f"{self._client.name}: stock items are written one by one", code="source_items")
        return items
