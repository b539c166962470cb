"""Products of the web store. Implements WebProducts.

A SKU may hold a slash, which many web servers refuse in a path, encoded or not. So products are read by a search, and
written by ``POST /V1/products``, which creates and updates alike: the SKU is in the body.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from app.magento.client import MagentoClient
from app.magento.lists import Question, every
from app.magento.pictures import mark_of
from app.magento.remembered import Remembered
from app.magento.search import Search, Where
from app.magento.times import read_time
from app.wire import read_as
from schemas.magento import Product, SearchResult
from streams.errors import AliasMissing, Rejected
from streams.ports import WebProduct

PRODUCTS = "/V1/products"
ENABLED, DISABLED = 1, 2
OWN_FIELDS = frozenset({"name", "weight", "visibility"})
"""Fields of a product that updates may name; all others are custom attributes, by their code."""
COUNTED = Search(page_size=1, fields="total_count")
EVERY_PRODUCT = Question("list_skus", "products", PRODUCTS, (), key="entity_id")


class MagentoProducts:
    """Products of one connection; all values are the global ones (scope ``all``)."""

    def __init__(self, client: MagentoClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._count = Remembered(self._read_count, monotonic=monotonic)

    async def product(self, sku: str) -> WebProduct | None:
        """The product of that SKU, letter for letter (``GET /V1/products``)."""
        found = await self._find("product", sku)
        return found if found is not None and found.sku == sku else None

    async def count_products(self) -> int:
        """How many there are (``total_count`` of ``GET /V1/products``), asked once an hour."""
        return await self._count.get(COUNTED)

    async def list_skus(self) -> tuple[str, ...]:
        """Every SKU of the store (``GET /V1/products``). Raises Transient if they are not all there."""
        return tuple(row.sku for row in await every(self._client, Product, EVERY_PRODUCT))

    async def create_product(self, sku: str, document: Mapping[str, object]) -> WebProduct:
        """Make it, disabled (``POST /V1/products``); sent once.

        That SKU is looked for first, in any letter case: Magento takes them for the same, and would change what it has.
        """
        began = self._client.begin()
        there = await self._find("create_product", sku)
        if there is not None:
            raise Rejected(
                f"{self._client.name}: product {sku} was not created, there is '{there.sku}' already. If that is the "
                "same, name it as an alias; else rename one of them. Then replay.",
                code="sku_taken",
            )
        return await self._write("create_product", sku, {**document, "status": DISABLED}, began)

    async def update_product(self, sku: str, document: Mapping[str, object]) -> WebProduct:
        """Set fields (``POST /V1/products``), which keeps those that are left out."""
        own = {key: value for key, value in document.items() if key in OWN_FIELDS}
        attributes = [{"attribute_code": key, "value": document[key]} for key in document if key not in OWN_FIELDS]
        return await self._change(
            "update_product", sku, {**own, "custom_attributes": attributes} if attributes else own
        )

    async def enable_product(self, sku: str) -> WebProduct:
        """Set ``status`` to enabled (``POST /V1/products``)."""
        return await self._change("enable_product", sku, {"status": ENABLED})

    async def set_product_enabled(self, sku: str, enabled: bool) -> WebProduct:
        """Set ``status`` (``POST /V1/products``)."""
        return await self._change("set_product_enabled", sku, {"status": ENABLED if enabled else DISABLED})

    async def _change(self, operation: str, sku: str, document: Mapping[str, object]) -> WebProduct:
        """Write a product that is there: the route would make one of any other SKU."""
        began = self._client.begin()
        there = await self._find(operation, sku)
        if there is None or there.sku != sku:
            like = "" if there is None else f", only '{there.sku}'"
            raise AliasMissing(
                f"{self._client.name}: {operation}: there is no product '{sku}'{like}, and writing it would make one. "
                "Nothing was sent. Create it there or name its alias, then replay.",
                sku=sku,
            )
        return await self._write(operation, sku, document, began)

    async def _find(self, operation: str, sku: str) -> WebProduct | None:
        """The product of that SKU, in whatever letter case."""
        search = Search(groups=((Where("sku", "eq", sku),),), page_size=2)
        content = await self._client.get(operation, f"SKU {sku}", PRODUCTS, search.query(), scope="all")
        rows = read_as(SearchResult[Product], content, f"{self._client.name}: SKU {sku}").items
        found = [row for row in rows if row.sku.casefold() == sku.casefold()]
        return _seen(found[0]) if found else None

    async def _read_count(self, search: Search) -> int:
        content = await self._client.get("count_products", "their number", PRODUCTS, search.query(), scope="all")
        return read_as(SearchResult[Product], content, f"{self._client.name}: number of products").total_count

    async def _write(self, operation: str, sku: str, document: Mapping[str, object], began: float) -> WebProduct:
        subject = f"SKU {sku}"
        body = {"product": {**document, "sku": sku}}
        content = await self._client.post(operation, subject, PRODUCTS, body, scope="all", began=began)
        return _seen(read_as(Product, content, f"{self._client.name}: {subject}", done=True))


def _seen(row: Product) -> WebProduct:
    plain = (one for one in row.custom_attributes if isinstance(one.value, str | int) and one.value != "")
    return WebProduct(
        sku=row.sku,
        name=row.name,
        product_type=row.type_id,
        enabled=row.status == ENABLED,
        price=row.price,
        attribute_set=row.attribute_set_id,
        websites=row.extension_attributes.website_ids,
        attributes={one.attribute_code: str(one.value) for one in plain},
        updated_at=read_time(row.updated_at),
        pictures=tuple(mark_of(entry.file) for entry in row.media_gallery_entries),
    )
