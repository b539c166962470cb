"""A customer: an account in the web store, or a profile in the point of sale."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from schemas.canonical.base import Canonical, Quantity, RefText, refuse_twice
from schemas.canonical.sale import Address


class CustomerAddress(Address):
    """An address in a customer's book.

    Attributes:
        native_id: by which it stays when the whole list is written (Magento); empty where addresses have none
            (Heartland), and for a new one.
        default_billing, default_shipping: whether it is the customer's default.
    """

    native_id: str = ""
    default_billing: bool = False
    default_shipping: bool = False


class ConsentChannel(StrEnum):
    """A way to reach a customer; consent to one says nothing about another."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    POST = "post"


class Consent(Canonical):
    """What a customer said about being contacted: an opt-in or an opt-out. That nothing is said is never an opt-in.

    Attributes:
        given: False is an opt-out.
        source: where it was said: ``web:newsletter``, ``pos:till 3``.
        at: when it was said; where a system doesn't tell, when it was first seen there.
    """

    channel: ConsentChannel
    given: bool
    source: str = Field(min_length=1)
    at: AwareDatetime


class Customer(Canonical):
    """One customer as one system tells it. Which of its fields the other system may be told is the flow's.

    A guest is no customer: an order tells it (`schemas.canonical.sale.SaleCustomer`).

    Attributes:
        ref: ``connection:customer:native id``. Never the key of its topic, which is the canonical id in the links: it
            outlives a change of e-mail and a merge.
        channel: the channel in which the account was made; empty for a profile of the point of sale.
        website: Magento's website id: an e-mail address has one account on each; empty for a profile.
        external_id: the other system's name for it, where this one keeps such (Heartland's ExternalID).
        email: as the customer wrote it; only for matching.
        phone: as it was written; Magento keeps phones in addresses only, so an account's is its billing address's.
        group: the customer group's code in its own system; the other's follows by table only.
        tax_class: the tax class's code in its own system; by table only.
        consents: one for each channel and source.
        loyalty_points: the balance in the point of sale, which is the ledger; None if the system does not say.
        notes: what the store's staff wrote about the customer; None if the system has none.
        active: not closed. Nothing is deleted.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_version: Literal[1] = 1
    ref: RefText
    channel: str = ""
    website: str = ""
    external_id: str = ""
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    group: str = ""
    tax_class: str = ""
    addresses: tuple[CustomerAddress, ...] = ()
    consents: tuple[Consent, ...] = ()
    loyalty_points: Quantity | None = None
    notes: str | None = None
    active: bool = True
    updated_at: AwareDatetime

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        refuse_twice("the address", (address.native_id for address in self.addresses if address.native_id))
        refuse_twice("the consent", (f"{consent.channel} from {consent.source}" for consent in self.consents))
        for use in ("billing", "shipping"):
            if sum(getattr(address, f"default_{use}") for address in self.addresses) > 1:
                raise ValueError(f"more than one address is the default for {use}")
        return self
