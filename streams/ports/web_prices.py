"""Prices in the web store, in the shop's words. All of them are absolute and safe to repeat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

GLOBAL = 0
"""The store, or the website, that stands for all of them."""

EVERYONE = "ALL GROUPS"
"""The customer group that stands for all of them."""


@dataclass(frozen=True, slots=True)
class BasePrice:
    """The regular price of a product in a store view, or in all of them."""

    sku: str
    amount: Decimal
    store: int = GLOBAL


@dataclass(frozen=True, slots=True)
class SpecialPrice:
    """A price for a time, which leaves the regular one alone. A bound that is None is open."""

    sku: str
    amount: Decimal
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    store: int = GLOBAL


@dataclass(frozen=True, slots=True)
class WebTierPrice:
    """The price of one piece for a customer group, from a quantity on."""

    sku: str
    quantity: Decimal
    amount: Decimal
    group: str = EVERYONE
    website: int = GLOBAL


@dataclass(frozen=True, slots=True)
class PriceProblem:
    """A SKU of which a price is not what it should be, and what the store says about it."""

    sku: str
    reason: str


class WebPrices(Protocol):
    """The web store's prices.

    The store writes the good rows of a batch and answers the others in words that do not say which. So each write is
    read back: a SKU has a problem if and only if its price is not shown as it was sent.
    """

    async def base_prices(self, skus: Collection[str]) -> Sequence[BasePrice]:
        """Regular prices of those SKUs; one that the store does not know has none."""
        ...

    async def set_base_prices(self, prices: Sequence[BasePrice]) -> Sequence[PriceProblem]:
        """Set regular prices; those that are not among the problems are set."""
        ...

    async def special_prices(self, skus: Collection[str], zone: ZoneInfo) -> Sequence[SpecialPrice]:
        """Special prices of those SKUs, their times told in the channel's time zone."""
        ...

    async def set_special_prices(self, prices: Sequence[SpecialPrice], zone: ZoneInfo) -> Sequence[PriceProblem]:
        """Set special prices. An old bound that shall be open goes first, and for that moment there is no special
        price."""
        ...

    async def delete_special_prices(self, skus: Collection[str], zone: ZoneInfo) -> Sequence[PriceProblem]:
        """Take every special price of those SKUs away; one without any is no problem."""
        ...

    async def tier_prices(self, skus: Collection[str]) -> Sequence[WebTierPrice]:
        """Tier prices of those SKUs that are amounts; those in percent are not told."""
        ...

    async def set_tier_prices(self, prices: Sequence[WebTierPrice]) -> Sequence[PriceProblem]:
        """Set the tier prices of the SKUs that are named: what is not among them is taken away."""
        ...
