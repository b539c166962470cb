"""What becomes of an order in the point of sale after it was created (`streams.ports.Sales` creates it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from streams.ports.systems import SeenOrder


class PosOrders(Protocol):
    """The point of sale's open orders."""

    async def cancel_order(self, order_id: str) -> SeenOrder:
        """Cancel it, which releases its goods; final, and safe to repeat. Raises Rejected if its goods have left."""
        ...

    async def fulfil_order(self, order_id: str) -> SeenOrder:
        """Say that its goods have left; final, and safe to repeat. Raises Rejected if it is cancelled."""
        ...

    async def set_order_addresses(self, order_id: str, document: Mapping[str, object]) -> SeenOrder:
        """Replace the addresses that the ``out`` mapping names; the others stay. Safe to repeat."""
        ...

    async def set_order_customer(self, order_id: str, customer_id: str) -> SeenOrder:
        """Give it to another customer. Safe to repeat. Raises Rejected if there is no such profile."""
        ...
