"""Web orders against the point of sale's: missing, doubled, of another total or currency, not where the other is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.ids import Ref
from streams.reconcile.drift import Comparison, Drift, ReadAgain, Subject

CANCELLED, FULFILLED = "cancelled", "fulfilled"


@dataclass(frozen=True, slots=True)
class WebOrderSeen:
    """A web order, as far as the point of sale should have it.

    Attributes:
        exported: it is in a state in which it is created there.
        canceled: nothing of it is to be sold any more.
        left_to_ship: pieces that have still to leave.
        totals: what the point of sale may have as its total: as placed, and without what was canceled since.
        problem: why it could not be understood; the rest says little then.
    """

    ref: Ref
    number: str
    public_id: str
    updated_at: datetime
    exported: bool = False
    canceled: bool = False
    left_to_ship: Decimal = Decimal(0)
    totals: tuple[Decimal, ...] = ()
    currency: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PosOrderSeen:
    """An order of the point of sale."""

    ref: Ref
    public_id: str
    status: str
    total: Decimal
    currency: str
    updated_at: datetime

    @property
    def stands(self) -> bool:
        """Whether it is not cancelled."""
        return self.status.lower() != CANCELLED

    def __str__(self) -> str:
        return f"order {self.ref.native_id}, {self.status}, {self.total} {self.currency}"


def compare_orders(
    web: Iterable[WebOrderSeen],
    pos: Sequence[PosOrderSeen],
    links: Mapping[Ref, Ref],
    settled_before: datetime,
) -> Comparison:
    """Compare all orders of a window.

    Args:
        web: the web store's orders of the window.
        pos: all orders of the point of sale that may belong to them, and those that claim to.
        links: point-of-sale order of each web order, where one is known.
        settled_before: what changed later than this on either side is not judged.
    """
    book = _Book(pos, links)
    drifts: list[Drift] = []
    compared = moving = 0
    for order in web:
        compared += 1
        found = book.take(order)
        if any(at > settled_before for at in (order.updated_at, *(one.updated_at for one in found))):
            moving += 1
        else:
            drifts += _judge(order, found)
    for lone in book.left():
        compared += 1
        if lone.updated_at > settled_before:
            moving += 1
        elif lone.stands:
            drifts.append(_unknown(lone))
    return Comparison(Subject.ORDERS, compared, tuple(sorted(drifts, key=lambda drift: drift.name)), moving)


class _Book:
    """The point of sale's orders, from which each web order takes its own."""

    def __init__(self, orders: Sequence[PosOrderSeen], links: Mapping[Ref, Ref]) -> None:
        self._orders = {order.ref: order for order in orders}
        self._links = links
        self._by_name: dict[str, list[PosOrderSeen]] = {}
        for order in orders:
            self._by_name.setdefault(order.public_id, []).append(order)
        self._taken: set[Ref] = set()

    def take(self, order: WebOrderSeen) -> list[PosOrderSeen]:
        """Those that bear its number, and the one that it is linked to."""
        found = {one.ref: one for one in self._by_name.get(order.public_id, ()) if order.public_id}
        linked = self._links.get(order.ref)
        if linked in self._orders:
            found[linked] = self._orders[linked]
        self._taken |= set(found)
        return list(found.values())

    def left(self) -> list[PosOrderSeen]:
        """Those that name a web order which there is not."""
        return [order for ref, order in self._orders.items() if ref not in self._taken and order.public_id]


def _judge(order: WebOrderSeen, found: Sequence[PosOrderSeen]) -> list[Drift]:
    if order.problem:
        return [_drift(order, "unreadable", web=order.problem, pos=_told(found), again=_web(order))]
    standing = [one for one in found if one.stands]
    if not found:
        return [_missing(order)] if order.exported else []
    if len(standing) > 1:
        return [_doubled(order, standing)]
    if not standing:
        return [] if order.canceled or not order.exported else [_only_pos_cancelled(order, found[-1])]
    return _differences(order, standing[0])


def _differences(order: WebOrderSeen, one: PosOrderSeen) -> list[Drift]:
    if order.canceled:
        web = "canceled"
        return [_drift(order, "not cancelled", web=web, pos=str(one), amount=one.total, again=_web(order))]
    drifts = []
    if one.currency != order.currency:
        advice = "set channels.*.currency right, then correct the order in the point of sale by hand"
        drifts.append(_drift(order, "currency", web=order.currency, pos=one.currency, advice=advice))
    elif one.total not in order.totals:
        near = min(order.totals, key=lambda total: abs(total - one.total))
        drifts.append(
            _drift(
                order,
                "total",
                web=f"{near} {order.currency}",
                pos=str(one),
                amount=abs(near - one.total),
                advice="its total is not changed once it exists: see who edited it, and correct it there by hand",
            )
        )
    if one.status.lower() == FULFILLED and order.left_to_ship > 0:
        again = ReadAgain(one.ref.connection, "heartland", "order", one.ref.native_id)
        drifts.append(_drift(order, "status", web=f"{order.left_to_ship} pieces to ship", pos=str(one), again=again))
    return drifts


def _missing(order: WebOrderSeen) -> Drift:
    return _drift(
        order, "missing", web=f"{order.totals[0]} {order.currency}", pos="", amount=order.totals[0], again=_web(order)
    )


def _doubled(order: WebOrderSeen, standing: Sequence[PosOrderSeen]) -> Drift:
    amount = sum((one.total for one in standing[1:]), Decimal(0))
    return _drift(
        order,
        "doubled",
        web=f"{order.totals[0]} {order.currency}",
        pos=_told(standing),
        amount=amount,
        advice="cancel all but one in the point of sale, then reconcile again",
    )


def _only_pos_cancelled(order: WebOrderSeen, one: PosOrderSeen) -> Drift:
    return _drift(
        order,
        "cancelled in the point of sale alone",
        web=f"{order.totals[0]} {order.currency}",
        pos=str(one),
        amount=order.totals[0],
        advice="cancel or refund it in the web store, or enter the sale in the point of sale anew",
    )


def _unknown(order: PosOrderSeen) -> Drift:
    return Drift(
        name=order.public_id,
        what="not a web order",
        web="",
        pos=str(order),
        amount=order.total,
        unit=order.currency,
        advice="the web store lists no such order in this window: see who made it, or look further back with --since",
    )


def _drift(
    order: WebOrderSeen,
    what: str,
    *,
    web: str,
    pos: str,
    amount: Decimal = Decimal(0),
    advice: str = "",
    again: ReadAgain | None = None,
) -> Drift:
    return Drift(order.public_id or order.number, what, web, pos, amount, order.currency, advice, again)


def _web(order: WebOrderSeen) -> ReadAgain:
    return ReadAgain(order.ref.connection, "magento", "order", order.ref.native_id)


def _told(orders: Sequence[PosOrderSeen]) -> str:
    return "; ".join(str(one) for one in orders)
