"""Money of web orders in both systems, matched by business date, and the point of sale's list against its own sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from streams.business_date import business_date
from streams.ports import DaySum
from streams.reconcile.drift import ZERO, Comparison, Drift, ReadAgain, Subject


@dataclass(frozen=True, slots=True)
class Sums:
    """Money of one order, or of many.

    Attributes:
        total: what was sold; of one order that was partly canceled, what is left.
        paid: what has come in, gift cards and credit among it.
        refunded: what has gone back.
    """

    total: Decimal = ZERO
    paid: Decimal = ZERO
    refunded: Decimal = ZERO

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """The money of one order in one system.

    Attributes:
        public_id: by which both sides know it; empty for a sale in store.
        at: when it was sold, which decides its business date.
        again: the event that has it read again.
    """

    public_id: str
    location: str
    currency: str
    at: datetime
    updated_at: datetime
    sums: Sums
    again: ReadAgain


@dataclass(frozen=True, slots=True)
class DayMatch:
    """One business date of a location: what both systems have of its web orders."""

    day: date
    location: str
    currency: str
    web_orders: int
    pos_orders: int
    web: Sums
    pos: Sums

    @property
    def matches(self) -> bool:
        """Whether both have the same."""
        return self.web_orders == self.pos_orders and self.web == self.pos


Zones = Mapping[str, ZoneInfo]
"""Time zone of each location."""


def match_days(web: Iterable[OrderMoney], pos: Iterable[OrderMoney], zones: Zones) -> tuple[DayMatch, ...]:
    """Web orders' money by business date, location and currency; each side by its own dates."""
    keys: dict[tuple[date, str, str], tuple[list[Sums], list[Sums]]] = {}
    for number, orders in enumerate((web, pos)):
        for order in orders:
            key = (business_date(order.at, zones[order.location]), order.location, order.currency)
            keys.setdefault(key, ([], []))[number].append(order.sums)
    return tuple(
        DayMatch(*key, len(ours), len(theirs), sum(ours, Sums()), sum(theirs, Sums()))
        for key, (ours, theirs) in sorted(keys.items())
    )


def compare_payments(
    web: Sequence[OrderMoney], pos: Sequence[OrderMoney], zones: Zones, settled_before: datetime
) -> Comparison:
    """The exceptions of the daily match: every web order whose money the two do not tell alike.

    An order that one side lacks is one too: a day can match only if all of its orders do.
    """
    theirs = {order.public_id: order for order in pos if order.public_id}
    drifts: list[Drift] = []
    moving = 0
    for order in web:
        other = theirs.pop(order.public_id, None)
        if order.updated_at > settled_before or (other is not None and other.updated_at > settled_before):
            moving += 1
        else:
            drifts += _missing(order) if other is None else _differences(order, other, zones)
    moving += sum(order.updated_at > settled_before for order in theirs.values())
    drifts += [_unknown(order) for order in theirs.values() if order.updated_at <= settled_before]
    compared = len(web) + len(theirs)
    return Comparison(Subject.PAYMENTS, compared, tuple(sorted(drifts, key=_by_name)), moving)


def compare_with_report(orders: Sequence[OrderMoney], report: Sequence[DaySum], first: date, last: date) -> list[Drift]:
    """The point of sale's listed orders against its own report, by UTC day: whether the list was whole.

    Args:
        orders: all that it lists, sales in store too, without the cancelled.
        report: of the days from ``first`` to ``last``.
    """
    listed: dict[tuple[date, str, str], Sums] = {}
    for order in orders:
        day = order.at.astimezone(UTC).date()
        if first <= day <= last:
            key = (day, order.location, order.currency)
            listed[key] = listed.get(key, Sums()) + order.sums
    told = {(row.day, row.location, row.currency): Sums(row.total, row.tendered, row.refunded) for row in report}
    drifts = []
    for key in sorted(listed.keys() | told.keys()):
        ours, theirs = listed.get(key, Sums()), told.get(key, Sums())
        if ours != theirs:
            day, location, currency = key
            drifts.append(
                Drift(
                    name=f"{day} {location}",
                    what="report",
                    web="",
                    pos=f"report {_told(theirs)}; listed orders {_told(ours)}",
                    amount=_apart(ours, theirs),
                    unit=currency,
                    advice="the list or the report is not whole: reconcile again, and if it stays so, ask the vendor",
                )
            )
    return drifts


def _missing(order: OrderMoney) -> list[Drift]:
    return [_drift(order, "missing", _told(order.sums), "", order.sums.total, order.again)]


def _unknown(order: OrderMoney) -> Drift:
    advice = "`tillstream reconcile orders` says what to do"
    return _drift(order, "not a web order", "", _told(order.sums), order.sums.total, None, advice)


def _differences(order: OrderMoney, other: OrderMoney, zones: Zones) -> list[Drift]:
    drifts = []
    days = [business_date(one.at, zones[one.location]) for one in (order, other)]
    if days[0] != days[1]:
        web, pos = (f"{day}" for day in days)
        advice = "its date in the point of sale was changed: book it on one day in both"
        drifts.append(_drift(order, "business date", web, pos, order.sums.total, None, advice))
    if order.location != other.location:
        advice = "each location's books have its own sales: move it in one of the systems, or know why it was moved"
        drifts.append(_drift(order, "location", order.location, other.location, order.sums.total, None, advice))
    for each in fields(Sums):
        ours, theirs = getattr(order.sums, each.name), getattr(other.sums, each.name)
        if ours != theirs:
            again = None if each.name == "total" else order.again
            advice = "`tillstream reconcile orders` says what to do" if again is None else ""
            drifts.append(_drift(order, each.name, f"{ours}", f"{theirs}", abs(ours - theirs), again, advice))
    return drifts


def _drift(
    order: OrderMoney, what: str, web: str, pos: str, amount: Decimal, again: ReadAgain | None, advice: str = ""
) -> Drift:
    return Drift(order.public_id, what, web, pos, amount, order.currency, advice, again)


def _told(sums: Sums) -> str:
    return f"total {sums.total}, paid {sums.paid}, refunded {sums.refunded}"


def _apart(ours: Sums, theirs: Sums) -> Decimal:
    apart = (ours.total - theirs.total, ours.paid - theirs.paid, ours.refunded - theirs.refunded)
    return max(map(abs, apart))


def _by_name(drift: Drift) -> tuple[str, str]:
    return drift.name, drift.what
