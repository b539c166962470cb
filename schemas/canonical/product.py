"""A product: one sellable piece of goods, its prices per channel, and what it is a variant of."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.canonical.base import Canonical, Currency, Pieces, RefText, UnsignedMoney, refuse_twice


class SalePrice(Canonical):
    """A price for a time. It never replaces the list price: Magento's special price.

    Attributes:
        starts_at, ends_at: None is open. The web store is told them in its channel's time zone.
    """

    amount: UnsignedMoney
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError(f"it ends at {self.ends_at}, before it starts at {self.starts_at}")
        return self


class TierPrice(Canonical):
    """The price of one piece for a customer group, from a quantity on.

    Attributes:
        group: the point of sale's price level or customer group; empty for everyone.
    """

    group: str = ""
    quantity: Pieces = Decimal(1)
    amount: UnsignedMoney


class ChannelPrice(Canonical):
    """What a product costs in one channel.

    Attributes:
        list_price: the regular price; None if the point of sale has none, which is not a price of 0.
        tax_included: whether these prices are with tax; converting them takes an explicit rate.
    """

    channel: str = Field(min_length=1)
    currency: Currency
    list_price: UnsignedMoney | None
    sale_price: SalePrice | None = None
    tiers: tuple[TierPrice, ...] = ()
    tax_included: bool = False

    @model_validator(mode="after")
    def _has_one_price_a_tier(self) -> Self:
        refuse_twice("the tier", (f"{tier.group} from {tier.quantity.normalize():f}" for tier in self.tiers))
        return self


class Attribute(Canonical):
    """A property by its code, as Magento's custom attributes are: ``color`` is ``Red``."""

    code: str = Field(min_length=1)
    value: str


class Variant(Canonical):
    """What a variant is of, and by what it differs from its siblings.

    Attributes:
        parent: what joins the siblings: Heartland's grid, the SKU of Magento's configurable. It has no piece itself.
        options: size and colour, in the parent's order.
    """

    parent: str = Field(min_length=1)
    options: tuple[Attribute, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_one_value_an_option(self) -> Self:
        refuse_twice("the option", (option.code for option in self.options))
        return self


class Image(Canonical):
    """A picture; by its hash it is added once, wherever it is fetched from.

    Attributes:
        sha256: of the file; empty if the point of sale does not say, so that it is fetched to be known.
    """

    url: str = Field(min_length=1)
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    label: str = ""


class Weight(Canonical):
    """What one piece weighs."""

    amount: UnsignedMoney
    unit: Literal["g", "kg", "oz", "lb"]


class Product(Canonical):
    """One sellable piece of goods, as the point of sale keeps it. Which fields the web store may be told is the flow's.

    Attributes:
        ref: ``connection:product:native id`` of the point of sale. The key of its topic is ``connection:SKU``.
        sku: the point of sale's SKU.
        native_id: the point of sale's own id of it, by which a renamed SKU is known; empty if the SKU is all it has.
        active: sold at all. An inactive one gets no new stock and is never deleted.
        online: meant for the web store; where the point of sale cannot say, all are.
        prices: one for each channel that has one.
        attributes: the merchant's own fields, mappable by code.
    """

    schema_version: Literal[2] = 2
    ref: RefText
    sku: str = Field(min_length=1, max_length=64)
    native_id: str = ""
    name: str = Field(min_length=1)
    description: str = ""
    active: bool
    online: bool = True
    barcode: str = ""
    tax_class: str = ""
    weight: Weight | None = None
    prices: tuple[ChannelPrice, ...] = ()
    variant: Variant | None = None
    attributes: tuple[Attribute, ...] = ()
    images: tuple[Image, ...] = ()
    updated_at: AwareDatetime

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        refuse_twice("the price of channel", (price.channel for price in self.prices))
        refuse_twice("the attribute", (attribute.code for attribute in self.attributes))
        return self
