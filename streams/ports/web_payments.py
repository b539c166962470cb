"""What the web store can be told about a payment that failed."""

from __future__ import annotations

from typing import Protocol

from streams.ports.systems import OrderNotes


class FailedPaymentNotes(OrderNotes, Protocol):
    """How an order shows it: to the clerk by status and comment, to the customer by a mail."""

    async def set_order_status(self, order_id: str, status: str) -> None:
        """Write the order's status (absolute; safe to repeat); its state stays. Raises Rejected for an empty one."""
        ...

    async def notify_customer(self, order_id: str, comment: str) -> str:
        """Add a comment that the customer sees and is mailed; sent once, and found by `find_comment`. Returns its id,
        empty if the store names none.

        Raises:
            OutcomeUnknown: it may be stored without having been mailed.
        """
        ...
