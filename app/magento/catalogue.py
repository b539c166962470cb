"""What products refer to by an id of the store, remembered for an hour. Implements WebCatalogue."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from app.magento.client import MagentoClient
from app.magento.lists import Question, every
from app.magento.remembered import Remembered
from app.magento.search import Where
from app.urls import encode
from app.wire import read_as
from schemas.magento import AttributeSet, Option, Rows, TaxClass
from streams.errors import Rejected

TAX_CLASSES = Question(
    "tax_classes", "tax classes", "/V1/taxClasses/search", (Where("class_type", "eq", "PRODUCT"),), key="class_id"
)
ATTRIBUTE_SETS = Question(
    "attribute_sets", "attribute sets", "/V1/products/attribute-sets/sets/list", (), key="attribute_set_id"
)


class MagentoCatalogue:
    """Options, tax classes and attribute sets of one connection."""

    def __init__(self, client: MagentoClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._options = Remembered(self._read_options, monotonic=monotonic)
        self._tax_classes = Remembered(self._read_tax_classes, monotonic=monotonic)
        self._attribute_sets = Remembered(self._read_attribute_sets, monotonic=monotonic)

    async def attribute_options(self, code: str) -> Mapping[str, str]:
        """Option ids by label (``GET /V1/products/attributes/:attributeCode/options``), as the admin sees them."""
        return await self._options.get(code)

    async def tax_classes(self) -> Mapping[str, int]:
        """Product tax classes (``GET /V1/taxClasses/search``)."""
        return await self._tax_classes.get(TAX_CLASSES)

    async def attribute_sets(self) -> Mapping[str, int]:
        """Product attribute sets (``GET /V1/products/attribute-sets/sets/list``)."""
        return await self._attribute_sets.get(ATTRIBUTE_SETS)

    async def _read_options(self, code: str) -> Mapping[str, str]:
        subject, path = f"attribute '{code}'", f"/V1/products/attributes/{encode(code)}/options"
        content = await self._client.find("attribute_options", subject, path, scope="all")
        if content is None:
            raise Rejected(
                f"{self._client.name} has no product attribute '{code}': create it there or correct the mapping that "
                "names it, then replay.",
                code="no_attribute",
            )
        found = read_as(Rows[Option], content, f"{self._client.name}: {subject}")
        return {option.label: option.value for option in found.root if option.value}

    async def _read_tax_classes(self, question: Question) -> Mapping[str, int]:
        return {row.class_name: row.class_id for row in await every(self._client, TaxClass, question)}

    async def _read_attribute_sets(self, question: Question) -> Mapping[str, int]:
        rows = await every(self._client, AttributeSet, question)
        return {row.attribute_set_name: row.attribute_set_id for row in rows}
