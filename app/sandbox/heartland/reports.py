"""Sums of the orders by day or month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.sandbox.heartland.account import Account, Call
from app.sandbox.heartland.lists import paged
from app.sandbox.heartland.sums import add, discounts, taxes, units
from app.sandbox.heartland.values import ZERO, Json, decimal, load

MONTH_LENGTH, DAY_LENGTH = len("2026-08"), len("2026-08-31")
AMOUNTS = ("Units", "TotalAmount", "Tax", "Discount", "Tendered", "BalanceDue", "Refunded")


def report_transactions(account: Account, call: Call) -> Json:
    """GET /v1/reports/transactions; cancelled orders do not count."""
    query = call.query
    length = MONTH_LENGTH if query["group_by"] == "month" else DAY_LENGTH
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    rows = account.connection.execute(
        "SELECT document FROM orders WHERE status <> 'Cancelled' AND (?1 IS NULL OR substr(order_date, 1, 10) >= ?1)"
        " AND (?2 IS NULL OR substr(order_date, 1, 10) <= ?2) AND (?3 IS NULL OR location_id = ?3)",
        (query["from"], query["to"], query["location_id"]),
    )
    for row in rows:
        order = load(row["document"])
        key = (order["OrderDate"][:length], order["LocationID"], order["Currency"])
        _count(sums.setdefault(key, {"Orders": 0, **dict.fromkeys(AMOUNTS, ZERO)}), order)
    results: list[object] = [
        {"Period": period, "LocationID": location, "Currency": currency, **found}
        for (period, location, currency), found in sorted(sums.items())
    ]
    page, per_page = query["page"], query["per_page"]
    first = (page - 1) * per_page
    return paged(results[first : first + per_page], page, per_page, len(results))


def _count(found: dict[str, Any], order: Json) -> None:
    found["Orders"] += 1
    amounts = (
        sum(units(order["LineItems"]).values(), Decimal(0)),
        decimal(order["TotalAmount"]),
        taxes(order),
        discounts(order),
        add(order["Tenders"], "Amount"),
        decimal(order["BalanceDue"]),
        add(order["Refunds"], "Amount"),
    )
    for name, amount in zip(AMOUNTS, amounts, strict=True):
        found[name] += amount


HANDLERS = (report_transactions,)
