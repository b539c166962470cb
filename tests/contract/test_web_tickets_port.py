"""The contract of `streams.ports.WebTickets`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from decimal import Decimal

import pytest

from streams.errors import OutcomeUnknown, Rejected
from streams.ports import SeenTicket, TicketDraft, WebTickets
from tests.contract.systems import LATE, WebSystem
from tests.twins.tickets import TicketBook


@pytest.fixture(params=["connector", "twin"])
def tickets(request: pytest.FixtureRequest, web: WebSystem) -> WebTickets:
    return web.connector.tickets if request.param == "connector" else TicketBook()


def draft(total: Decimal = Decimal("21.65"), number: str = "") -> TicketDraft:
    """Two pieces over the counter, in a ticket that nobody has recorded."""
    native_id = secrets.token_hex(6)
    ref = f"pos:ticket:{native_id}"
    document = {
        "increment_id": number or f"POS-{native_id}",
        "ext_order_id": ref,
        "store_id": 1,
        "state": "complete",
        "status": "complete",
        "base_currency_code": "USD",
        "grand_total": total,
        "base_grand_total": total,
        "billing_address": {
            "address_type": "billing",
            "email": "in-store@example.com",
            "firstname": "In-store",
            "lastname": "customer",
            "street": ["MAIN"],
            "city": "MAIN",
            "postcode": "00000",
            "country_id": "US",
            "telephone": "0",
        },
        "items": [{"sku": "SKU-00002", "name": "Two", "qty_ordered": 2, "qty_invoiced": 2, "qty_shipped": 2}],
        "payment": {"method": "free"},
    }
    return TicketDraft(ref, native_id, document)


async def test_a_recorded_ticket_is_found_by_its_ref_alone(tickets: WebTickets) -> None:
    sold = draft()
    assert await tickets.find_ticket(sold.ref) is None
    order_id = await tickets.record_ticket(sold)
    number = str(sold.document["increment_id"])
    assert await tickets.find_ticket(sold.ref) == SeenTicket(order_id, number, Decimal("21.65"), "USD")
    assert await tickets.find_ticket(sold.ref[:-1]) is None
    assert await tickets.find_ticket(sold.ref.upper()) is None


async def test_a_ticket_that_is_recorded_again_is_the_order_that_shows_it(tickets: WebTickets) -> None:
    sold = draft()
    assert await tickets.record_ticket(sold) == await tickets.record_ticket(sold)


async def test_a_number_that_another_order_has_is_refused(tickets: WebTickets) -> None:
    taken = str(draft().document["increment_id"])
    await tickets.record_ticket(draft(number=taken))
    other = draft(number=taken)
    with pytest.raises(Rejected):
        await tickets.record_ticket(other)
    assert await tickets.find_ticket(other.ref) is None


async def test_a_ref_that_is_too_long_for_the_store_is_refused_with_what_to_do(web: WebSystem) -> None:
    sold = draft()
    long = TicketDraft("the-point-of-sale-in-the-south:ticket:100017", sold.number, sold.document)
    with pytest.raises(Rejected, match="a shorter name") as caught:
        await web.connector.tickets.record_ticket(long)
    assert caught.value.code == "long_ref"
    assert web.faults.mutations("save_order") == []


async def test_an_order_that_is_stored_after_the_time_out_is_found_later(web: WebSystem) -> None:
    sold = draft()
    web.faults.put(replace(LATE, every=1, operation="save_order"))
    async with web.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown):
            await hurried.tickets.record_ticket(sold)
    await web.faults.done("save_order", 1)
    assert await web.connector.tickets.find_ticket(sold.ref) is not None
