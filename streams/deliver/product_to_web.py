"""A product of the point of sale into the web store: created disabled, then only the fields that the flow owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from schemas.canonical import StockHint
from schemas.canonical.product import Product
from schemas.documents.channel import Channel
from schemas.documents.flow import Needed
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Nothing, Plan, SetState, Turn, Write
from streams.deliver.hashes import content_hash
from streams.deliver.operations import CREATE_PRODUCT, SET_PRODUCT_ENABLED, UPDATE_PRODUCT
from streams.deliver.product_enabling import ProductEnabling
from streams.deliver.product_guard import ProductGuard
from streams.deliver.product_names import ProductNames
from streams.deliver.product_pictures import IMAGES, Gallery, ProductPictures
from streams.deliver.product_prices import PRICE, SALE_PRICE, TIER_PRICES, PriceChanges, PriceList, Wanted
from streams.deliver.product_variants import VARIANTS, ProductVariants, VariantShelf
from streams.errors import Rejected, Transient
from streams.hints import stock_hint
from streams.ports import EffectKey, Outcome, Revision
from streams.ports.web_prices import BasePrice, WebPrices
from streams.ports.web_products import WebProduct, WebProducts
from streams.sale.web_prices import Priced, base_prices, priced

ACTIVE = "active"
"""What a flow may own besides prices and the keys of the mapping's `FIELDS`."""
FIELDS, GROUPS = "fields", "groups"
"""Keys under which the ``out`` mapping puts the fields of a product that is there already, and customer groups."""

NEVER_SENT = frozenset(
    {"status", "type_id", "attribute_set_id", "extension_attributes", "website_ids", "category_links", "category_ids"}
    | {"options", "product_links", "media_gallery_entries"}
)
"""Fields of a product that is there which no update sends: Magento takes each for the whole of it."""
OWN_WAY = frozenset({PRICE, SALE_PRICE, TIER_PRICES, IMAGES, VARIANTS, ACTIVE})
"""What is owned but no field of ``update_product``: it goes by its own route, past its guard."""

MADE = "made"
"""Suffix of the receipt of the stock hint that a new product causes."""


@dataclass(frozen=True, slots=True)
class WebShelf:
    """What a web store must offer for it, and the guard before it."""

    products: WebProducts
    prices: WebPrices
    gallery: Gallery
    variants: VariantShelf
    guard: ProductGuard


@dataclass(frozen=True, slots=True)
class _Told:
    """What the point of sale tells.

    Attributes:
        sku: the web store's.
        document: what the ``out`` mapping made of it.
        owned: what the flow may write.
        everywhere: whether all channels of the store have a price.
    """

    product: Product
    sku: str
    document: Mapping[str, object]
    owned: frozenset[str]
    prices: Sequence[Priced]
    everywhere: bool

    def as_new(self) -> Mapping[str, object]:
        """The document of a product that would be made of it."""
        return {key: value for key, value in self.document.items() if key not in (FIELDS, GROUPS)}

    def wanted(self, made: BasePrice | None = None) -> Wanted:
        """Its prices."""
        groups = cast("Mapping[str, Mapping[str, str]]", self.document.get(GROUPS) or {})
        named = {group: row["name"] for group, row in groups.items()}
        return Wanted(self.sku, self.prices, self.everywhere, self.owned, named, made)


class WebProductPlanner:
    """``create_product``, or of one that is there ``update_product``, the prices and ``set_product_enabled``.

    What is written to a product that is there is what the flow owns and what differs: the web team's texts, pictures,
    categories and websites are never touched. A product is looked at before every write, because writing one that is
    not there would make it.
    """

    model = Product
    blocks = False

    def __init__(self, desk: Desk, shelf: WebShelf) -> None:
        self._desk = desk
        self._shelf = shelf
        self._names = ProductNames(desk, shelf.products)
        self._price_list = PriceList(desk.target, shelf.prices)
        self._pictures = ProductPictures(desk, shelf.gallery)
        self._variants = ProductVariants(desk, shelf.variants)
        self._enabling = ProductEnabling(desk, shelf.products)

    def about(self, entity: Product) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        content = content_hash(entity.model_dump(mode="json", exclude={"updated_at", "ref", "native_id"}))
        return About(ref=ref, revision=Revision(entity.updated_at, content), subject=entity.sku, source=ref)

    async def plan(self, entity: Product, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`."""
        if not entity.online:
            return Nothing(Outcome.FILTERED, "it is not meant for the web store")
        told = await self._told(entity, turn.work.flow)
        effects, creation = self._desk.effects, self._creation(entity)
        if await effects.is_unfinished(creation):
            return await self._new(told, turn)
        just_made = await effects.may_show_later(creation)  # asked first: what was looked up before does not count
        there = await self._shelf.products.product(told.sku)
        if there is not None:
            await self._names.remember(entity, told.sku)
            return await self._changed(told, there, turn)
        if just_made:
            raise Transient(
                f"'{told.sku}' was made in {self._desk.target} just now, which does not show it yet; it is looked at "
                "again.",
                code="lagging",
            )
        if await effects.made(creation) is not None:
            return Nothing(Outcome.FILTERED, f"it was made in {self._desk.target} before, and was deleted there")
        return await self._new(told, turn)

    def _creation(self, product: Product) -> EffectKey:
        return EffectKey(self._desk.target, CREATE_PRODUCT.name, Ref.parse(product.ref))

    async def _told(self, product: Product, flow: str) -> _Told:
        desk, ref = self._desk, Ref.parse(product.ref)
        sku = await self._names.web_sku(product)
        channels = desk.channels.between(pos=ref.connection, web=desk.target)
        prices = priced(product, channels)
        everywhere = len(prices) == len(desk.channels.of_web(desk.target))
        context = {"sku": sku, "price": _first(sku, prices), "websites": _websites(channels)}
        document = desk.mapper.map_out(flow, product.model_dump(mode="json"), context)
        owned = frozenset(desk.flows[flow].deliver.owns)
        if never := sorted(owned & NEVER_SENT):
            raise Rejected(
                f"flow '{flow}' owns {', '.join(never)}, which no update sends, because Magento takes it for the whole "
                "of what the web team keeps there: take it out of `owns`, then replay.",
                code="never_sent",
            )
        return _Told(product, sku, document, owned, prices, everywhere)

    # -- A product that the store does not have --------------------------------------------------------------------

    async def _new(self, told: _Told, turn: Turn) -> Plan | Nothing:
        if not told.product.active:
            return Nothing(Outcome.FILTERED, "it is not sold any more, and the store never had it", settled=True)
        sku = told.sku
        made = await self._made(told)
        if made.get("price") is None:
            raise Rejected(
                f"'{sku}' has no price in any channel of {self._desk.target}, and a product cannot be made without: "
                "give it one in the point of sale, then replay.",
                code="no_price",
            )

        async def send(_before: Ids) -> str:
            return (await self._shelf.products.create_product(sku, made)).sku

        async def find(_before: Ids) -> str | None:
            found = await self._shelf.products.product(sku)
            return None if found is None else found.sku

        ref = Ref.parse(told.product.ref)
        step = Step(CREATE_PRODUCT, content_hash(made), f"product '{sku}'", send, find)
        caused: list[str] = []

        async def announce(_ids: Ids) -> None:
            """The store took no stock of goods that it did not sell."""
            envelope = turn.arrival.envelope.child(MADE, entity="stock_hint", native_id=sku, subject=sku)
            await self._desk.publisher.publish([stock_hint(ref.connection, StockHint(sku=sku, cause="poll"), envelope)])
            caused.append(MADE)
            await self._names.remember(told.product, sku)

        effect: Write = CreateOnce(self._creation(told.product), (step,), announce=announce)
        prices = PriceChanges()
        if (first := _first(sku, told.prices)) is not None:
            prices = await self._price_list.changes(told.wanted(made=BasePrice(sku, first)))
        joins, pictures = await self._joins(told), await self._missing_pictures(told, there=())
        enabled = self._enabling.of_new(told.product, sku, turn.work.flow, _had(made, bool(pictures)))
        done = f"created '{sku}', {'complete and enabled' if enabled else 'disabled until a person enables it'}"
        would = f"create '{sku}', {'enabled' if enabled else 'disabled'}"
        return Plan(would, done, (effect, *prices.writes, *joins, *pictures, *enabled), caused=caused)

    # -- A product that it has -------------------------------------------------------------------------------------

    async def _changed(self, told: _Told, there: WebProduct, turn: Turn) -> Plan | Nothing:
        receipt_id = turn.arrival.envelope.receipt_id
        prices = await self._price_list.changes(told.wanted())
        joins, pictures = await self._joins(told), await self._missing_pictures(told, there.pictures)
        disabled = self._disabled(told, there)
        has = _had({"price": there.price, **there.attributes}, bool(there.pictures or pictures))
        enabled = [] if there.enabled else await self._enabling.of_known(told.product, told.sku, turn.work.flow, has)
        writes: list[Write] = [*self._fields(told, there), *prices.writes, *joins, *pictures, *disabled, *enabled]
        if not writes:
            return Nothing(Outcome.UNCHANGED, "the store has what this flow owns", settled=True)

        async def guard() -> None:
            await self._shelf.guard.prices(told.sku, prices.moves, receipt_id)
            if disabled:
                await self._shelf.guard.disable(told.sku, receipt_id)

        what = ", ".join(_name(write) for write in writes)
        return Plan(f"change '{told.sku}': {what}", f"changed '{told.sku}': {what}", tuple(writes), guard)

    def _fields(self, told: _Told, there: WebProduct) -> list[SetState]:
        """The owned fields that differ."""
        fields, sku = told.document.get(FIELDS), told.sku
        wanted = (
            {key: value for key, value in fields.items() if key in told.owned - OWN_WAY}
            if isinstance(fields, Mapping)
            else {}
        )
        shown = {"name": there.name, **there.attributes}
        differing = {key: value for key, value in wanted.items() if str(shown.get(key, "")) != str(value)}
        if not differing:
            return []
        said = ", ".join(f"{key} '{value}'" for key, value in differing.items())
        return [
            SetState(
                UPDATE_PRODUCT, f"'{sku}' gets {said}", lambda: self._shelf.products.update_product(sku, differing)
            )
        ]

    async def _made(self, told: _Told) -> Mapping[str, object]:
        """The document of a new product."""
        variant = told.product.variant if VARIANTS in told.owned else None
        made = told.as_new()
        return made if variant is None else await self._variants.as_child(variant, made)

    async def _joins(self, told: _Told) -> list[CreateOnce]:
        variant = told.product.variant if VARIANTS in told.owned else None
        return [] if variant is None else await self._variants.joining(told.product, variant, told.sku, told.as_new())

    async def _missing_pictures(self, told: _Told, there: Sequence[str]) -> list[CreateOnce]:
        return await self._pictures.missing(told.product, told.sku, there) if IMAGES in told.owned else []

    def _disabled(self, told: _Told, there: WebProduct) -> list[SetState]:
        """What is not sold any more is disabled, if the flow owns that; enabling is for a person."""
        if ACTIVE not in told.owned or told.product.active or not there.enabled:
            return []

        async def disable() -> None:
            await self._shelf.products.set_product_enabled(told.sku, enabled=False)

        return [SetState(SET_PRODUCT_ENABLED, f"'{told.sku}' is disabled", disable)]


def _had(document: Mapping[str, object], image: bool) -> set[Needed]:
    """What a product has of that which it may need, by its fields and attributes."""
    attributes = cast("Sequence[Mapping[str, object]]", document.get("custom_attributes") or ())
    values = {**document, **{str(one["attribute_code"]): one["value"] for one in attributes}}
    has = {Needed.IMAGE: image, Needed.DESCRIPTION: values.get("description"), Needed.PRICE: values.get("price")}
    return {needed for needed, value in has.items() if value}


def _name(write: Write) -> str:
    return write.key.operation if isinstance(write, CreateOnce) else write.operation.name


def _first(sku: str, prices: Sequence[Priced]) -> Decimal | None:
    """The list price of the first channel that has one, with which a product is made."""
    return next((price.amount for price in base_prices(sku, prices, everywhere=False)), None)


def _websites(channels: Sequence[Channel]) -> list[int]:
    return sorted({channel.website_id for channel in channels})
