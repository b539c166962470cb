"""The account map: which account of the shop's books takes what. One YAML file, written by whoever keeps the books."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.documents.base import Document

Account = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=159, pattern=r"^[^\t\r\n]+$")
]
"""An account as its program knows it: QuickBooks by name (``Income:Web sales``), Xero by code (``200``)."""


class Accounts(Document):
    """Accounts of everything that a journal splits."""

    sales: Account
    """Goods, before discounts and tax."""
    discounts: Account
    """What was granted on them and on shipping; a debit."""
    shipping: Account
    """What customers pay for delivery."""
    surcharges: Account
    """Other charges: gift wrap, fixed product taxes."""
    tax: Account
    """Tax of a jurisdiction that ``taxes`` does not name, and shipping's, whose rates Magento does not tell."""
    deposits: Account
    """Unshipped deposits: what has been paid and not shipped is owed to the customer. While it is on the debit side, it
    is goods that have left and are not paid yet."""
    gift_cards: Account
    """Gift-card liability: sold gift cards, until they are spent."""
    store_credit: Account
    """Liability for customers' store credit."""
    reward_points: Account
    """Liability for reward points."""
    refunds: Account
    """Goods, shipping and goodwill given back, before discounts and tax; a debit."""
    gateway_fees: Account
    """What payment gateways keep."""
    bank: Account
    """Where they pay out."""
    card: Account
    """Card money on its way from the gateway."""
    offline: Account
    """Checks, transfers, cash on delivery."""
    other: Account
    """Every other means of payment."""


class AccountMap(Document):
    """The whole map.

    Attributes:
        closed_until: the last day that is closed: what belongs to it or to an earlier day is posted to the day after.
        accounts: of every location that has none of its own.
        locations: Heartland location -> accounts that are its own, by the same names.
        taxes: code of a tax rate, as Magento has it (``US-CA-*-Rate 1``) -> account of its jurisdiction.
        xero_tax_rate: name of the tax rate in Xero for lines that it shall not compute tax on.
    """

    kind: Literal["account_map"]
    closed_until: date | None = None
    accounts: Accounts
    locations: dict[str, dict[str, Account]] = Field(default_factory=dict)
    taxes: dict[str, Account] = Field(default_factory=dict)
    xero_tax_rate: str = Field(default="Tax Exempt", min_length=1)
