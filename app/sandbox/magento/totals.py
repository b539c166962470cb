"""What a cart costs: Magento's sums, to the cent.

Prices exclude tax. Tax and discount are rounded per line, and what rounding took or gave is carried to the next line
(Magento's default, "total" based calculation), so that the lines always add up to the rounded whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.sandbox.magento.shop import money

TAX_PERCENT = Decimal("8.25")
TAX_CODE = "US-TX-8.25"
TAXED_REGION = "TX"

COUPONS = {"TEN": Decimal(10), "THIRD": Decimal("33.33")}
"""Coupon code -> percent off every line."""


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a cart: unit price without tax, and units."""

    price: Decimal
    qty: Decimal
    is_virtual: bool = False


@dataclass(frozen=True, slots=True)
class LineTotals:
    """One line's sums.

    Attributes:
        row_total: price times units, before discount.
        discount: positive.
        tax: on the row after discount.
        row_total_incl_tax: before discount, with the tax before discount.
        price_incl_tax: of one unit.
    """

    row_total: Decimal
    discount: Decimal
    tax: Decimal
    row_total_incl_tax: Decimal
    price_incl_tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """A cart's sums. ``discount`` and ``gift_cards`` are positive; ``grand_total`` is what is left to pay."""

    lines: tuple[LineTotals, ...]
    subtotal: Decimal
    subtotal_incl_tax: Decimal
    discount: Decimal
    tax: Decimal
    shipping: Decimal
    gift_cards: Decimal
    grand_total: Decimal


class _Carry:
    """Rounds one amount after the other and carries the difference."""

    def __init__(self) -> None:
        self._rest = Decimal(0)

    def round(self, amount: Decimal) -> Decimal:
        exact = amount + self._rest
        rounded = money(exact)
        self._rest = exact - rounded
        return rounded


def compute_totals(
    lines: Sequence[CartLine],
    *,
    tax_percent: Decimal,
    discount_percent: Decimal,
    gift_card_balance: Decimal,
    shipping_fee: Decimal,
) -> Totals:
    """The sums of a cart; the fee is per unit of goods, gift cards pay as much as their balance covers."""
    discounts, taxes, full_taxes = _Carry(), _Carry(), _Carry()
    computed = []
    for line in lines:
        row_total = money(line.price * line.qty)
        discount = discounts.round(row_total * discount_percent / 100)
        computed.append(
            LineTotals(
                row_total=row_total,
                discount=discount,
                tax=taxes.round((row_total - discount) * tax_percent / 100),
                row_total_incl_tax=row_total + full_taxes.round(row_total * tax_percent / 100),
                price_incl_tax=money(line.price * (1 + tax_percent / 100)),
            )
        )
    shipping = shipping_fee * sum((line.qty for line in lines if not line.is_virtual), Decimal(0))
    subtotal = sum((line.row_total for line in computed), Decimal(0))
    discount = sum((line.discount for line in computed), Decimal(0))
    tax = sum((line.tax for line in computed), Decimal(0))
    owed = subtotal - discount + tax + shipping
    gift_cards = min(owed, gift_card_balance)
    return Totals(
        lines=tuple(computed),
        subtotal=subtotal,
        subtotal_incl_tax=sum((line.row_total_incl_tax for line in computed), Decimal(0)),
        discount=discount,
        tax=tax,
        shipping=money(shipping),
        gift_cards=gift_cards,
        grand_total=owed - gift_cards,
    )
