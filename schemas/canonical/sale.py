"""A sale: an order with its lines, tax, shipping, fees and tenders, and what becomes of it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.canonical.base import Canonical, Money, Quantity, RefText


class Address(Canonical):
    """A postal address, as the customer wrote it."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""


class SaleCustomer(Canonical):
    """Who bought. ``guest`` orders go to the shared "Web guest" unless a policy says otherwise."""

    guest: bool
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    native_id: str = ""
    """The customer's id in the source system; empty for a guest."""


class TaxPart(Canonical):
    """One rate's share of a line's or shipping's tax, as the source charged it."""

    code: str
    percent: Money
    amount: Money


class LineKind(StrEnum):
    """What a line is; it decides how it is refunded and shipped."""

    SIMPLE = "simple"
    CONFIGURABLE = "configurable"
    VIRTUAL = "virtual"
    BUNDLE_COMPONENT = "bundle_component"
    GROUPED = "grouped"
    DOWNLOADABLE = "downloadable"
    GIFT_CARD = "gift_card"


class Line(Canonical):
    """One sellable line: the SKU that leaves the shelf. A configurable is one line with its child's SKU.

    Attributes:
        line_id: the source's line id that refunds and shipments name (Magento: the parent's item_id).
        sku: the SKU in the source; an alias may name another in the target.
        product_id: the source's product id of the piece that leaves (Magento: the child's).
        unit_price: net of tax, gross of discount.
        discount: for the whole line, positive.
        tax: for the whole line, as charged.
        quantity, canceled, shipped, refunded: pieces.
    """

    line_id: str
    kind: LineKind
    sku: str
    product_id: str = ""
    name: str = ""
    quantity: Quantity
    unit_price: Money
    discount: Money
    tax: Money
    taxes: tuple[TaxPart, ...] = ()
    canceled: Quantity = Decimal(0)
    shipped: Quantity = Decimal(0)
    refunded: Quantity = Decimal(0)


class Shipping(Canonical):
    """What delivery costs, and how it goes out."""

    method: str = ""
    description: str = ""
    amount: Money
    discount: Money
    tax: Money
    pickup_location: str = ""
    """Magento's pickup_location_code: the customer collects at that store."""


class Fee(Canonical):
    """A named charge beside the lines: gift wrap, weee, surcharge."""

    name: str
    amount: Money
    tax: Money


class TenderKind(StrEnum):
    """How a part of the sale is paid."""

    CARD = "card"
    OFFLINE = "offline"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    REWARD_POINTS = "reward_points"
    OTHER = "other"


class Tender(Canonical):
    """One payment that has been received. Never a card number: ``reference`` is a gateway id or last four."""

    kind: TenderKind
    method: str
    amount: Money
    reference: str = ""


class Totals(Canonical):
    """The sale's sums in its currency: total = lines - discount + tax + shipping + fees = tenders + due + canceled.

    Attributes:
        discount: of the lines and of shipping.
        tax: of the lines, shipping and fees.
        total: as it was placed.
        due: still to be paid.
        canceled: no longer to be paid, because units or the whole order were canceled unpaid.
    """

    lines: Money
    discount: Money
    tax: Money
    shipping: Money
    fees: Money
    total: Money
    due: Money
    canceled: Money = Decimal(0)


class ExportDecision(Canonical):
    """Whether the sale may be created in the other system now, and if not, why."""

    allowed: bool
    reason: str = ""


class Sale(Canonical):
    """An order as both systems understand it.

    Attributes:
        ref: ``connection:order:native id``; the key of its topic.
        number: what a person calls it (Magento's increment id).
        public_id: channel prefix + number: Heartland's public id / ExternalID.
        channel: name of the channel in the settings.
        state: the source's state, lower case; drives logic (statuses are merchant-extensible).
        status: the source's status code.
    """

    schema_version: Literal[1] = 1
    ref: RefText
    number: str
    public_id: str
    channel: str
    placed_at: AwareDatetime
    updated_at: AwareDatetime
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    state: str
    status: str
    export: ExportDecision
    customer: SaleCustomer
    billing: Address | None = None
    shipping_address: Address | None = None
    lines: tuple[Line, ...] = Field(min_length=1)
    shipping: Shipping
    fees: tuple[Fee, ...] = ()
    tenders: tuple[Tender, ...] = ()
    totals: Totals
    predecessor: str = ""
    """Magento's relation_parent_real_id: this order replaces an edited one."""


class OrderStatus(Canonical):
    """What became of a sale in the other system: its number and status there.

    Attributes:
        sale: ref of the sale in the system where it was placed (``web:order:42``).
        sale_number: its number there.
        ref: ref of the order in the other system (``pos:order:17``).
        number: its number in the other system.
        status: the other system's status word (Heartland: ``Open``, ``Fulfilled`` ...).
    """

    schema_version: Literal[1] = 1
    sale: RefText
    sale_number: str
    ref: RefText
    number: str
    status: str
    updated_at: AwareDatetime
