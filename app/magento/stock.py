"""The web store's stock, in MSI sources. Implements WebStock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NoReturn

from app.magento.client import MagentoClient
from app.magento.search import MOST_CONDITIONS, Search, Where, encode
from schemas.magento import ProductSku, SearchResult
from schemas.magento import SourceItem as SourceItemRow
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import SourceItem

MOST_SKUS = 100
"""SKUs in one search: Magento's page cap, where it is switched on, is 300."""

LONGEST_LIST = 3_000
"""Characters of encoded SKUs in one search, so that the request line stays within the 8 KB of common servers."""

SEPARATOR = ","
"""Between the values of ``in``. A SKU that contains it is asked for by a condition of its own."""


class MagentoStock:
    """Stock of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def write_source_items(self, items: Sequence[SourceItem]) -> None:
        """Set absolute quantities, all or none (``POST /V1/inventory/source-items``).

        Status is 1 above zero and 0 otherwise: Magento requires it and does not infer it.

        Raises:
            Rejected: a row is refused; Magento does not say which, so the caller halves the batch.
        """
        if not items:
            return
        rows = [
            {"sku": item.sku, "source_code": item.source, "quantity": item.quantity, "status": int(item.quantity > 0)}
            for item in items
        ]
        subject = _named(items)
        try:
            await self._client.post("write_source_items", subject, "/V1/inventory/source-items", {"sourceItems": rows})
        except OutcomeUnknown as error:
            if error.code != "opaque_400":
                raise
            await self._explain(items, error)

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        """Those that are products of the store, letter for letter (``GET /V1/products``)."""
        known: set[str] = set()
        for chunk in chunks(sorted(skus)):
            search = Search(groups=(_any_of(chunk),), page_size=len(chunk), fields="items[sku],total_count")
            content = await self._client.get("known_skus", _named_skus(chunk), "/V1/products", search.query())
            found = self._client.parse(SearchResult[ProductSku], content, "the list of products")
            known |= {row.sku for row in found.items}
        return frozenset(known & set(skus))

    async def list_source_items(self, skus: Collection[str]) -> tuple[SourceItem, ...]:
        """What the sources hold of those SKUs (``GET /V1/inventory/source-items``), all pages."""
        found: list[SourceItem] = []
        for chunk in chunks(sorted(skus)):
            page, total = 1, 1
            while (page - 1) * MOST_SKUS < total:
                rows = await self._source_items(chunk, page)
                found += [SourceItem(row.sku, row.source_code, row.quantity) for row in rows.items]
                page, total = page + 1, rows.total_count
        return tuple(found)

    async def _source_items(self, skus: Sequence[str], page: int) -> SearchResult[SourceItemRow]:
        search = Search(groups=(_any_of(skus),), sort=("sku", "source_code"), page_size=MOST_SKUS, page=page)
        content = await self._client.get(
            "list_source_items", _named_skus(skus), "/V1/inventory/source-items", search.query()
        )
        return self._client.parse(SearchResult[SourceItemRow], content, "the list of source items")

    async def _explain(self, items: Sequence[SourceItem], error: OutcomeUnknown) -> NoReturn:
        """Say what "Could not save Source Item" means: a source that does not exist, or a database in trouble.

        The batch is one statement, so nothing of it was written. A batch is Rejected, to be halved; a lone row is
        Rejected only if its source is missing, and otherwise written again.
        """
        if len(items) > 1:
            raise Rejected(error.message, code="source_items") from error
        source = items[0].source
        path = f"/V1/inventory/sources/{encode(source)}"
        if await self._client.find("write_source_items", f"source '{source}'", path) is None:
            raise Rejected(
                f"{self._client.name}: stock of {items[0].sku} was not written, Magento has no source '{source}'. "
                "Correct channels.*.sources or create the source, then replay.",
                code="unknown_source",
            ) from error
        raise error


def chunks(skus: Sequence[str]) -> Iterator[list[str]]:
    """Parts of the list that each fit one search."""
    chunk: list[str] = []
    length, own = 0, 0
    for sku in skus:
        size, special = len(encode(sku + SEPARATOR)), SEPARATOR in sku
        full = len(chunk) == MOST_SKUS or length + size > LONGEST_LIST or (special and own == MOST_CONDITIONS - 1)
        if chunk and full:
            yield chunk
            chunk, length, own = [], 0, 0
        chunk.append(sku)
        length, own = length + size, own + special
    if chunk:
        yield chunk


def _any_of(skus: Sequence[str]) -> tuple[Where, ...]:
    plain = SEPARATOR.join(sku for sku in skus if SEPARATOR not in sku)
    special = tuple(Where("sku", "eq", sku) for sku in skus if SEPARATOR in sku)
    return (Where("sku", "in", plain), *special) if plain else special


def _named(items: Sequence[SourceItem]) -> str:
    return _named_skus(list(dict.fromkeys(item.sku for item in items)))


def _named_skus(skus: Sequence[str]) -> str:
    """The subject of a call about SKUs: the SKU, or the first of many."""
    return f"SKU {skus[0]}" if len(skus) == 1 else f"{len(skus)} SKUs from {skus[0]}"
