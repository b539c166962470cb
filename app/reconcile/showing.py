"""How a comparison is told: a table for a person, a CSV file for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.reconcile.drift import Comparison, Drift
from streams.reconcile.payments import DayMatch, Sums

COLUMNS = ("subject", "name", "what", "web", "pos", "amount", "unit", "repair", "advice")
SHOWN = 200
"""Drifts in the table; the file has all."""
WIDE = 240
"""Columns of a file or a pipe, where nothing needs to be folded."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def console() -> Console:
    """Standard output, as wide as the terminal; `WIDE` where it is none."""
    found = Console(soft_wrap=True)
    return found if found.is_terminal else Console(soft_wrap=True, width=WIDE)


def drift_table(drifts: Sequence[Drift]) -> Table:
    """The first `SHOWN` drifts, both sides beside each other."""
    table = Table("order, SKU or customer", "what", "Magento", "Heartland", "amount", "what to do", box=None)
    for drift in drifts[:SHOWN]:
        amount = f"{drift.amount:f} {drift.unit}" if drift.amount else ""
        todo = drift.advice or ("--repair has it read again" if drift.again else "")
        table.add_row(
            *(Text(text) for text in (drift.name, drift.what, drift.web or "-", drift.pos or "-", amount, todo))
        )
    return table


def day_table(days: Iterable[DayMatch]) -> Table:
    """The daily match by business date."""
    table = Table("business date", "location", "", "orders", "total", "paid", "refunded", "", box=None)
    for day in days:
        verdict = "" if day.matches else "differs"
        table.add_row(str(day.day), day.location, "Magento", *_amounts(day.web_orders, day.web, day.currency), verdict)
        table.add_row("", "", "Heartland", *_amounts(day.pos_orders, day.pos, day.currency), "")
    return table


def show(table: Table) -> None:
    """Print a table, with a line after it."""
    where = console()
    where.print(table)
    where.print()


def write_csv(file: Path, comparisons: Iterable[Comparison]) -> None:
    """Write every drift. Text that a spreadsheet would take for a formula is quoted: customers choose their names.

    Raises:
        OSError: the file cannot be written.
    """
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for comparison in comparisons:
            for drift in comparison.drifts:
                texts = (drift.name, drift.what, drift.web, drift.pos)
                again = "" if drift.again is None else "read again"
                writer.writerow(
                    (comparison.subject, *map(_plain, texts), f"{drift.amount:f}", drift.unit, again, drift.advice)
                )


def _amounts(orders: int, sums: Sums, currency: str) -> tuple[str, ...]:
    return (str(orders), *(f"{amount} {currency}" for amount in (sums.total, sums.paid, sums.refunded)))


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
