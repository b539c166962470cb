"""A product of the point of sale into the web store: created disabled, then only the fields that the flow owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical.product import ChannelPrice, Product
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, SetState, Turn, Write
from streams.deliver.hashes import content_hash
from streams.deliver.operations import CREATE_PRODUCT, SET_BASE_PRICES, SET_PRODUCT_ENABLED, UPDATE_PRODUCT
from streams.errors import Rejected
from streams.ports import EffectKey, Outcome, Revision
from streams.ports.web_prices import GLOBAL, BasePrice, WebPrices
from streams.ports.web_products import WebProduct, WebProducts

PRICE, ACTIVE = "price", "active"
"""Names of what a flow may own besides the keys of the mapping's `FIELDS`."""
FIELDS = "fields"
"""Key under which the ``out`` mapping puts the fields of a product that is there already."""


@dataclass(frozen=True, slots=True)
class WebShelf:
    """What a web store must offer for it."""

    products: WebProducts
    prices: WebPrices


class WebProductPlanner:
    """``create_product``, or of one that is there ``update_product``, ``set_base_prices`` and ``set_product_enabled``.

    What is written to a product that is there is what the flow owns and what differs: the web team's texts, pictures,
    categories and websites are never touched. A product is looked at before every write, because writing one that is
    not there would make it.
    """

    model = Product
    blocks = False

    def __init__(self, desk: Desk, shelf: WebShelf) -> None:
        self._desk = desk
        self._shelf = shelf

    def about(self, entity: Product) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        content = content_hash(entity.model_dump(mode="json", exclude={"updated_at", "ref", "native_id"}))
        return About(ref=ref, revision=Revision(entity.updated_at, content), subject=entity.sku, source=ref)

    async def plan(self, entity: Product, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        desk = self._desk
        if not entity.online:
            return Nothing(Outcome.FILTERED, "it is not meant for the web store")
        sku = await self._sku(entity)
        document = desk.mapper.map_out(turn.work.flow, entity.model_dump(mode="json"), {"sku": sku})
        there = await self._shelf.products.product(sku)
        if there is None:
            return self._new(entity, sku, document)
        owned = frozenset(desk.flows[turn.work.flow].deliver.owns)
        writes = [*self._fields(sku, there, document, owned), *await self._price(entity, sku, owned)]
        writes += self._enabled(entity, sku, there, owned)
        if not writes:
            return Nothing(Outcome.UNCHANGED, "the store has what this flow owns", settled=True)
        told = ", ".join(write.operation.name for write in writes)
        return Plan(f"change '{sku}': {told}", f"changed '{sku}': {told}", tuple(writes))

    async def _sku(self, product: Product) -> str:
        ref = Ref(Ref.parse(product.ref).connection, "sku", product.sku)
        alias = (await self._desk.links.find([ref], self._desk.target)).get(ref)
        return product.sku if alias is None else alias.native_id

    def _new(self, product: Product, sku: str, document: Mapping[str, object]) -> Plan | Nothing:
        if not product.active:
            return Nothing(Outcome.FILTERED, "it is not sold any more, and the store never had it", settled=True)

        made = {key: value for key, value in document.items() if key != FIELDS}

        async def send(_before: Ids) -> str:
            return (await self._shelf.products.create_product(sku, made)).sku

        async def find(_before: Ids) -> str | None:
            found = await self._shelf.products.product(sku)
            return None if found is None else found.sku

        ref, target = Ref.parse(product.ref), self._desk.target
        step = Step(CREATE_PRODUCT, content_hash(made), f"product '{sku}'", send, find)
        effect: Write = CreateOnce(EffectKey(target, CREATE_PRODUCT.name, ref), (step,))
        return Plan(f"create '{sku}', disabled", f"created '{sku}', disabled until a person enables it", (effect,))

    def _fields(
        self, sku: str, there: WebProduct, document: Mapping[str, object], owned: frozenset[str]
    ) -> list[SetState]:
        """The owned fields that differ."""
        fields = document.get(FIELDS)
        wanted = {key: value for key, value in fields.items() if key in owned} if isinstance(fields, Mapping) else {}
        shown = {"name": there.name, **there.attributes}
        differing = {key: value for key, value in wanted.items() if str(shown.get(key, "")) != str(value)}
        if not differing:
            return []
        told = ", ".join(f"{key} '{value}'" for key, value in differing.items())
        return [
            SetState(
                UPDATE_PRODUCT, f"'{sku}' gets {told}", lambda: self._shelf.products.update_product(sku, differing)
            )
        ]

    async def _price(self, product: Product, sku: str, owned: frozenset[str]) -> list[SetState]:
        """The list price, of each store view that a channel joins. No price is not a price of 0."""
        if PRICE not in owned:
            return []
        wanted = {(price.store, price.amount) for price in self._wanted_prices(product, sku)}
        shown = {(price.store, price.amount) for price in await self._shelf.prices.base_prices([sku])}
        missing = tuple(BasePrice(sku, amount, store) for store, amount in sorted(wanted - shown))
        told = ", ".join(f"'{sku}' {price.amount}" for price in missing)
        return [SetState(SET_BASE_PRICES, told, lambda: self._set_prices(missing))] if missing else []

    def _wanted_prices(self, product: Product, sku: str) -> list[BasePrice]:
        """One price for all store views where the channels agree, else one for each of them."""
        channels = {channel.name: channel for channel in self._desk.channels.of_web(self._desk.target)}
        priced = [(channels[p.channel], p) for p in product.prices if p.channel in channels and _has_price(p)]
        amounts = {price.list_price for _, price in priced}
        if len(amounts) == 1:
            return [BasePrice(sku, Decimal(str(amounts.pop())), GLOBAL)]
        return [BasePrice(sku, Decimal(str(price.list_price)), channel.store_id) for channel, price in priced]

    async def _set_prices(self, prices: tuple[BasePrice, ...]) -> None:
        for problem in await self._shelf.prices.set_base_prices(prices):
            raise Rejected(
                f"{self._desk.target} did not take the price of '{problem.sku}': {problem.reason}. Correct it in the "
                "point of sale, or set it there by hand and discard this event.",
                code="price",
            )

    def _enabled(self, product: Product, sku: str, there: WebProduct, owned: frozenset[str]) -> list[SetState]:
        """What is not sold any more is disabled, if the flow owns that; enabling is for a person."""
        if ACTIVE not in owned or product.active or not there.enabled:
            return []

        async def disable() -> None:
            await self._shelf.products.set_product_enabled(sku, enabled=False)

        return [SetState(SET_PRODUCT_ENABLED, f"'{sku}' is disabled", disable)]


def _has_price(price: ChannelPrice) -> bool:
    return price.list_price is not None
