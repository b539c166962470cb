"""Credit memos of the web store, in the shop's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class CreditMemoDraft:
    """A credit memo to be made. Its amounts are in the base currency.

    Attributes:
        units: pieces by the id of the order's row. Never empty, since the store would refund everything left: an amount
            alone names rows with 0 pieces.
        shipping: given back of delivery's price; always said, since the store would give back all of it.
        adjustment_positive: given back beyond the goods.
        adjustment_negative: kept back.
        return_to_stock: rows whose pieces the store puts back into stock. A row that was never shipped must be among
            them: left out, its pieces are taken off a source. Shipped ones are not, where the point of sale counts.
        marker: by which the credit memo is found.
        comment: carries the marker.
        notify: whether the customer is written to.
    """

    order_id: str
    units: Mapping[str, Decimal]
    shipping: Decimal
    marker: str
    comment: str
    adjustment_positive: Decimal = ZERO
    adjustment_negative: Decimal = ZERO
    return_to_stock: Collection[str] = ()
    notify: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError if something is not said that the store would guess, or no row has what is put back."""
        if not self.units:
            raise ValueError(f"the credit memo of order {self.order_id} must say its rows, with 0 pieces if need be")
        if self.marker not in self.comment:
            raise ValueError(f"the credit memo of order {self.order_id} has no marker in its comment")
        if not set(self.return_to_stock) <= {row for row, pieces in self.units.items() if pieces > 0}:
            raise ValueError(f"the credit memo of order {self.order_id} puts rows back that it does not refund")


@dataclass(frozen=True, slots=True)
class SeenCreditMemo:
    """A credit memo as the web store shows it.

    Attributes:
        state: ``open``, ``refunded`` or ``canceled``.
        total, shipping, adjustment: in the base currency; an adjustment below zero was kept back. The total has what
            goes back to gift cards, store credit and points in it.
        invoice_id: what it refunds through the gateway; empty if it is offline.
        transaction: the gateway's id, if it gave the money back.
        units: pieces by the id of the order's row.
        gift_cards: of the total, what goes back to gift cards.
        comments: what was written on it.
    """

    credit_memo_id: str
    order_id: str
    number: str
    state: str
    total: Decimal
    shipping: Decimal
    adjustment: Decimal
    currency: str
    invoice_id: str
    transaction: str
    units: Mapping[str, Decimal]
    gift_cards: Decimal = Decimal(0)
    comments: tuple[str, ...] = ()


class WebRefunds(Protocol):
    """The web store's credit memos.

    Stock comes back after a credit memo is stored: what fails then is answered as a refusal of the whole. So each
    refusal is looked into before it is believed.
    """

    async def refund_offline(self, draft: CreditMemoDraft) -> SeenCreditMemo:
        """Record money that has gone back elsewhere; sent once, and read back.

        Raises:
            Rejected: more than was paid or bought, or the order's state does not allow it.
            OutcomeUnknown: nothing proves what happened, or it could not be read back.
        """
        ...

    async def refund_online(self, invoice_id: str, draft: CreditMemoDraft) -> SeenCreditMemo:
        """Give the money of an invoice back through its gateway; else as `refund_offline`."""
        ...

    async def credit_memos_of(self, order_id: str) -> Sequence[SeenCreditMemo]:
        """Every credit memo of an order, the oldest first."""
        ...

    async def find_credit_memo(self, order_id: str, marker: str) -> SeenCreditMemo | None:
        """The order's credit memo with that marker in a comment. More than one raises Rejected."""
        ...
