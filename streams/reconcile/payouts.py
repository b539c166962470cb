"""Money that the web store took and gave back through a gateway, against what the gateway paid out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from streams.reconcile.drift import ZERO, Drift

COLUMNS = ("date", "reference", "gross", "fee", "net", "currency")
"""Of the file, in any order; others are ignored. ``date`` is that of the payout (2026-01-31); ``reference`` the
gateway's id of the charge or refund, which Magento keeps as transaction id; ``gross`` what the customer was charged,
below zero for a refund; ``fee`` what the gateway kept, never below zero but for one that it gave back; net = gross -
fee."""


class PayoutFileError(ValueError):
    """A file of payouts cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class Payout:
    """One line of the gateway's file."""

    day: date
    reference: str
    gross: Decimal
    fee: Decimal
    net: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class GatewayMoney:
    """What the web store took by one gateway transaction, or gave back (below zero)."""

    reference: str
    order: str
    amount: Decimal
    currency: str
    at: datetime


def read_payouts(lines: Iterable[str]) -> tuple[Payout, ...]:
    """Read a CSV file with `COLUMNS`.

    Raises:
        PayoutFileError: a column is missing, a value is not what it should be, or net is not gross - fee.
    """
    rows = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise PayoutFileError(f"the file has no column {', '.join(missing)}: its first line must name {COLUMNS}")
    return tuple(_payout(number, row) for number, row in enumerate(rows, start=2))


def compare_payouts(
    taken: Sequence[GatewayMoney], payouts: Sequence[Payout], settled_before: datetime
) -> tuple[Drift, ...]:
    """What does not match: not paid out, paid out and not taken, paid out twice, of another amount.

    Money that came in later than ``settled_before`` may be paid out yet.
    """
    paid: dict[str, list[Payout]] = {}
    for payout in payouts:
        paid.setdefault(payout.reference, []).append(payout)
    drifts = []
    for money in taken:
        found = paid.pop(money.reference, [])
        if not found and money.at <= settled_before:
            drifts.append(_drift(money, "not paid out", "", abs(money.amount), "ask the gateway for it"))
        drifts += _unlike(money, found)
    for reference, found in paid.items():
        gross = sum((payout.gross for payout in found), ZERO)
        advice = "no invoice or credit memo of the web store has this transaction: find its order, and book it there"
        drifts.append(Drift(reference, "not in the web store", "", _told(found), abs(gross), found[0].currency, advice))
    return tuple(sorted(drifts, key=lambda drift: (drift.name, drift.what)))


def _unlike(money: GatewayMoney, found: Sequence[Payout]) -> list[Drift]:
    if len(found) > 1:
        extra = sum((payout.gross for payout in found[1:]), ZERO)
        return [_drift(money, "paid out twice", _told(found), abs(extra), "ask the gateway; it may take it back")]
    if found and (found[0].gross, found[0].currency) != (money.amount, money.currency):
        apart = abs(found[0].gross - money.amount)
        return [_drift(money, "payout", _told(found), apart, "see in the gateway what the customer was charged")]
    return []


def _drift(money: GatewayMoney, what: str, paid: str, amount: Decimal, advice: str) -> Drift:
    web = f"{money.amount} {money.currency} by transaction {money.reference}"
    return Drift(money.order, what, web, paid, amount, money.currency, advice)


def _told(found: Sequence[Payout]) -> str:
    return "; ".join(f"{payout.gross} {payout.currency} paid out on {payout.day}" for payout in found)


def _payout(number: int, row: dict[str, str]) -> Payout:
    texts = {name: (row[name] or "").strip() for name in COLUMNS}
    try:
        day = date.fromisoformat(texts["date"])
        gross, fee, net = (_money(texts[name]) for name in ("gross", "fee", "net"))
    except (ValueError, InvalidOperation) as error:
        raise PayoutFileError(
            f"line {number}: {error}. Dates are like 2026-01-31, amounts like 12.30 without a thousands separator."
        ) from error
    if not texts["reference"] or not texts["currency"]:
        raise PayoutFileError(f"line {number}: reference and currency must not be empty")
    if net != gross - fee:
        raise PayoutFileError(f"line {number}: net {net} is not gross {gross} - fee {fee}")
    return Payout(day, texts["reference"], gross, fee, net, texts["currency"].upper())


def _money(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(f"'{text}' is no amount")
    return found
