"""Invoices of the web store. Implements WebInvoices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.listing import Listing
from app.magento.afterwards import afterwards
from app.magento.client import MagentoClient
from app.magento.documents import Documents, Kind
from app.magento.ids import item_rows, made
from app.magento.lists import Polled, changed
from app.urls import encode
from schemas.magento import Invoice
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import InvoiceDraft, SeenInvoice
from streams.ports.web_invoices import CAPTURE_FAILED

INVOICES = "/V1/invoices"
CHANGED = Polled("list_invoices", "invoices", INVOICES)
KIND = Kind("invoice", Invoice, single=INVOICES, several=INVOICES)
STATES = {1: "open", 2: "paid", 3: "canceled"}


class MagentoInvoices:
    """Invoices of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client
        self._documents = Documents(client, KIND)

    async def invoice_order(self, draft: InvoiceDraft) -> SeenInvoice:
        """Invoice (``POST /V1/order/:orderId/invoice``) and read it back. It ends as paid, captured or not.

        A gateway that declines is 400 "Could not save an invoice", which says no reason, and so is a database in
        trouble. Magento has then undone the invoice; whether the gateway took the money, only the gateway knows. So a
        capture that left no invoice is for a person, and is never sent again by itself.
        """
        subject, path = f"order {draft.order_id}", f"/V1/order/{encode(draft.order_id)}/invoice"
        what = f"{self._client.name}: invoice_order for {subject}"
        body = {
            "capture": draft.capture,
            "items": item_rows(self._client.name, draft.units),
            "notify": draft.notify,
            "appendComment": False,
            "comment": {"comment": draft.comment, "is_visible_on_front": 0},
        }
        try:
            invoice_id = made(await self._client.post("invoice_order", subject, path, body), what)
        except OutcomeUnknown as error:
            if error.code != "opaque_400" or not draft.capture:
                raise
            return await self._despite(draft, what, error)
        with afterwards(what):
            return _seen(await self._documents.read("invoice_order", invoice_id))

    async def invoices_of(self, order_id: str) -> Sequence[SeenInvoice]:
        """Invoices of an order (``GET /V1/invoices``)."""
        return tuple(_seen(row) for row in await self._documents.of_order("invoices_of", order_id))

    async def find_invoice(self, order_id: str, marker: str) -> SeenInvoice | None:
        """The invoice with that marker in a comment (``GET /V1/invoices``)."""
        row = await self._documents.find("find_invoice", order_id, marker)
        return None if row is None else _seen(row)

    async def list_invoices(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Invoices that changed then or later, oldest change first (``GET /V1/invoices``)."""
        return await changed(self._client, CHANGED, updated_since, page, page_size)

    async def _despite(self, draft: InvoiceDraft, what: str, error: OutcomeUnknown) -> SeenInvoice:
        """The invoice that an opaque refusal of a capture made all the same."""
        with afterwards(what):
            invoice = await self.find_invoice(draft.order_id, draft.marker)
        if invoice is not None:
            return invoice
        raise Rejected(
            f"{error.message} Order {draft.order_id} has no such invoice: its money was probably not taken. Look in "
            "the gateway and in Magento's log; if it declined, ask the customer for another payment and hold the "
            "goods; if it was a fault, replay.",
            code=CAPTURE_FAILED,
        ) from error


def _seen(row: Invoice) -> SeenInvoice:
    return SeenInvoice(
        invoice_id=row.entity_id,
        order_id=row.order_id,
        number=row.increment_id,
        state=STATES.get(row.state, str(row.state)),
        total=row.base_grand_total,
        currency=row.base_currency_code,
        transaction=row.transaction_id,
        units=row.units,
    )
