"""Money of both systems' orders, read to be compared, with the point of sale's own sums and the gateway's payouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from app.magento.times import read_time
from app.reconcile.joint import OVERLAP, Document, Joint, WebSale, Window
from app.reconcile.orders import totals_of
from schemas.heartland import Order
from schemas.magento import CreditMemo, Invoice
from streams.reconcile.drift import Comparison, ReadAgain
from streams.reconcile.payments import (
    DayMatch,
    OrderMoney,
    Sums,
    compare_payments,
    compare_with_report,
    match_days,
)
from streams.reconcile.payouts import GatewayMoney, Payout, compare_payouts
from streams.sale.exact import exact
from streams.sale.outward import pos_location

PAID, REFUNDED = 2, 2
"""States of an invoice and of a credit memo that have moved money."""
LONGEST_PAYOUT = timedelta(days=45)
"""A payout may be of money that came in so long before."""


@dataclass(frozen=True, slots=True)
class PaymentsFound:
    """What was found, and the days that it is about."""

    comparison: Comparison
    days: tuple[DayMatch, ...]


async def reconcile_payments(joint: Joint, window: Window, payouts: Sequence[Payout] | None = None) -> PaymentsFound:
    """Compare the money of the orders that were placed in the window; and with ``payouts``, what the gateway paid.

    The report counts in UTC days, and business days are the locations' own. So it is compared by UTC day with the same
    orders that the business days are made of: if they agree, the list was whole, and so are the business days.
    """
    midnight = datetime.combine(window.first.date(), time(), UTC)
    sales = [sale for sale in await joint.web_sales(window.first - OVERLAP) if sale.sale is not None]
    orders = [
        order for row in await joint.pos_rows("order", midnight - OVERLAP) if (order := _pos(joint, row)) is not None
    ]
    web = [money for sale in sales if (money := _web(sale)) is not None and window.has(money.at)]
    wanted = {money.public_id for money in web}
    pos = [order for order in orders if order.public_id in wanted or _claims(joint, order, window)]
    zones = joint.zones(order.location for order in (*web, *pos))
    comparison = compare_payments(web, pos, zones, window.settled_before)
    last = min(window.end, window.settled_before).date() - timedelta(days=1)
    drifts = list(comparison.drifts)
    if midnight.date() <= last:
        report = await joint.pos.reports.day_sums(midnight.date(), last)
        drifts += compare_with_report(orders, report, midnight.date(), last)
    if payouts is not None:
        taken = await _gateway(joint, window, {sale.ref.native_id: sale.public_id for sale in sales})
        drifts += compare_payouts(taken, payouts, window.settled_before)
    return PaymentsFound(replace(comparison, drifts=tuple(drifts)), match_days(web, pos, zones))


def _web(found: WebSale) -> OrderMoney | None:
    """Money of an order that the point of sale should have; None of one that it should not."""
    sale = found.sale
    if sale is None or not sale.export.allowed:
        return None
    location = pos_location({"channel": dict(found.channel)}, {"shipping": dict(sale.shipping)})
    paid = sum((tender.amount for tender in sale.tenders), Decimal(0))
    refunded = exact(found.document.get("base_total_refunded") or 0)
    return OrderMoney(
        public_id=sale.public_id,
        location=location or found.channel.location,
        currency=sale.currency,
        at=sale.placed_at,
        updated_at=sale.updated_at,
        sums=Sums(totals_of(sale)[0], paid, refunded),
        again=ReadAgain(found.ref.connection, "magento", "order", found.ref.native_id),
    )


def _pos(joint: Joint, row: Document) -> OrderMoney | None:
    order = Order.model_validate(row)
    if order.status.lower() == "cancelled" or order.order_date is None:
        return None
    sums = Sums(order.total_amount, _sum(row["Tenders"]), _sum(row["Refunds"]))
    again = ReadAgain(joint.pos_name, "heartland", "order", order.order_id)
    return OrderMoney(
        order.external_id, str(row["LocationID"]), order.currency, order.order_date, order.updated_at, sums, again
    )


def _claims(joint: Joint, order: OrderMoney, window: Window) -> bool:
    channels = joint.channels.of_public_id(joint.pos_name, order.public_id) if order.public_id else ()
    return any(channel.web == joint.web_name for channel in channels) and window.has(order.at)


async def _gateway(joint: Joint, window: Window, names: Mapping[str, str]) -> list[GatewayMoney]:
    """What was taken and given back by gateway transactions, also before the window: it may be paid out in it."""
    since = window.first - LONGEST_PAYOUT
    taken = []
    for row in await joint.web_rows("invoice", since):
        invoice = Invoice.model_validate(row)
        if invoice.state == PAID and invoice.transaction_id:
            taken.append(_money(invoice, invoice.base_grand_total, row, names))
    for row in await joint.web_rows("credit_memo", since):
        memo = CreditMemo.model_validate(row)
        if memo.state == REFUNDED and memo.transaction_id:
            taken.append(_money(memo, -memo.base_grand_total, row, names))
    return taken


def _money(document: Invoice | CreditMemo, amount: Decimal, row: Document, names: Mapping[str, str]) -> GatewayMoney:
    at = read_time(row["created_at"])
    order = names.get(document.order_id, f"order {document.order_id}")
    return GatewayMoney(document.transaction_id, order, amount, document.base_currency_code, at)


def _sum(rows: Iterable[Document]) -> Decimal:
    return sum((exact(row["Amount"]) for row in rows), Decimal(0))
