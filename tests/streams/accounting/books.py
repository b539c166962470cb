"""A sale and its parts, as short as the books need them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from schemas.canonical import Payment, Refund, Sale, Shipment
from schemas.canonical.payment import PaymentKind, PaymentLine, PaymentState
from schemas.canonical.sale import (
    ExportDecision,
    Fee,
    Line,
    LineKind,
    SaleCustomer,
    Shipping,
    TaxPart,
    Tender,
    TenderKind,
    Totals,
)
from schemas.canonical.shipment import ShipmentLine
from tests.twins.clock import START

D = Decimal
ZERO = D(0)
SALE = "web:order:7"
MAP = """
kind: account_map
accounts:
  sales: Sales
  discounts: Discounts
  shipping: Shipping
  surcharges: Surcharges
  tax: Tax
  deposits: Deposits
  gift_cards: Gift cards
  store_credit: Store credit
  reward_points: Points
  refunds: Refunds
  gateway_fees: Fees
  bank: Bank
  card: Card
  offline: Checks
  other: Other
"""


def line(number: int = 1, pieces: str = "2", price: str = "10.00", **changes: Any) -> Line:
    values: dict[str, Any] = {
        "line_id": str(number),
        "kind": LineKind.SIMPLE,
        "sku": f"S{number}",
        "quantity": D(pieces),
        "unit_price": D(price),
        "discount": ZERO,
        "tax": ZERO,
    }
    return Line(**values | changes)


def a_sale(
    *lines: Line,
    shipping: str = "0",
    shipping_tax: str = "0",
    tenders: tuple[Tender, ...] = (),
    fees: tuple[Fee, ...] = (),
) -> Sale:
    goods = sum((one.unit_price * one.quantity for one in lines), ZERO)
    off = sum((one.discount for one in lines), ZERO)
    tax = sum((one.tax for one in lines), D(shipping_tax)) + sum((fee.tax for fee in fees), ZERO)
    charged = sum((fee.amount for fee in fees), ZERO)
    total = goods - off + tax + D(shipping) + charged
    return Sale(
        ref=SALE,
        number="7",
        public_id="W-7",
        channel="main",
        placed_at=START,
        updated_at=START,
        currency="USD",
        state="processing",
        status="processing",
        export=ExportDecision(allowed=True),
        customer=SaleCustomer(guest=True),
        lines=lines,
        shipping=Shipping(amount=D(shipping), discount=ZERO, tax=D(shipping_tax)),
        fees=fees,
        tenders=tenders,
        totals=Totals(lines=goods, discount=off, tax=tax, shipping=D(shipping), fees=charged, total=total, due=ZERO),
    )


def tax(code: str, amount: str) -> TaxPart:
    return TaxPart(code=code, percent=D(1), amount=D(amount))


def _part(kind: str, number: int) -> dict[str, Any]:
    return {
        "ref": f"web:{kind}:{number}",
        "sale": SALE,
        "sale_number": "7",
        "number": str(number),
        "channel": "main",
        "updated_at": START,
    }


def payment(amount: str, hours: int = 1, lines: tuple[PaymentLine, ...] = (), **changes: Any) -> Payment:
    values: dict[str, Any] = {
        "kind": PaymentKind.SALE,
        "state": PaymentState.SUCCEEDED,
        "amount": D(amount),
        "currency": "USD",
        "tender": TenderKind.CARD,
        "method": "braintree",
        "lines": lines,
        "at": START + timedelta(hours=hours),
    }
    return Payment(**_part("invoice", hours), **values | changes)


def shipment(hours: int, pieces: dict[int, str], location: str = "MAIN") -> Shipment:
    return Shipment(
        **_part("shipment", hours),
        location=location,
        lines=tuple(ShipmentLine(line_id=str(number), quantity=D(one)) for number, one in pieces.items()),
        shipped_at=START + timedelta(hours=hours),
    )


def refund(hours: int, **parts: Any) -> Refund:
    return Refund(
        **_part("credit_memo", hours), currency="USD", offline=True, refunded_at=START + timedelta(hours=hours), **parts
    )
