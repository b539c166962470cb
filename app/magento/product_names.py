"""The SKU of a product with custom options: an order's row has it with the options' suffixes, and only the product's id
tells what it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app import exact_json
from app.magento.client import MagentoClient
from app.magento.remembered import Remembered
from app.magento.search import Search, Where
from app.wire import read_as
from schemas.magento import ProductSku, SearchResult

LINE_SKU = "line_sku"
"""Key under which a row keeps the SKU that Magento wrote on it."""
OPTIONS = b'"custom_options"'
CONFIGURABLE = "configurable"

Row = dict[str, Any]


class MagentoProductNames:
    """Names the rows of one connection's orders by their products' SKUs, each read once an hour."""

    def __init__(self, client: MagentoClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._skus = Remembered(self._read_sku, monotonic=monotonic)

    async def in_order(self, content: bytes) -> bytes:
        """An order's JSON, its rows with custom options named; what Magento wrote is kept in ``line_sku``.

        A row whose product is gone keeps its SKU, which the point of sale may know by an alias.
        """
        if OPTIONS not in content:
            return content
        document = exact_json.loads(content)
        await self.of_rows(document.get("items") or [])
        return exact_json.dumps(document)

    async def of_rows(self, rows: Sequence[Row]) -> Mapping[str, str]:
        """Name an order's rows with custom options in place; the SKU of each by the row's id."""
        named = {}
        for row in rows:
            if not _has_options(row):
                continue
            row[LINE_SKU] = row["sku"]
            row["sku"] = _chosen(row, rows) or await self._skus.get(str(row.get("product_id") or "")) or row["sku"]
            named[str(row["item_id"])] = str(row["sku"])
        return named

    async def _read_sku(self, product_id: str) -> str:
        """The SKU of a product (``GET /V1/products`` by ``entity_id``); empty if there is none."""
        search = Search(((Where("entity_id", "eq", product_id),),), page_size=1, fields="items[sku],total_count")
        subject = f"product {product_id}"
        content = await self._client.get("read", subject, "/V1/products", search.query())
        found = read_as(SearchResult[ProductSku], content, f"{self._client.name}: {subject}").items
        return found[0].sku if found else ""


def _has_options(row: Row) -> bool:
    option = row.get("product_option")
    extension = option.get("extension_attributes") if isinstance(option, dict) else None
    return bool(isinstance(extension, dict) and extension.get("custom_options"))


def _chosen(row: Row, rows: Sequence[Row]) -> str:
    """The SKU of what was chosen of a configurable, whose own row has its id and not the chosen one's."""
    if row.get("product_type") != CONFIGURABLE:
        return ""
    return next((str(each["sku"]) for each in rows if each.get("parent_item_id") == row["item_id"]), "")
