"""The contract of `streams.ports.WebInvoices`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import InvoiceDraft, WebInvoices, WebOrder
from tests.contract.systems import WebSystem


@pytest.fixture
def invoices(web: WebSystem) -> WebInvoices:
    return web.connector.invoices


@pytest.fixture
async def order(web: WebSystem) -> WebOrder:
    order = await web.connector.lifecycle.order_lines(await web.place_order(3))
    assert order is not None
    return order


def draft(order: WebOrder, pieces: int = 1) -> InvoiceDraft:
    mark = f"[tillstream contract {secrets.token_hex(4)}]"
    return InvoiceDraft(order.order_id, {order.lines[0].item_id: Decimal(pieces)}, False, mark, f"Paid {mark}")


async def test_what_is_invoiced_is_what_was_asked_for_and_is_paid(
    web: WebSystem, invoices: WebInvoices, order: WebOrder
) -> None:
    made = await invoices.invoice_order(draft(order, 2))
    assert (made.order_id, made.state, made.units[order.lines[0].item_id]) == (order.order_id, "paid", Decimal(2))
    shown = await web.connector.lifecycle.order_lines(order.order_id)
    assert shown is not None
    assert (shown.state, shown.lines[0].invoiced, shown.paid) == ("processing", Decimal(2), made.total)


async def test_an_invoice_is_found_by_its_mark(invoices: WebInvoices, order: WebOrder) -> None:
    asked = draft(order)
    assert await invoices.find_invoice(order.order_id, asked.marker) is None
    made = await invoices.invoice_order(asked)
    other = await invoices.invoice_order(draft(order))
    assert await invoices.find_invoice(order.order_id, asked.marker) == made
    assert await invoices.invoices_of(order.order_id) == (made, other)


async def test_more_than_is_left_is_rejected(invoices: WebInvoices, order: WebOrder) -> None:
    with pytest.raises(Rejected):
        await invoices.invoice_order(draft(order, 4))
    assert await invoices.invoices_of(order.order_id) == ()


@pytest.mark.rule("money.failed_capture")
async def test_a_capture_that_magento_hides_the_failure_of_is_for_a_person(
    web: WebSystem, invoices: WebInvoices, order: WebOrder
) -> None:
    web.faults.put(Rule(Fault.OPAQUE, every=1, operation="invoice_order", done=False))
    with pytest.raises(Rejected) as caught:
        await invoices.invoice_order(replace(draft(order), capture=True))
    assert caught.value.code == "capture_failed"


async def test_a_capture_that_magento_refuses_and_does_is_done(
    web: WebSystem, invoices: WebInvoices, order: WebOrder
) -> None:
    web.faults.put(Rule(Fault.OPAQUE, every=1, operation="invoice_order"))
    asked = replace(draft(order), capture=True)
    assert await invoices.invoice_order(asked) == await invoices.find_invoice(order.order_id, asked.marker)


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.RESET_AFTER, Fault.OPAQUE])
async def test_an_invoice_whose_answer_was_lost_is_unknown_and_found(
    web: WebSystem, invoices: WebInvoices, order: WebOrder, fault: Fault
) -> None:
    asked = draft(order)
    web.faults.put(Rule(fault, every=1, operation="invoice_order"))
    with pytest.raises(OutcomeUnknown):
        await invoices.invoice_order(asked)
    assert web.faults.mutations("invoice_order") == [200]
    assert await invoices.find_invoice(order.order_id, asked.marker)
