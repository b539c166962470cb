"""Enabling a product that Tillstream made: a person does, or the flow once, when the product is complete."""

from __future__ import annotations

from collections.abc import Collection

from schemas.canonical.product import Product
from schemas.documents.flow import Needed
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.operations import CREATE_PRODUCT, ENABLE_PRODUCT
from streams.ports import EffectKey
from streams.ports.web_products import WebProducts


class ProductEnabling:
    """Enables products of one web store, each once: what a person disables afterwards stays so."""

    def __init__(self, desk: Desk, products: WebProducts) -> None:
        self._desk = desk
        self._products = products

    def of_new(self, product: Product, sku: str, flow: str, has: Collection[Needed]) -> list[CreateOnce]:
        """What enables a product that is about to be made with all that it has."""
        needed = self._desk.flows[flow].deliver.enable_if
        complete = needed and product.active and set(needed) <= set(has)
        return [self._enable(Ref.parse(product.ref), sku)] if complete else []

    async def of_known(self, product: Product, sku: str, flow: str, has: Collection[Needed]) -> list[CreateOnce]:
        """The same of one that is there and disabled, if we have made it and never enabled it."""
        effects, ref = self._desk.effects, Ref.parse(product.ref)
        enable = self.of_new(product, sku, flow, has)
        if not enable or await effects.made(EffectKey(self._desk.target, CREATE_PRODUCT.name, ref)) is None:
            return []
        return [] if await effects.made(enable[0].key) is not None else enable

    def _enable(self, ref: Ref, sku: str) -> CreateOnce:
        async def send(_before: Ids) -> str:
            return (await self._products.enable_product(sku)).sku

        async def find(_before: Ids) -> str | None:
            shown = await self._products.product(sku)
            return shown.sku if shown is not None and shown.enabled else None

        key = EffectKey(self._desk.target, ENABLE_PRODUCT.name, ref)
        return CreateOnce(key, (Step(ENABLE_PRODUCT, "enabled", f"product '{sku}', enabled", send, find),))
