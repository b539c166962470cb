"""What a product shall cost in a web store, from what it costs in each channel. Pure.

A price that all channels of the store agree on is its global one; else each store view has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from schemas.canonical.product import ChannelPrice, Product
from schemas.documents.channel import Channel
from streams.errors import Rejected
from streams.ports.web_prices import EVERYONE, GLOBAL, BasePrice, SpecialPrice, WebTierPrice
from streams.sale.exact import cents

Row = TypeVar("Row", BasePrice, SpecialPrice)

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Priced:
    """A product's price in one channel of the store, converted to the way in which that channel shows prices."""

    channel: Channel
    price: ChannelPrice


def priced(product: Product, channels: Iterable[Channel]) -> list[Priced]:
    """The product's prices in these channels; a channel that has none is left out.

    Raises:
        Rejected: the price is in another currency than the channel's, or must be converted without a rate.
    """
    found = {price.channel: price for price in product.prices}
    named = [(channel, found[channel.name]) for channel in channels if channel.name in found]
    return [Priced(channel, _as_shown(product.sku, price, channel)) for channel, price in named]


def base_prices(sku: str, prices: Sequence[Priced], *, everywhere: bool) -> list[BasePrice]:
    """The list prices. No price is not a price of 0, and a promotion is not a list price."""
    rows = {
        one.channel.store_id: BasePrice(sku, one.price.list_price, one.channel.store_id)
        for one in prices
        if one.price.list_price is not None
    }
    return _global(rows, len(prices), lambda row: replace(row, store=GLOBAL), everywhere=everywhere)


def special_prices(sku: str, prices: Sequence[Priced], *, everywhere: bool) -> list[SpecialPrice]:
    """The sale prices, in whole seconds, which is what the store keeps."""
    rows = {
        one.channel.store_id: SpecialPrice(
            sku,
            sale.amount,
            sale.starts_at and sale.starts_at.replace(microsecond=0),
            sale.ends_at and sale.ends_at.replace(microsecond=0),
            one.channel.store_id,
        )
        for one in prices
        if (sale := one.price.sale_price) is not None
    }
    agreed = everywhere and len({one.channel.time_zone for one in prices}) == 1
    return _global(rows, len(prices), lambda row: replace(row, store=GLOBAL), everywhere=agreed)


def tier_prices(
    sku: str, prices: Sequence[Priced], groups: Mapping[str, str], *, everywhere: bool
) -> list[WebTierPrice]:
    """The tier prices: of all websites where all channels agree, which is all that a store with the price scope
    "global" takes, else of each website.

    Args:
        groups: the store's customer group by the point of sale's.

    Raises:
        Rejected: two store views of one website have different ones, of which it can keep one.
    """
    agreed = everywhere and len({frozenset(one.price.tiers) for one in prices}) == 1
    rows: dict[WebTierPrice, Decimal] = {}
    for one in prices:
        for tier in one.price.tiers:
            group = groups[tier.group] if tier.group else EVERYONE
            website = GLOBAL if agreed else one.channel.website_id
            key = WebTierPrice(sku, tier.quantity, Decimal(0), group, website)
            if rows.setdefault(key, tier.amount) != tier.amount:
                raise _two_prices(replace(key, amount=tier.amount), rows[key])
    return [replace(key, amount=amount) for key, amount in rows.items()]


def zone_of(channel: Channel) -> ZoneInfo:
    """In which a channel's sales begin and end."""
    return ZoneInfo(channel.time_zone)


def _two_prices(tier: WebTierPrice, other: Decimal) -> Rejected:
    return Rejected(
        f"'{tier.sku}' has two prices for {tier.group} from {tier.quantity:f} on in website {tier.website}, {other} "
        f"and {tier.amount}, because its store views are channels with prices of their own: give them one price list, "
        "then replay.",
        code="tier_price",
    )


def _as_shown(sku: str, price: ChannelPrice, channel: Channel) -> ChannelPrice:
    if price.currency != channel.currency:
        raise Rejected(
            f"'{sku}' has a price in {price.currency}, and channel '{channel.name}' sells in {channel.currency}: no "
            "price is converted from one currency to another. Correct it in the point of sale, then replay.",
            code="currency",
        )
    convert = _conversion(sku, channel, included=price.tax_included)
    sale = price.sale_price
    return price.model_copy(
        update={
            "list_price": None if price.list_price is None else convert(price.list_price),
            "sale_price": sale and sale.model_copy(update={"amount": convert(sale.amount)}),
            "tiers": tuple(tier.model_copy(update={"amount": convert(tier.amount)}) for tier in price.tiers),
        }
    )


def _conversion(sku: str, channel: Channel, *, included: bool) -> Callable[[Decimal], Decimal]:
    """How a price with or without tax becomes one of the channel."""
    if included == (channel.tax_mode == "included"):
        return lambda amount: amount
    if channel.tax_rate is None:
        has, shows = ("with", "without") if included else ("without", "with")
        raise Rejected(
            f"the price of '{sku}' is {has} tax, and channel '{channel.name}' shows prices {shows} it: set "
            f"channels.{channel.name}.tax_rate to the rate in percent by which to convert, then replay.",
            code="tax_rate",
        )
    factor = 1 + channel.tax_rate / HUNDRED
    return lambda amount: cents(amount / factor if included else amount * factor)


def _global(rows: Mapping[int, Row], channels: int, of_all: Callable[[Row], Row], *, everywhere: bool) -> list[Row]:
    """One row for all channels, if all of them have the same."""
    agreed = {of_all(row) for row in rows.values()}
    return list(agreed) if everywhere and len(agreed) == 1 and len(rows) == channels else list(rows.values())
