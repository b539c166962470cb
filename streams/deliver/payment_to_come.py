"""Which money of a web order the point of sale does not have yet, though the web store has it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from schemas.ids import Ref
from streams.deliver.desk import Desk
from streams.ports.web_invoices import SeenInvoice
from streams.sale.included import came_with_order

PAID = "paid"


async def first_to_come(
    desk: Desk, connection: str, invoices: Sequence[SeenInvoice], at_export: Decimal, *, order: str
) -> SeenInvoice | None:
    """The oldest paid invoice that is neither a payment in the target nor came there as a tender; None if all are.

    Args:
        desk: of the target.
        connection: of the web store.
        invoices: of one order, the oldest first.
        at_export: what had been paid when the order was exported.
        order: its number, for messages.

    Raises:
        Rejected: as `came_with_order`.
    """
    charged = [invoice for invoice in invoices if invoice.state == PAID and invoice.total]
    refs = {invoice.invoice_id: Ref(connection, "invoice", invoice.invoice_id) for invoice in charged}
    linked = await desk.links.find(set(refs.values()), desk.target)
    earlier = Decimal(0)
    for invoice in charged:
        there = refs[invoice.invoice_id] in linked
        if not there and not came_with_order(invoice.total, earlier, at_export, order=order):
            return invoice
        earlier += invoice.total
    return None
