"""Variants of the point of sale in the web store: each joins its parent once, which is made if there is none.

A parent's options are sent when it is made and never again; what the web team takes out of it is not put back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from schemas.canonical.product import Product, Variant
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.hashes import content_hash
from streams.deliver.operations import ADD_VARIANT, ADD_VARIANT_OPTION, CREATE_PRODUCT
from streams.errors import Rejected
from streams.ports import EffectKey
from streams.ports.web_products import WebCatalogue, WebProducts
from streams.ports.web_variants import Family, OptionDraft, WebVariants

VARIANTS = "variants"
"""Name of what a flow may own."""
CONFIGURABLE = "configurable"
HIDDEN, SHOWN = 1, 4
"""Magento's ``visibility``: not by itself, as variants are; in catalogue and search."""

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class VariantShelf:
    """What a web store must offer for variants."""

    products: WebProducts
    variants: WebVariants
    catalogue: WebCatalogue


class ProductVariants:
    """The variants of one web store."""

    def __init__(self, desk: Desk, shelf: VariantShelf) -> None:
        self._desk = desk
        self._shelf = shelf

    async def as_child(self, variant: Variant, made: Document) -> Document:
        """The document of a new product that becomes a variant: hidden by itself, with its values of the options."""
        values = [{"attribute_code": code, "value": value} for code, value in (await self._values(variant)).items()]
        others = cast("Sequence[object]", made.get("custom_attributes") or ())
        return {**made, "visibility": HIDDEN, "custom_attributes": [*others, *values]}

    async def joining(self, product: Product, variant: Variant, sku: str, made: Document) -> list[CreateOnce]:
        """What makes a product a variant of its parent, and the parent if there is none.

        Args:
            product: of the point of sale.
            variant: what it is a variant of.
            sku: the web store's.
            made: the document of a product that would be made of it.

        Raises:
            Rejected: the web store has something else under the parent's SKU, or lacks a value of an option.
        """
        family = await self._shelf.variants.family(variant.parent)
        join = EffectKey(self._desk.target, ADD_VARIANT.name, Ref.parse(product.ref))
        if family is not None and sku in family.children:
            return []
        if await self._desk.effects.made(join) is not None:
            return []  # it was one, and the web team took it out
        ids = {option.code: await self._shelf.variants.attribute_id(option.code) for option in variant.options}
        parents = Ref(Ref.parse(product.ref).connection, "grid", variant.parent)
        parent = EffectKey(self._desk.target, CREATE_PRODUCT.name, parents)
        if family is not None and await self._desk.effects.made(parent) is None:
            self._check(sku, variant, family, ids)
            return [self._join(join, variant.parent, sku)]
        if family is not None and set(ids.values()) <= family.options:
            return [self._join(join, variant.parent, sku)]
        return [await self._parent(parent, variant, ids, made), self._join(join, variant.parent, sku)]

    async def _values(self, variant: Variant) -> Mapping[str, str]:
        """Ids of its values, by the options' codes."""
        values = {}
        for option in variant.options:
            known = await self._shelf.catalogue.attribute_options(option.code)
            if option.value not in known:
                raise Rejected(
                    f"a variant of '{variant.parent}' is '{option.value}', which {self._desk.target} has not among the "
                    f"values of '{option.code}': add it there, or correct it in the point of sale, then replay.",
                    code="no_option",
                )
            values[option.code] = known[option.value]
        return values

    def _check(self, sku: str, variant: Variant, family: Family, ids: Mapping[str, str]) -> None:
        """Return if a product that the web team made can have such a variant."""
        why = ""
        if family.product_type != CONFIGURABLE:
            why = f"is a {family.product_type} product and has no variants"
        elif missing := [code for code, attribute in ids.items() if attribute not in family.options]:
            why = f"does not let its variants differ by {', '.join(missing)}"
        if why:
            raise Rejected(
                f"'{sku}' is a variant of '{variant.parent}', which {why} in {self._desk.target}. Nothing was changed. "
                "Correct that product there, or the parent that the mapping names, then replay.",
                code="no_variants",
            )

    async def _parent(self, key: EffectKey, variant: Variant, ids: Mapping[str, str], made: Document) -> CreateOnce:
        """The parent, disabled until a person has named and shown it, and its options with this variant's values."""
        values, sku = await self._values(variant), variant.parent
        extension = cast("Mapping[str, object]", made.get("extension_attributes") or {})
        document = {
            **made,
            "name": sku,
            "type_id": CONFIGURABLE,
            "price": 0,
            "visibility": SHOWN,
            "extension_attributes": {**extension, "stock_item": {"is_in_stock": True}},
        }

        async def send(_before: Ids) -> str:
            return (await self._shelf.products.create_product(sku, document)).sku

        async def find(_before: Ids) -> str | None:
            shown = await self._shelf.products.product(sku)
            return None if shown is None else shown.sku

        first = Step(CREATE_PRODUCT, content_hash(document), f"product '{sku}'", send, find)
        drafts = [OptionDraft(ids[code], code, place, int(values[code])) for place, code in enumerate(ids)]
        return CreateOnce(key, (first, *(self._option(sku, draft) for draft in drafts)))

    def _option(self, sku: str, draft: OptionDraft) -> Step:
        variants = self._shelf.variants

        async def send(_before: Ids) -> str:
            return await variants.add_variant_option(sku, draft)

        async def find(_before: Ids) -> str | None:
            family = await variants.family(sku)
            return draft.attribute if family is not None and draft.attribute in family.options else None

        sought = f"option '{draft.label}' of '{sku}'"
        return Step(ADD_VARIANT_OPTION, draft.attribute, sought, send, find, name=draft.label)

    def _join(self, key: EffectKey, parent: str, sku: str) -> CreateOnce:
        variants = self._shelf.variants

        async def send(_before: Ids) -> str:
            return await variants.add_variant(parent, sku)

        async def find(_before: Ids) -> str | None:
            family = await variants.family(parent)
            return sku if family is not None and sku in family.children else None

        return CreateOnce(key, (Step(ADD_VARIANT, sku, f"'{sku}' among the variants of '{parent}'", send, find),))
