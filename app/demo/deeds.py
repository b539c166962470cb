"""What the shop did, written down as it did it: the auditor's only word on what should be true."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter


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
    kind: Literal["order"] = "order"


@dataclass(frozen=True, slots=True)
class CanceledOrder:
    """The web team cancelled it before anything left: cancelled in the point of sale, or never created there."""

    number: str
    kind: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True)
class Invoiced:
    """The web team took money for an order; ``total`` is what all its invoices come to now."""

    number: str
    total: Decimal
    kind: Literal["invoice"] = "invoice"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Goods of an order left, at the till or in the web store, or got their tracking number; empty without one."""

    number: str
    track: str = ""
    kind: Literal["parcel"] = "parcel"


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Money of an order went back, by a credit memo or at the till."""

    number: str
    amount: Decimal
    kind: Literal["refund"] = "refund"


class Side(StrEnum):
    """Where a customer was changed."""

    WEB = "web"
    TILL = "till"


class CustomerField(StrEnum):
    """What of a customer changed."""

    EMAIL = "email"
    LAST_NAME = "last name"
    STREET = "street"
    """One more address, in that street."""
    STREET_GONE = "street gone"
    """The address in that street is no more."""


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """Somebody opened an account in the web store, with one address."""

    account: str
    email: str
    first_name: str
    last_name: str
    street: str
    kind: Literal["account"] = "account"


@dataclass(frozen=True, slots=True)
class ChangedCustomer:
    """Something of a customer with an account changed; not ``sure`` if the shop saw no answer."""

    account: str
    by: Side
    what: CustomerField
    value: str
    sure: bool = True
    kind: Literal["customer"] = "customer"


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A new item at the point of sale."""

    sku: str
    name: str
    kind: Literal["made"] = "made"


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """An item has another price at the point of sale."""

    sku: str
    kind: Literal["priced"] = "priced"


@dataclass(frozen=True, slots=True)
class RenamedProduct:
    """An item has another name at the point of sale; the web store keeps ``before``."""

    sku: str
    before: str
    kind: Literal["renamed"] = "renamed"


@dataclass(frozen=True, slots=True)
class StockChange:
    """A change of stock that the shop made in store."""

    sku: str
    location: str
    kind: Literal["stock"] = "stock"


@dataclass(frozen=True, slots=True)
class InvalidEvent:
    """An event that no system sends, and that must end in review; ``subject`` is what review calls it."""

    subject: str
    receipt_id: str
    kind: Literal["invalid"] = "invalid"


Deed = (
    PlacedOrder
    | CanceledOrder
    | Invoiced
    | Parcel
    | GivenBack
    | OpenedAccount
    | ChangedCustomer
    | MadeProduct
    | PricedProduct
    | RenamedProduct
    | StockChange
    | InvalidEvent
)
_DEED: TypeAdapter[Deed] = TypeAdapter(Annotated[Deed, Field(discriminator="kind")])


@dataclass(frozen=True, slots=True)
class Deeds:
    """All that the shop did.

    Attributes:
        orders: by number.
        cancels: numbers.
        invoices: what the invoices of an order come to, by number.
        parcels: number and track.
        accounts: by id.
        made, renamed: by SKU; of the renamed ones the web store's name.
    """

    orders: dict[str, PlacedOrder] = field(default_factory=dict)
    cancels: set[str] = field(default_factory=set)
    invoices: dict[str, Decimal] = field(default_factory=dict)
    parcels: list[tuple[str, str]] = field(default_factory=list)
    refunds: list[GivenBack] = field(default_factory=list)
    accounts: dict[str, OpenedAccount] = field(default_factory=dict)
    customers: list[ChangedCustomer] = field(default_factory=list)
    made: dict[str, MadeProduct] = field(default_factory=dict)
    priced: list[PricedProduct] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    stock: list[StockChange] = field(default_factory=list)
    invalid: list[InvalidEvent] = field(default_factory=list)

    def add(self, deed: Deed) -> None:  # noqa: C901 - one line per kind
        """One more deed; a later one about an order replaces the earlier one."""
        match deed:
            case PlacedOrder():
                self.orders[deed.number] = deed
            case CanceledOrder():
                self.cancels.add(deed.number)
            case Invoiced():
                self.invoices[deed.number] = deed.total
            case Parcel():
                self.parcels.append((deed.number, deed.track))
            case GivenBack():
                self.refunds.append(deed)
            case OpenedAccount():
                self.accounts[deed.account] = deed
            case ChangedCustomer():
                self.customers.append(deed)
            case MadeProduct():
                self.made[deed.sku] = deed
            case PricedProduct():
                self.priced.append(deed)
            case RenamedProduct():
                self.renamed.setdefault(deed.sku, deed.before)
            case StockChange():
                self.stock.append(deed)
            case InvalidEvent():
                self.invalid.append(deed)


class DeedsFile:
    """One line of JSON per deed, flushed at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, deed: Deed) -> None:
        """Append one deed."""
        with self._path.open("ab") as file:
            file.write(_DEED.dump_json(deed) + b"\n")

    def read(self) -> Deeds:
        """All deeds so far."""
        deeds = Deeds()
        if self._path.exists():
            with self._path.open("rb") as file:
                for line in file:
                    deeds.add(_DEED.validate_json(line))
        return deeds
