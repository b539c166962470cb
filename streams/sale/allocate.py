"""Which lines of an order some pieces of a SKU belong to: a point of sale names SKUs, Magento wants order items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from streams.errors import Rejected
from streams.sale.exact import ZERO


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line with pieces that something may still be done with.

    Attributes:
        line_id: as the order's system names it.
        sku: in the words of whoever tells the pieces.
        left: pieces.
    """

    line_id: str
    sku: str
    left: Decimal


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pieces of one line, by its id, or of a SKU wherever it is."""

    sku: str
    quantity: Decimal
    line_id: str = ""


def allocate(lines: Sequence[OpenLine], wanted: Iterable[Wanted], *, what: str) -> dict[str, Decimal]:
    """Pieces by line id. Pieces of a SKU that is on several lines go to the first that has some left.

    Nothing is ever cut down: Magento would do that without a word, and the rest would be lost.

    Args:
        lines: of the order, in its order.
        wanted: what shall be done with.
        what: the order and what is done, for the message: ``shipment 17/3 of order 000000042``.

    Raises:
        Rejected: more pieces of a line or SKU than are left; names what and the SKU.
    """
    left = {line.line_id: line.left for line in lines}
    found: dict[str, Decimal] = {}
    for want in sorted(wanted, key=_by_line_first):
        fits = [line for line in lines if (line.line_id == want.line_id if want.line_id else line.sku == want.sku)]
        rest = want.quantity
        for line in fits:
            taken = min(rest, left[line.line_id])
            if taken > ZERO:
                found[line.line_id] = found.get(line.line_id, ZERO) + taken
                left[line.line_id] -= taken
                rest -= taken
        if rest > ZERO:
            raise _too_many(what, want, want.quantity - rest)
    return found


def _by_line_first(want: Wanted) -> bool:
    """What names its line goes first, or pieces of the same SKU elsewhere would take it."""
    return not want.line_id


def all_that_is_left(lines: Iterable[OpenLine]) -> dict[str, Decimal]:
    """Every piece that is left, by line id."""
    return {line.line_id: line.left for line in lines if line.left > ZERO}


def named_otherwise(lines: Iterable[OpenLine], aliases: Mapping[str, str]) -> list[OpenLine]:
    """The lines under the other system's SKUs, where an alias names one."""
    return [OpenLine(line.line_id, aliases.get(line.sku, line.sku), line.left) for line in lines]


def _too_many(what: str, want: Wanted, left: Decimal) -> Rejected:
    return Rejected(
        f"{what} has {want.quantity.normalize():f} of '{want.sku or want.line_id}', but only "
        f"{left.normalize():f} are left there: compare both orders. If the goods are accounted for otherwise, discard "
        "this event; else correct the order that is wrong and replay.",
        code="more_than_left",
    )
