"""A difference between the two systems, and what a comparison found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.ids import Ref

ZERO = Decimal(0)
PIECES = "pieces"
"""Unit of a drift of stock; money's is its currency."""


class Subject(StrEnum):
    """What is compared."""

    ORDERS = "orders"
    STOCK = "stock"
    CUSTOMERS = "customers"
    PAYMENTS = "payments"


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """An event that has an entity read again, so that the flows bring the other system up to it.

    Attributes:
        connection, system, entity, native_id: of the raw event.
        forget: target and entity whose last applied revision no longer holds, because the target lost it: telling the
            same again would else count as unchanged.
    """

    connection: str
    system: str
    entity: str
    native_id: str
    forget: tuple[str, Ref] | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference.

    Attributes:
        name: what a person calls it: order number, SKU and source, e-mail, business day.
        what: what differs, in a few words that are the same for the same problem: ``missing``, ``total``.
        web, pos: what each system has; empty if nothing.
        amount: how much it is about, never below zero; 0 where no amount differs.
        unit: of the amount: a currency, or `PIECES`; empty without one.
        advice: what to do; empty where the repair does it.
        again: the event that repairs it; None if only a person can.
    """

    name: str
    what: str
    web: str
    pos: str
    amount: Decimal = ZERO
    unit: str = ""
    advice: str = ""
    again: ReadAgain | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found.

    Attributes:
        compared: orders, (SKU, source) pairs, customers or orders with money that both sides were asked for.
        moving: of these, how many changed too lately to judge: their events may be on the way.
        drifts: the differences, by name.
        notes: what else a person should know, such as the share of stock that is right.
    """

    subject: Subject
    compared: int
    drifts: tuple[Drift, ...]
    moving: int = 0
    notes: tuple[str, ...] = ()

    @property
    def repairs(self) -> tuple[ReadAgain, ...]:
        """The events that repair it, each once."""
        return tuple(dict.fromkeys(drift.again for drift in self.drifts if drift.again is not None))


def amounts(drifts: Iterable[Drift]) -> Mapping[str, Decimal]:
    """How much drifts by unit."""
    found: dict[str, Decimal] = {}
    for drift in drifts:
        if drift.unit:
            found[drift.unit] = found.get(drift.unit, ZERO) + drift.amount
    return found


def summary(comparison: Comparison) -> str:
    """One line for a person: ``orders: 120 compared, 3 drift (45.10 USD), 2 of them can be repaired``."""
    line = f"{comparison.subject}: {comparison.compared} compared, {len(comparison.drifts)} drift"
    about = ", ".join(f"{amount:f} {unit}" for unit, amount in sorted(amounts(comparison.drifts).items()))
    line += f" ({about})" if about else ""
    repairable = sum(drift.again is not None for drift in comparison.drifts)
    line += f", {repairable} of them can be repaired" if comparison.drifts else ""
    return line + (f"; {comparison.moving} changed too lately to judge" if comparison.moving else "")
