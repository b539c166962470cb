"""Configurable products and their children. Implements WebVariants."""

from __future__ import annotations

from app.magento.client import MagentoClient
from app.magento.search import Search, Where
from app.urls import encode
from app.wire import read_as
from schemas.magento import Product, ProductAttribute, ProductSku, Rows, SearchResult
from streams.errors import Rejected
from streams.ports import Family, OptionDraft

CONFIGURABLE = "configurable"


class MagentoVariants:
    """Configurable products of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def family(self, sku: str) -> Family | None:
        """The product and its options (``GET /V1/products``), its children (``GET
        /V1/configurable-products/:sku/children``)."""
        search = Search(groups=((Where("sku", "eq", sku),),), page_size=2)
        subject = f"SKU {sku}"
        content = await self._client.get("family", subject, "/V1/products", search.query(), scope="all")
        rows = read_as(SearchResult[Product], content, f"{self._client.name}: {subject}").items
        row = next((row for row in rows if row.sku == sku), None)
        if row is None:
            return None
        options = frozenset(one.attribute_id for one in row.extension_attributes.configurable_product_options)
        if row.type_id != CONFIGURABLE:
            return Family(row.type_id, options, frozenset())
        path = f"/V1/configurable-products/{encode(sku)}/children"
        children = read_as(Rows[ProductSku], await self._client.get("family", subject, path), f"children of {subject}")
        return Family(row.type_id, options, frozenset(child.sku for child in children.root))

    async def attribute_id(self, code: str) -> str:
        """``attribute_id`` of ``GET /V1/products/attributes/:attributeCode``."""
        subject = f"attribute '{code}'"
        content = await self._client.find("attribute_id", subject, f"/V1/products/attributes/{encode(code)}")
        if content is None:
            raise Rejected(
                f"{self._client.name} has no product attribute '{code}', by which variants should differ: create it "
                "there or correct the mapping that names it, then replay.",
                code="no_attribute",
            )
        return str(read_as(ProductAttribute, content, f"{self._client.name}: {subject}").attribute_id)

    async def add_variant_option(self, sku: str, option: OptionDraft) -> str:
        """Add one option (``POST /V1/configurable-products/:sku/options``)."""
        body = {
            "option": {
                "attribute_id": option.attribute,
                "label": option.label,
                "position": option.position,
                "is_use_default": True,
                "values": [{"value_index": option.value}],
            }
        }
        path = f"/V1/configurable-products/{encode(sku)}/options"
        await self._client.post("add_variant_option", f"SKU {sku}", path, body, scope="all")
        return option.attribute

    async def add_variant(self, sku: str, child: str) -> str:
        """Attach one child (``POST /V1/configurable-products/:sku/child``), which leaves the others and the options."""
        path = f"/V1/configurable-products/{encode(sku)}/child"
        await self._client.post("add_variant", f"SKU {sku}", path, {"childSku": child}, scope="all")
        return child
