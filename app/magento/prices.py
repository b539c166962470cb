"""Prices in the web store. Implements WebPrices.

The price routes answer 200 with the rows that they refuse and write the others. What they say may name neither row nor
SKU (``Invalid attribute Price = -1.``), so each write is read back, and what is shown decides. None of it moves the
product's ``updated_at``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

from app.http_errors import one_line
from app.magento.afterwards import afterwards
from app.magento.client import MagentoClient
from app.magento.times import read_time, write_time
from app.skus import named
from app.wire import read_as
from schemas.magento import BasePriceRow, FailedPrice, Rows, SpecialPriceRow, TierPriceRow
from schemas.wire import Wire
from streams.ports import BasePrice, PriceProblem, SpecialPrice, WebTierPrice

Row = TypeVar("Row", bound=Wire)
Body = list[dict[str, object]]

BASE = "/V1/products/base-prices"
SPECIAL = "/V1/products/special-price"
TIER = "/V1/products/tier-prices"
FIXED = "fixed"


class _Priced(Protocol):
    @property
    def sku(self) -> str: ...


class MagentoPrices:
    """Prices of one connection. Callers keep a batch within some hundred rows; hosts may cap it lower."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def base_prices(self, skus: Collection[str]) -> Sequence[BasePrice]:
        """Regular prices (``POST /V1/products/base-prices-information``)."""
        rows = await self._shown("base_prices", BASE, BasePriceRow, skus)
        return tuple(BasePrice(row.sku, row.price, row.store_id) for row in rows)

    async def set_base_prices(self, prices: Sequence[BasePrice]) -> Sequence[PriceProblem]:
        """Set them (``POST /V1/products/base-prices``)."""
        body: Body = [{"sku": price.sku, "price": price.amount, "store_id": price.store} for price in prices]
        failed = await self._send("POST", "set_base_prices", BASE, body, prices)
        with self._afterwards("set_base_prices", prices):
            shown = await self.base_prices(_skus(prices))
        return _problems(_skus(prices), [price for price in prices if price not in shown], failed)

    async def special_prices(self, skus: Collection[str], zone: ZoneInfo) -> Sequence[SpecialPrice]:
        """Special prices (``POST /V1/products/special-price-information``)."""
        rows = await self._shown("special_prices", SPECIAL, SpecialPriceRow, skus)
        return tuple(
            SpecialPrice(row.sku, row.price, _bound(row.price_from, zone), _bound(row.price_to, zone), row.store_id)
            for row in rows
        )

    async def set_special_prices(self, prices: Sequence[SpecialPrice], zone: ZoneInfo) -> Sequence[PriceProblem]:
        """Set them (``POST /V1/products/special-price``), in whole seconds of the channel's clock.

        A bound that is left out stays as it was, so an old price with one that shall be open is taken away first.
        """
        there = await self.special_prices(_skus(prices), zone)
        await self._delete([old for old in there if any(_opens(price, old) for price in prices)], zone)
        body = [_special(price, zone) for price in prices]
        failed = await self._send("POST", "set_special_prices", SPECIAL, body, prices)
        with self._afterwards("set_special_prices", prices):
            shown = await self.special_prices(_skus(prices), zone)
        wrong = [price for price in prices if not any(_holds(price, one, zone) for one in shown)]
        return _problems(_skus(prices), wrong, failed)

    async def delete_special_prices(self, skus: Collection[str], zone: ZoneInfo) -> Sequence[PriceProblem]:
        """Take them away (``POST /V1/products/special-price-delete``, which wants the rows as they are)."""
        there = await self.special_prices(skus, zone)
        failed = await self._delete(there, zone)
        with self._afterwards("delete_special_prices", there):
            left = await self.special_prices(_skus(there), zone)
        return _problems(_skus(there), left, failed)

    async def tier_prices(self, skus: Collection[str]) -> Sequence[WebTierPrice]:
        """Tier prices (``POST /V1/products/tier-prices-information``) of the type ``fixed``."""
        rows = await self._shown("tier_prices", TIER, TierPriceRow, skus)
        fixed = [row for row in rows if row.price_type == FIXED]
        return tuple(
            WebTierPrice(row.sku, row.quantity, row.price, row.customer_group, row.website_id) for row in fixed
        )

    async def set_tier_prices(self, prices: Sequence[WebTierPrice]) -> Sequence[PriceProblem]:
        """Set them (``PUT /V1/products/tier-prices``), which takes away all others of the same SKUs."""
        body: Body = [
            {
                "sku": price.sku,
                "price": price.amount,
                "price_type": FIXED,
                "website_id": price.website,
                "customer_group": price.group,
                "quantity": price.quantity,
            }
            for price in prices
        ]
        failed = await self._send("PUT", "set_tier_prices", TIER, body, prices)
        with self._afterwards("set_tier_prices", prices):
            shown = await self.tier_prices(_skus(prices))
        return _problems(_skus(prices), [price for price in prices if price not in shown], failed)

    async def _delete(self, prices: Sequence[SpecialPrice], zone: ZoneInfo) -> Sequence[FailedPrice]:
        body = [_special(price, zone) for price in prices]
        return await self._send("POST", "delete_special_prices", f"{SPECIAL}-delete", body, prices)

    async def _send(
        self, method: Literal["POST", "PUT"], operation: str, path: str, body: Body, prices: Sequence[_Priced]
    ) -> Sequence[FailedPrice]:
        """What is refused of a batch; an empty one is not sent."""
        if not prices:
            return ()
        subject, send = named(_skus(prices)), self._client.post if method == "POST" else self._client.put
        content = await send(operation, subject, path, {"prices": body}, scope="all")
        return read_as(Rows[FailedPrice], content, f"{self._client.name}: {operation} for {subject}", done=True).root

    async def _shown(self, operation: str, path: str, model: type[Row], skus: Collection[str]) -> Sequence[Row]:
        if not skus:
            return ()
        subject, body = named(sorted(skus)), {"skus": sorted(skus)}
        content = await self._client.look_up(operation, subject, f"{path}-information", body, scope="all")
        what = f"{self._client.name}: {operation} for {subject}"
        rows: Sequence[Row] = read_as(Rows[model], content, what).root  # type: ignore[valid-type]
        return rows

    def _afterwards(self, operation: str, prices: Sequence[_Priced]) -> AbstractContextManager[None]:
        subject = named(_skus(prices)) if prices else "nothing"
        return afterwards(f"{self._client.name}: {operation} for {subject}")


def _skus(prices: Iterable[_Priced]) -> list[str]:
    return list(dict.fromkeys(price.sku for price in prices))


def _problems(batch: Sequence[str], wrong: Iterable[_Priced], failed: Sequence[FailedPrice]) -> Sequence[PriceProblem]:
    """One for each SKU whose price is not shown as it was sent: with what names that SKU, else with what names none."""
    said = [(one_line(row.text), {str(value) for value in row.values}) for row in failed]
    return tuple(PriceProblem(sku, _reason(sku, frozenset(batch), said)) for sku in _skus(wrong))


def _reason(sku: str, batch: frozenset[str], said: Sequence[tuple[str, set[str]]]) -> str:
    own = [text for text, values in said if sku in values]
    anyones = [text for text, values in said if not values & batch]
    return "; ".join(own or anyones) or "Magento says nothing, and shows another price than the one sent"


def _special(price: SpecialPrice, zone: ZoneInfo) -> dict[str, object]:
    bounds = {"price_from": price.starts_at, "price_to": price.ends_at}
    told = {name: write_time(moment, zone) for name, moment in bounds.items() if moment is not None}
    return {"sku": price.sku, "store_id": price.store, "price": price.amount, **told}


def _bound(text: str, zone: ZoneInfo) -> datetime | None:
    return read_time(text, zone) if text else None


def _opens(price: SpecialPrice, old: SpecialPrice) -> bool:
    """Whether a new price leaves a bound open that the old one of that product has."""
    if (price.sku, price.store) != (old.sku, old.store):
        return False
    return any(
        new is None and bound is not None
        for new, bound in ((price.starts_at, old.starts_at), (price.ends_at, old.ends_at))
    )


def _holds(price: SpecialPrice, shown: SpecialPrice, zone: ZoneInfo) -> bool:
    """Whether it is shown as it was sent. A start that is open may be shown as the moment at which it was sent."""
    wanted, there = _special(price, zone), _special(shown, zone)
    if price.starts_at is None:
        there.pop("price_from", None)
    return wanted == there
