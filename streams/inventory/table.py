"""The state of one SKU in the inventory table: what each web order holds of it in either system. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson

from schemas.canonical import LocationLevel, Selling, WebUnits

ZERO = Decimal(0)
RESOLUTION = timedelta(microseconds=1)

IDLE_KEPT = 50
"""Orders that hold nothing any more and are still remembered, so that an old telling of one does not revive it."""


@dataclass(frozen=True, slots=True)
class OrderUnits:
    """Units of one SKU in one web order, as both systems last told.

    Attributes:
        web_at, pos_at: when that side told last; None if it never did.
        web_location: the location that the channel ships from.
        pos_location: the location that the point of sale has booked it to; it wins.
        unshipped: left to ship in Magento.
        shipped, canceled, refunded: handed over, canceled, and given back there.
        committed, taken: what the point of sale holds for it, and has taken off its on hand for it.
    """

    web_at: datetime | None = None
    pos_at: datetime | None = None
    web_location: str = ""
    pos_location: str = ""
    unshipped: Decimal = ZERO
    shipped: Decimal = ZERO
    canceled: Decimal = ZERO
    refunded: Decimal = ZERO
    committed: Decimal = ZERO
    taken: Decimal = ZERO

    @property
    def location(self) -> str:
        """Where it ships from."""
        return self.pos_location or self.web_location

    @property
    def reserved(self) -> Decimal:
        """Committed here and reserved in Magento: both count the same pieces."""
        return min(self.committed, self.unshipped)

    @property
    def taken_unshipped(self) -> Decimal:
        """Taken off here, and still reserved in Magento."""
        return min(self.taken, self.unshipped - self.reserved)

    @property
    def idle(self) -> bool:
        """True if it changes no quantity: Magento has nothing left to ship and nothing is committed here."""
        return self.unshipped == ZERO and self.committed == ZERO

    @property
    def moved(self) -> Decimal:
        """Pieces that may have moved Magento's stock without our writing anything."""
        return self.shipped + self.canceled + self.refunded

    @property
    def last_at(self) -> datetime:
        """When either side told last."""
        return max(at for at in (self.web_at, self.pos_at) if at is not None)

    def told(self, units: WebUnits) -> OrderUnits:
        """With what one side tells; an older telling of that side changes nothing."""
        if units.side == "web":
            if self.web_at is not None and units.at < self.web_at:
                return self
            # Magento tells whole seconds, and moves none for many a shipment. What is left to ship only ever falls,
            # and what is shipped, canceled or refunded rises.
            again = units.at == self.web_at
            return replace(
                self,
                web_at=units.at,
                web_location=units.location,
                unshipped=min(units.unshipped, self.unshipped) if again else units.unshipped,
                shipped=max(units.shipped, self.shipped) if again else units.shipped,
                canceled=max(units.canceled, self.canceled) if again else units.canceled,
                refunded=max(units.refunded, self.refunded) if again else units.refunded,
            )
        if self.pos_at is not None and units.at < self.pos_at:
            return self
        return replace(self, pos_at=units.at, pos_location=units.location, committed=units.committed, taken=units.taken)


@dataclass(frozen=True, slots=True)
class SkuState:
    """What is known of a SKU.

    Attributes:
        orders: web orders that hold it, by the order's ref.
        changed: when its stock changed last, by location: a reading from before that lags behind.
        read_at: version of the last reading; None if there was none.
        forgotten: pieces that orders had moved which are not remembered any more.
        oversold: whether that reading found pieces missing, which is kept until one finds that none are.
        selling: whether the point of sale sells it at all, as it told last.
        ceilings: of a SKU that is not sold any more, the fewest pieces that each location has had on hand since.
    """

    orders: Mapping[str, OrderUnits] = field(default_factory=lambda: MappingProxyType({}))
    changed: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    read_at: datetime | None = None
    forgotten: Decimal = ZERO
    oversold: bool = False
    selling: Selling | None = None
    ceilings: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def moved(self) -> Decimal:
        """Pieces that the web store has shipped, canceled and given money back for, ever."""
        return self.forgotten + sum((units.moved for units in self.orders.values()), ZERO)

    @property
    def seen_at(self) -> datetime | None:
        """When it was read last, or its stock changed last; None if neither is known."""
        return max((at for at in (self.read_at, *self.changed.values()) if at is not None), default=None)

    def apply(self, units: WebUnits) -> SkuState:
        """With what one side tells about one order. The same telling twice changes nothing."""
        known = self.orders.get(units.order, OrderUnits())
        told = known.told(units)
        if told == known:
            return self
        orders = dict(self.orders) | {units.order: told}
        forgotten = self.forgotten + sum((orders.pop(order).moved for order in _old_idle(orders)), ZERO)
        return replace(self, orders=orders, forgotten=forgotten)

    def told(self, selling: Selling | None) -> SkuState:
        """With whether it is sold at all; an older telling changes nothing, and what is sold again has no ceilings."""
        if selling is None or (self.selling is not None and selling.at < self.selling.at):
            return self
        return replace(self, selling=selling, ceilings=MappingProxyType({}) if selling.active else self.ceilings)

    def counted(self, levels: Iterable[LocationLevel]) -> SkuState:
        """With what is on hand now: if the SKU is not sold any more, no location may have more than that later."""
        if self.selling is None or self.selling.active:
            return self
        fewest = {
            level.location: min(level.on_hand, self.ceilings.get(level.location, level.on_hand)) for level in levels
        }
        return replace(self, ceilings={**self.ceilings, **fewest})

    def knows_change(self, location: str, at: datetime | None) -> SkuState:
        """With a change of stock that something told of; what is older than a known one changes nothing."""
        if at is None or at <= self.changed.get(location, at - RESOLUTION):
            return self
        return replace(self, changed={**self.changed, location: at})

    def lagging(self, levels: Iterable[LocationLevel]) -> str:
        """The first location whose reading is from before a known change; empty if none is."""
        for level in levels:
            known = self.changed.get(level.location)
            if known is not None and level.updated_at is not None and level.updated_at < known:
                return level.location
        return ""

    def next_reading(self, now: datetime) -> datetime:
        """Version of a reading that begins now: the time, but always later than the last version.

        Workers' clocks differ: after a hand-over to one that is behind, new stock must not look older than what the
        worker before it has published.
        """
        return now if self.read_at is None else max(now, self.read_at + RESOLUTION)

    def to_json(self) -> bytes:
        """As the table keeps it."""
        values: dict[str, Any] = {
            "orders": {order: _row(units) for order, units in self.orders.items()},
            "changed": {location: at.isoformat() for location, at in self.changed.items()},
            "read_at": self.read_at.isoformat() if self.read_at else "",
        }
        if self.forgotten:
            values["forgotten"] = str(self.forgotten)
        if self.oversold:
            values["oversold"] = True
        if self.selling is not None:
            values["selling"] = self.selling.model_dump(mode="json")
        if self.ceilings:
            values["ceilings"] = {location: str(most) for location, most in self.ceilings.items()}
        return orjson.dumps(values)

    @classmethod
    def from_json(cls, value: bytes | None) -> SkuState:
        """Read what ``to_json`` wrote, also an earlier version's; None is a SKU of which nothing is known."""
        if value is None:
            return cls()
        told = orjson.loads(value)
        orders = {order: _units(row) for order, row in told["orders"].items()}
        changed = {location: datetime.fromisoformat(at) for location, at in told.get("changed", {}).items()}
        selling = Selling.model_validate_json(orjson.dumps(told["selling"])) if "selling" in told else None
        ceilings = {location: Decimal(most) for location, most in told.get("ceilings", {}).items()}
        forgotten, oversold = Decimal(told.get("forgotten", "0")), told.get("oversold", False)
        return cls(orders, changed, _moment(told.get("read_at")), forgotten, oversold, selling, ceilings)


def _old_idle(orders: Mapping[str, OrderUnits]) -> list[str]:
    """The idle orders that are too many to be remembered, the oldest."""
    idle = [order for order, units in orders.items() if units.idle]
    excess = max(0, len(idle) - IDLE_KEPT)
    return sorted(idle, key=lambda order: (orders[order].last_at, order))[:excess]


def _row(units: OrderUnits) -> dict[str, Any]:
    """Only what differs from the default: thousands of rows stay small."""
    values: dict[str, Any] = {
        "web_at": units.web_at.isoformat() if units.web_at else "",
        "pos_at": units.pos_at.isoformat() if units.pos_at else "",
        "web_location": units.web_location,
        "pos_location": units.pos_location,
        "unshipped": str(units.unshipped) if units.unshipped else "",
        "shipped": str(units.shipped) if units.shipped else "",
        "canceled": str(units.canceled) if units.canceled else "",
        "refunded": str(units.refunded) if units.refunded else "",
        "committed": str(units.committed) if units.committed else "",
        "taken": str(units.taken) if units.taken else "",
    }
    return {name: value for name, value in values.items() if value}


def _units(row: Mapping[str, str]) -> OrderUnits:
    return OrderUnits(
        web_at=_moment(row.get("web_at")),
        pos_at=_moment(row.get("pos_at")),
        web_location=row.get("web_location", ""),
        pos_location=row.get("pos_location", ""),
        unshipped=Decimal(row.get("unshipped", "0")),
        shipped=Decimal(row.get("shipped", "0")),
        canceled=Decimal(row.get("canceled", "0")),
        refunded=Decimal(row.get("refunded", "0")),
        committed=Decimal(row.get("committed", "0")),
        taken=Decimal(row.get("taken", "0")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
