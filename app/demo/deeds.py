"""What the shop did, written down as it did it: the auditor's only word on what should be true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any


class Expect(StrEnum):
    """What shall become of an order."""

    EXPORTED = "exported"
    """Once in the point of sale, with its number and status back in the web store."""
    WITHHELD = "withheld"
    """Not in the point of sale: it is not paid, nor by a method whose money comes later."""
    REVIEW = "review"
    """Not in the point of sale: held for a person."""


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """A web order as the shop placed it. Lines are (SKU, quantity, unit price)."""

    number: str
    total: Decimal
    email: str
    lines: tuple[tuple[str, Decimal, Decimal], ...]
    expect: Expect
    kind: str = "order"


@dataclass(frozen=True, slots=True)
class StockChange:
    """A change of stock that the shop made in store."""

    sku: str
    location: str
    kind: str = "stock"


@dataclass(frozen=True, slots=True)
class InvalidEvent:
    """An event that no system sends, and that must end in review; ``subject`` is what review calls it."""

    subject: str
    receipt_id: str
    kind: str = "invalid"


Deed = PlacedOrder | StockChange | InvalidEvent


@dataclass(frozen=True, slots=True)
class Deeds:
    """All that the shop did."""

    orders: dict[str, PlacedOrder] = field(default_factory=dict)
    stock: list[StockChange] = field(default_factory=list)
    invalid: list[InvalidEvent] = field(default_factory=list)


class DeedsFile:
    """One line of JSON per deed, flushed at once; a later line about an order replaces the earlier one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, deed: Deed) -> None:
        """Append one deed."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(deed), default=str) + "\n")

    def read(self) -> Deeds:
        """All deeds so far."""
        deeds = Deeds()
        for line in self._lines():
            match line.pop("kind"):
                case "order":
                    order = _order(line)
                    deeds.orders[order.number] = order
                case "stock":
                    deeds.stock.append(StockChange(**line))
                case _:
                    deeds.invalid.append(InvalidEvent(**line))
        return deeds

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def _order(line: dict[str, Any]) -> PlacedOrder:
    return PlacedOrder(
        number=line["number"],
        total=Decimal(line["total"]),
        email=line["email"],
        lines=tuple((sku, Decimal(quantity), Decimal(price)) for sku, quantity, price in line["lines"]),
        expect=Expect(line["expect"]),
    )
