"""Which product of the web store one of the point of sale is: by its alias, by its SKU, and by the SKU that it had."""

from __future__ import annotations

from schemas.canonical.product import Product
from schemas.ids import MissingLink, Ref
from streams.deliver.alias import alias_command
from streams.deliver.desk import Desk
from streams.errors import AliasMissing
from streams.ports.web_products import WebProducts

SKU, ITEM, PRODUCT = "sku", "item", "product"
"""Types of the refs: a name in either system, an article of the point of sale, a product of the web store."""


class ProductNames:
    """The names of products between points of sale and one web store."""

    def __init__(self, desk: Desk, products: WebProducts) -> None:
        self._desk = desk
        self._products = products

    async def web_sku(self, product: Product) -> str:
        """The web store's SKU of it.

        Raises:
            AliasMissing: the article had another SKU before, under which the web store still sells it.
        """
        pos, target = Ref.parse(product.ref).connection, self._desk.target
        named = Ref(pos, SKU, product.sku)
        item = Ref(pos, ITEM, product.native_id)
        found = await self._desk.links.find([named, item] if product.native_id else [named], target)
        sku = found[named].native_id if named in found else product.sku
        before = found[item].native_id if item in found else sku
        if before != sku and await self._products.product(before) is not None:
            raise await self._renamed(product, before)
        return sku

    async def remember(self, product: Product, sku: str) -> None:
        """Keep which of the web store's products the article is, if the point of sale has an id for it that outlives
        its SKU."""
        if product.native_id:
            item = Ref(Ref.parse(product.ref).connection, ITEM, product.native_id)
            await self._desk.links.insert(item, Ref(self._desk.target, PRODUCT, sku))

    async def _renamed(self, product: Product, before: str) -> AliasMissing:
        """What a person has to decide: it is one article, or two."""
        pos, target = Ref.parse(product.ref).connection, self._desk.target
        kept = Ref(target, SKU, before)
        alias = (await self._desk.links.find([kept], pos)).get(kept)
        channels = self._desk.channels.between(pos=pos, web=target)
        command = alias_command(
            before, pos, channels[0].name if channels else "", replace=alias is not None, pos_sku=product.sku
        )
        return AliasMissing(
            f"item {product.native_id} of {pos} is called '{product.sku}' now, and {target} sells it as '{before}'. "
            f"Nothing was changed there, and no product '{product.sku}' was made. If the SKU was changed: {command}; "
            f"that releases this event, and '{before}' goes on with its stock and its orders. Or change the SKU of "
            f"'{before}' in {target} to '{product.sku}', then replay. If it is another article: give it an id of its "
            f"own in {pos}, then discard this event.",
            sku=product.sku,
            waits_for=MissingLink(kept, pos, str(alias) if alias is not None else ""),
            code="sku_renamed",
        )
