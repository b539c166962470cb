"""A target's customers, as they are stored and as they shall be: what a write of some fields sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.canonical import Customer, CustomerAddress
from streams.customer.addresses import USES, AddressList, final_list
from streams.customer.agreement import Change
from streams.customer.echo import Side, Value, members
from streams.deliver.customer_reading import address_meaning
from streams.deliver.operations import Operation

ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer as the target has it, and the document that told it."""

    customer: Customer
    document: Mapping[str, Any]


class CustomerBook(Protocol):
    """One target's customers."""

    @property
    def side(self) -> Side:
        """Which side it is."""
        ...

    @property
    def update(self) -> Operation:
        """How its write is declared."""
        ...

    async def stored(self, native_id: str) -> Stored | None:
        """A customer as it is now."""
        ...

    async def document(
        self, flow: str, stored: Stored, changes: Mapping[str, Change]
    ) -> tuple[Mapping[str, object], Sequence[str]]:
        """What to send so that those fields are as wanted, nothing if it is empty; and what could not be done, for the
        journal."""
        ...

    async def write(self, native_id: str, document: Mapping[str, object]) -> Stored:
        """Write it. Safe to repeat."""
        ...


def texts_of(changes: Mapping[str, Change]) -> dict[str, object]:
    """The fields that hold one value, as it is written."""
    return {name: change.wanted.shown for name, change in changes.items() if isinstance(change.wanted, Value)}


def addresses_of(stored: Stored, change: Change, wanted: Sequence[CustomerAddress], most: int | None) -> AddressList:
    """The list of addresses to write, made of what is stored right now.

    Args:
        stored: the target's customer.
        change: what shall be and what shall go.
        wanted: those of `wanted_addresses` that the target takes.
        most: as many as it takes; None for any number.
    """
    gone = [_address(one) for one in change.gone]
    return final_list(stored.customer.addresses, wanted, gone, key=address_meaning, most=most)


def wanted_addresses(change: Change) -> list[CustomerAddress]:
    """The addresses that are wanted, always in one order."""
    return sorted((_address(one) for one in members(change.wanted)), key=lambda address: repr(address_meaning(address)))


def as_they_are(
    mapped: Sequence[Any], addresses: AddressList, stored: Stored, documents: Sequence[Any]
) -> list[dict[str, Any]]:
    """The list as it is sent: an address that stays goes back as the target told it, with all that nobody maps.

    Args:
        mapped: the whole list as the ``out`` mapping made it.
        addresses: that list, before.
        stored: what the target has.
        documents: its addresses as it told them, in the same order.
    """
    if len(documents) != len(stored.customer.addresses) or len(mapped) != len(addresses.addresses):
        return list(mapped)
    told = list(zip(stored.customer.addresses, documents, strict=True))
    sent = []
    for made, address in zip(mapped, addresses.addresses, strict=True):
        known = next((document for one, document in told if _same(one, address)), None)
        flags = {use: True for use in USES if getattr(address, use)}
        sent.append(made if known is None else {**known, **flags})
    return sent


def _same(stored: CustomerAddress, address: CustomerAddress) -> bool:
    return stored.native_id == address.native_id if stored.native_id else stored == address


def _address(value: Value) -> CustomerAddress:
    if not isinstance(value.shown, CustomerAddress):
        raise TypeError(f"{type(value.shown).__name__} is no address")
    return value.shown
