"""A customer as the fields that two systems compare: what each means, and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.canonical import ConsentChannel, Customer
from streams.customer.addresses import NEW, AddressKey, plain_key
from streams.customer.consent import FIELD, SILENT, standing
from streams.customer.echo import Field, Projection, Side, Value
from streams.customer.email import normal_email

NAMES = ("first_name", "last_name", "company")


def trimmed(text: str) -> str:
    """A text without the blanks around it and in it twice, which no system keeps alike."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Reading:
    """How one side's customers are read.

    Attributes:
        side: whose they are.
        holds: the fields that this side can tell and be told. Magento keeps phones in addresses only.
        groups: this side's customer groups -> the codes that both are compared by, which are those of the side that
            follows. A group that is not in it is left out, so that it neither changes another nor is changed.
        phone: a phone number's meaning: E.164, if its country is known.
        address: an address's meaning.
    """

    side: Side
    holds: frozenset[str]
    groups: Mapping[str, str] = field(default_factory=dict)
    phone: Callable[[str], str] = trimmed
    address: AddressKey = plain_key


def group_tables(table: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """A table of customer groups, for the reading of the side that owns the group, and of the side that follows.

    Args:
        table: the owner's code -> the follower's. Several may lead to one.
    """
    return table, {code: code for code in table.values()}


def project(customer: Customer, reading: Reading) -> Projection:
    """The fields that this customer's side tells. One that it does not keep, or does not say, is left out."""
    side = reading.side
    told: dict[str, Field] = {name: _text(getattr(customer, name), trimmed, side) for name in NAMES}
    told["email"] = _text(customer.email, normal_email, side)
    told["phone"] = _text(customer.phone, reading.phone, side)
    told["addresses"] = frozenset(
        Value(reading.address(address), address.model_copy(update=NEW), side) for address in customer.addresses
    )
    for channel in ConsentChannel:
        said = standing(customer.consents, channel)
        told[FIELD + channel] = Value(said.given, said, side) if said else SILENT
    if customer.group in reading.groups:
        told["group"] = _text(reading.groups[customer.group], str, side)
    if customer.loyalty_points is not None:
        told["loyalty_points"] = Value(customer.loyalty_points, customer.loyalty_points, side)
    if customer.notes is not None:
        told["notes"] = _text(customer.notes, str, side)
    return {name: content for name, content in told.items() if name in reading.holds}


def _text(written: str, meaning: Callable[[str], str], side: Side) -> Value:
    return Value(meaning(written), written, side)
