"""Which refunded rows the web store must put back into stock itself, when the till has taken the goods back.

A row that was never shipped must be listed, or Magento takes its pieces off a source as if they had left. A row that
was wholly shipped must not be: the point of sale has counted its pieces in, and pushes the figure. Of a row that was
shipped in part Magento books a refund against the pieces that are still there, whatever came back: no list is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from streams.errors import Rejected


@dataclass(frozen=True, slots=True)
class RefundedRow:
    """A row of the order of which pieces are refunded.

    Attributes:
        shipped: pieces that have left.
        left_to_ship: pieces that have not, and still may.
    """

    item_id: str
    sku: str
    shipped: Decimal
    left_to_ship: Decimal


def return_to_stock(rows: Iterable[RefundedRow], *, what: str) -> frozenset[str]:
    """The rows to list.

    Args:
        rows: what is refunded.
        what: for the message: ``refund R1 of order 000000042``.

    Raises:
        Rejected: a row that was shipped in part; names it.
    """
    listed = set()
    for row in rows:
        if row.shipped and row.left_to_ship:
            raise Rejected(
                f"{what} gives back '{row.sku}', of which {row.shipped.normalize():f} have been shipped and "
                f"{row.left_to_ship.normalize():f} not: Magento would book it against those that are still there. Ship "
                "the rest or cancel it, then replay; or make the credit memo there by hand, and discard this event.",
                code="part_shipped",
            )
        if not row.shipped:
            listed.add(row.item_id)
    return frozenset(listed)
