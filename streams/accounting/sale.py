"""The bookings of one sale, from its payments, shipments and refunds in the order in which they happened.

Charges are shipping and surcharges. A sale is earned when its goods leave. Until then what was paid for them is a
deposit, owed to the customer:

| event | debit | credit |
|---|---|---|
| placed with gift card, credit, points | their liability | deposits |
| payment | the tender | deposits |
| shipment; payment of what is never shipped | deposits, discounts | sales, tax by jurisdiction, once also charges |
| refund of what had left | refunds, tax | discounts, tenders |
| refund of what had not left | deposits | tenders |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas.canonical import Payment, Refund, Sale, Shipment
from schemas.canonical.part import PartOfLine
from schemas.canonical.payment import PaymentKind, PaymentState
from schemas.canonical.refund import RefundLine
from schemas.canonical.sale import Line, LineKind, TenderKind
from streams.accounting.booking import TENDERS, ZERO, Booking, Movement, Role, against
from streams.sale.lines import line_amount
from streams.sale.refunded import refunded_part

NEVER_SHIPPED = frozenset({LineKind.VIRTUAL, LineKind.DOWNLOADABLE, LineKind.GIFT_CARD})
PREPAID = frozenset({TenderKind.GIFT_CARD, TenderKind.STORE_CREDIT, TenderKind.REWARD_POINTS})
"""Tenders that are spent when the order is placed, and have no payment of their own in Magento."""
TAKEN = frozenset({PaymentKind.SALE, PaymentKind.CAPTURE})

Part = Payment | Shipment | Refund


@dataclass(frozen=True, slots=True)
class History:
    """A sale with all that became of it.

    Attributes:
        location: that sold it; a shipment's own counts for what it earns.
    """

    sale: Sale
    location: str
    parts: Sequence[Part] = ()


def bookings_of(history: History) -> tuple[Booking, ...]:
    """All bookings of a sale, the oldest first."""
    return tuple(_Ledger(history).bookings())


@dataclass(slots=True)
class _Ledger:
    """What of a sale is earned and given back so far, by line.

    Attributes:
        earned: pieces whose money is no deposit any more.
        refunded: pieces whose money went back.
        begun: shipping and surcharges are earned.
    """

    history: History
    earned: dict[str, Decimal] = field(default_factory=dict)
    refunded: dict[str, Decimal] = field(default_factory=dict)
    begun: bool = False

    def bookings(self) -> Iterator[Booking]:
        yield from self._placed()
        for part in sorted(self.history.parts, key=_moment):
            match part:
                case Payment() if part.state is PaymentState.SUCCEEDED and part.kind in TAKEN:
                    yield from self._paid(part)
                case Shipment():
                    lines = ((self._line(one), one.quantity) for one in part.lines)
                    movements = self._earn((line, pieces) for line, pieces in lines if line is not None)
                    yield from self._booking("shipment", part, part.shipped_at, against(Role.DEPOSITS, movements))
                case Refund():
                    yield from self._booking("refund", part, part.refunded_at, self._give_back(part))

    def _placed(self) -> Iterator[Booking]:
        sale = self.history.sale
        spent = [tender for tender in sale.tenders if tender.kind in PREPAID and tender.amount]
        if spent and sale.state != "canceled":
            movements = against(Role.DEPOSITS, (Movement(TENDERS[tender.kind], tender.amount) for tender in spent))
            yield Booking(f"order {sale.number}", sale.placed_at, self.history.location, sale.currency, movements)

    def _paid(self, payment: Payment) -> Iterator[Booking]:
        movements = against(Role.DEPOSITS, [Movement(TENDERS[payment.tender], payment.amount)])
        yield from self._booking("payment", payment, payment.at, movements)
        lines = ((self._line(one), one.quantity) for one in payment.lines)
        delivered = [(line, pieces) for line, pieces in lines if line is not None and line.kind in NEVER_SHIPPED]
        if delivered:
            earned = against(Role.DEPOSITS, self._earn(delivered))
            yield from self._booking("delivery by payment", payment, payment.at, earned)

    def _earn(self, lines: Iterable[tuple[Line, Decimal]]) -> list[Movement]:
        movements: list[Movement] = []
        for line, pieces in lines:
            before = self.earned.get(line.line_id, ZERO)
            now = min(pieces, line.quantity - before)
            if now > ZERO:
                self.earned[line.line_id] = before + now
                movements += _line_movements(line, before, now)
        if movements and not self.begun:
            self.begun = True
            movements += self._charges()
        return movements

    def _charges(self) -> list[Movement]:
        """Shipping and surcharges, which have no pieces: earned as a whole, with the first goods."""
        sale = self.history.sale
        return [
            Movement(Role.SHIPPING, -sale.shipping.amount),
            Movement(Role.DISCOUNTS, sale.shipping.discount),
            Movement(Role.TAX, -sale.shipping.tax),
            *(Movement(Role.SURCHARGES, -fee.amount) for fee in sale.fees),
            *(Movement(Role.TAX, -fee.tax) for fee in sale.fees),
        ]

    def _give_back(self, refund: Refund) -> tuple[Movement, ...]:
        """The tenders against what they give back; what a restocking fee keeps stays earned."""
        movements = [Movement(TENDERS[tender.kind], -tender.amount) for tender in refund.tenders]
        for one in refund.lines:
            movements += self._line_back(one)
        shipping = refund.shipping
        earned = Role.REFUNDS if self.begun else Role.DEPOSITS
        if self.begun:
            movements += [Movement(Role.DISCOUNTS, -shipping.discount), Movement(Role.TAX, shipping.tax)]
            movements += [Movement(Role.TAX, fee.tax) for fee in refund.fees]
            movements += [
                Movement(Role.REFUNDS, shipping.amount),
                *(Movement(Role.REFUNDS, f.amount) for f in refund.fees),
            ]
        movements.append(Movement(Role.REFUNDS, refund.adjustment_positive - refund.adjustment_negative))
        return against(earned, movements)

    def _line_back(self, one: RefundLine) -> list[Movement]:
        line = self._line(one)
        name = one.line_id if line is None else line.line_id
        before = self.refunded.get(name, ZERO)
        self.refunded[name] = before + one.quantity
        had_left = one.quantity if line is None else min(one.quantity, max(ZERO, self.earned.get(name, ZERO) - before))
        if not had_left:
            return [Movement(Role.DEPOSITS, one.total)]
        amount, discount, tax = (
            refunded_part(whole, one.quantity, ZERO, had_left) for whole in (one.amount, one.discount, one.tax)
        )
        is_gift_card = line is not None and line.kind is LineKind.GIFT_CARD
        return [
            Movement(Role.GIFT_CARDS if is_gift_card else Role.REFUNDS, amount),
            Movement(Role.DISCOUNTS, -discount),
            *_by_jurisdiction(tax, [] if line is None else [(part.code, part.amount) for part in line.taxes]),
            Movement(Role.DEPOSITS, one.total - (amount - discount + tax)),
        ]

    def _line(self, part: PartOfLine) -> Line | None:
        lines = self.history.sale.lines
        by_id = next((line for line in lines if part.line_id and line.line_id == part.line_id), None)
        return by_id or next((line for line in lines if part.sku and line.sku == part.sku), None)

    def _booking(self, what: str, part: Part, at: datetime, movements: tuple[Movement, ...]) -> Iterator[Booking]:
        if movements:
            location = part.location if isinstance(part, Shipment) else self.history.location
            name = f"{what} {part.number or part.ref} of order {self.history.sale.number}"
            yield Booking(name, at, location, self.history.sale.currency, movements)


def _moment(part: Part) -> tuple[datetime, int]:
    """Payments of one second come before shipments, and these before refunds."""
    match part:
        case Payment():
            return part.at, 0
        case Shipment():
            return part.shipped_at, 1
        case Refund():
            return part.refunded_at, 2


def _line_movements(line: Line, before: Decimal, now: Decimal) -> list[Movement]:
    """Some pieces' share of a line; all shares together are the line, to the cent."""
    goods = Role.GIFT_CARDS if line.kind is LineKind.GIFT_CARD else Role.SALES
    whole = line_amount(line.unit_price, line.quantity)
    amount, discount, tax = (
        refunded_part(part, line.quantity, before, now) for part in (whole, line.discount, line.tax)
    )
    taxes = _by_jurisdiction(-tax, [(part.code, -part.amount) for part in line.taxes])
    return [Movement(goods, -amount), Movement(Role.DISCOUNTS, discount), *taxes]


def _by_jurisdiction(tax: Decimal, parts: Sequence[tuple[str, Decimal]]) -> list[Movement]:
    """Split an amount of tax as the line's rates share it; the last one gets what rounding leaves."""
    whole = sum((amount for _, amount in parts), ZERO)
    if not whole:
        return [Movement(Role.TAX, tax)]
    movements, left = [], tax
    for code, amount in parts[:-1]:
        share = round(tax * amount / whole, 2)
        movements.append(Movement(Role.TAX, share, code))
        left -= share
    return [*movements, Movement(Role.TAX, left, parts[-1][0])]
