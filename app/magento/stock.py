"""The web store's stock, in MSI sources. Implements WebStock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NoReturn

from app.magento.client import MagentoClient
from app.magento.search import MOST_CONDITIONS, Search, Where
from app.skus import named, parts
from app.urls import encode
from app.wire import read_as
from schemas.magento import ProductSku, SearchResult
from schemas.magento import SourceItem as SourceItemRow
from streams.deliver.stock import SKUS_IN_A_CALL
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import SourceItem

MOST_SKUS = 100
"""SKUs in one search: Magento's page cap, where it is switched on, is 300."""

SEPARATOR = ","
"""Between the values of ``in``. SKUs that contain it are asked for by a condition each."""


class MagentoStock:
    """Stock of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    most_skus = SKUS_IN_A_CALL

    def begin(self) -> float:
        """The beginning of a write that waits for something before `write_source_items`."""
        return self._client.begin()

    async def write_source_items(self, items: Sequence[SourceItem], *, began: float | None = None) -> None:
        """Set absolute quantities, all or none (``POST /V1/inventory/source-items``).

        Status is 1 above zero and 0 otherwise: Magento requires it and does not infer it.

        Raises:
            Rejected: several SKUs and Magento does not say which it refuses, so the caller halves the batch; or one SKU
                with a source that does not exist.
            OutcomeUnknown: nothing proves what happened; write them again.
            Transient: it could not leave soon enough after it ``began``, which is now if not given.
        """
        if not items:
            return
        rows = [
            {"sku": item.sku, "source_code": item.source, "quantity": item.quantity, "status": int(item.quantity > 0)}
            for item in items
        ]
        subject = named(list(dict.fromkeys(item.sku for item in items)))
        try:
            await self._client.post(
                "write_source_items", subject, "/V1/inventory/source-items", {"sourceItems": rows}, began=began
            )
        except OutcomeUnknown as error:
            if error.code != "opaque_400":
                raise
            await self._explain(items, error)

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        """Those that are products of the store, letter for letter (``GET /V1/products``)."""
        known: set[str] = set()
        for part, conditions in _searches(skus):
            search = Search(groups=(conditions,), page_size=len(part), fields="items[sku],total_count")
            content = await self._client.get("known_skus", named(part), "/V1/products", search.query())
            found = read_as(SearchResult[ProductSku], content, f"{self._client.name}: the list of products")
            known |= {row.sku for row in found.items}
        return frozenset(known & set(skus))

    async def list_source_items(self, skus: Collection[str]) -> tuple[SourceItem, ...]:
        """What the sources hold of those SKUs (``GET /V1/inventory/source-items``), all pages."""
        found: list[SourceItem] = []
        for part, conditions in _searches(skus):
            page, total = 1, 1
            while (page - 1) * MOST_SKUS < total:
                rows = await self._source_items(named(part), conditions, page)
                found += [SourceItem(row.sku, row.source_code, row.quantity) for row in rows.items]
                page, total = page + 1, rows.total_count
        return tuple(found)

    async def _source_items(
        self, subject: str, conditions: tuple[Where, ...], page: int
    ) -> SearchResult[SourceItemRow]:
        search = Search(groups=(conditions,), sort=("sku", "source_code"), page_size=MOST_SKUS, page=page)
        content = await self._client.get("list_source_items", subject, "/V1/inventory/source-items", search.query())
        return read_as(SearchResult[SourceItemRow], content, f"{self._client.name}: the list of source items")

    async def _explain(self, items: Sequence[SourceItem], error: OutcomeUnknown) -> NoReturn:
        """Say what "Could not save Source Item" means: a source that does not exist, or a database in trouble.

        The batch is one statement, so nothing of it was written. Several SKUs are Rejected, to be halved; a lone SKU,
        which has a row for each of its sources, is Rejected only if a source is missing, and otherwise written again.
        """
        if len({item.sku for item in items}) > 1:
            raise Rejected(error.message, code="source_items") from error
        for source in dict.fromkeys(item.source for item in items):
            path = f"/V1/inventory/sources/{encode(source)}"
            if await self._client.find("write_source_items", f"source '{source}'", path) is None:
                raise Rejected(
                    f"{self._client.name}: stock of {items[0].sku} was not written, Magento has no source '{source}'. "
                    "Correct channels.*.sources or create the source, then replay.",
                    code="unknown_source",
                ) from error
        raise error


def _searches(skus: Collection[str]) -> Iterator[tuple[list[str], tuple[Where, ...]]]:
    """The SKUs in parts, each with the conditions, any of which must hold, that find its rows."""
    plain = sorted(sku for sku in skus if SEPARATOR not in sku)
    special = sorted(sku for sku in skus if SEPARATOR in sku)
    for part in parts(plain, MOST_SKUS):
        yield part, (Where("sku", "in", SEPARATOR.join(part)),)
    for part in parts(special, MOST_CONDITIONS):
        yield part, tuple(Where("sku", "eq", sku) for sku in part)
