"""A web order's rows and its lifecycle (`streams.ports.OrderNotes` keeps notes on it)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WebOrderLine:
    """One row of a web order. A configurable is two of them, parent and child, with the child's SKU on both.

    Attributes:
        item_id: by which it is shipped, invoiced and refunded.
        parent_id: the row that it belongs to; empty if it stands for itself.
        product_type: ``simple``, ``configurable``, ``bundle``, ``virtual`` ….
        virtual: nothing of it is ever shipped.
        ordered, invoiced, shipped, refunded, canceled: pieces.
        product_id: of the product that it was made of; a bundle's SKU may be put together of its parts'.
        price: of a piece; 0 for a component of a bundle with a fixed price.
    """

    item_id: str
    parent_id: str
    product_type: str
    sku: str
    virtual: bool
    ordered: Decimal
    invoiced: Decimal
    shipped: Decimal
    refunded: Decimal
    canceled: Decimal
    product_id: str = ""
    price: Decimal = Decimal(0)

    @property
    def left_to_ship(self) -> Decimal:
        """Ordered - max(shipped, refunded) - canceled: a refund lowers it only as far as nothing had been shipped."""
        if self.virtual:
            return Decimal(0)
        return max(Decimal(0), self.ordered - max(self.shipped, self.refunded) - self.canceled)


@dataclass(frozen=True, slots=True)
class WebOrder:
    """A web order, as far as shipping, invoicing and refunding ask about it.

    Attributes:
        number: the one that a person knows it by.
        state: drives logic; ``status`` is a merchant's own code of it.
        method: of payment.
        paid, due: in the base currency; due is what is neither paid nor canceled.
        pickup_location: where the customer collects it; empty if it is shipped.
        lines: every row, children too.
    """

    order_id: str
    number: str
    state: str
    status: str
    method: str
    paid: Decimal
    due: Decimal
    pickup_location: str
    lines: tuple[WebOrderLine, ...]

    @property
    def rows_with_amounts(self) -> dict[str, WebOrderLine]:
        """The rows that the point of sale sells, by id: a configurable's parent, a bundle's children. They are invoiced
        and refunded, save those of a bundle with a fixed price (`streams.sale.fixed_bundle.by_bundle`)."""
        bundles = {line.item_id for line in self.lines if line.product_type == "bundle"}
        rows = (line for line in self.lines if line.item_id not in bundles)
        return {line.item_id: line for line in rows if not line.parent_id or line.parent_id in bundles}


class WebOrders(Protocol):
    """The web store's orders. Each of the three changes of state reads the order before and after."""

    async def order_lines(self, order_id: str) -> WebOrder | None:
        """The order with its rows."""
        ...

    async def shipped_as_one(self, order: WebOrder) -> frozenset[str]:
        """Ids of the rows that are bundles whose components leave together, from one source. Such a bundle is shipped
        by its own row, and any other by its components'."""
        ...

    async def cancel_web_order(self, order_id: str) -> WebOrder:
        """Cancel what is not invoiced, and return the order as it is then. Safe to repeat.

        Raises:
            Rejected: nothing of it can be cancelled.
        """
        ...

    async def hold_web_order(self, order_id: str) -> WebOrder:
        """Hold it. Safe to repeat. Raises Rejected if its state does not allow that."""
        ...

    async def unhold_web_order(self, order_id: str) -> WebOrder:
        """Let it go on. Safe to repeat. Raises Rejected if its state does not allow that."""
        ...
