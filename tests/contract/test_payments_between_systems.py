"""Money of a web order, wherever it is taken: known once in both systems."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from streams.ports import Outcome
from tests.contract.deeds import exported, invoice, pos_order, web_order
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


async def test_an_invoice_after_the_export_becomes_one_payment_and_the_order_is_paid(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    total = D(str((await web_order(pipe, order))["base_grand_total"]))
    paid = await invoice(pipe, order)
    for _ in range(2):
        await pipe.changed("web", "invoice", paid)
    assert pipe.failed == []
    (payment,) = await pipe.pos.connector.payments.payments_of(created)
    assert (payment.amount, payment.kind) == (total, "Sale")
    assert (await pos_order(pipe, created))["PaymentStatus"] == "Paid"


async def test_what_was_paid_before_the_export_is_a_tender_and_no_payment(pipe: Pipe) -> None:
    order = await pipe.web.place_order()
    paid = await invoice(pipe, order)
    await pipe.changed("web", "order", order)
    await pipe.changed("web", "invoice", paid)
    assert pipe.failed == []
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    assert (await pipe.pos.connector.payments.payments_of(found.order_id)) == ()
    assert (await pos_order(pipe, found.order_id))["PaymentStatus"] == "Paid"


async def test_a_payment_waits_for_its_order(pipe: Pipe) -> None:
    order = await pipe.web.place_order()
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    (error,) = pipe.failed
    assert "waits until that order is in pos" in error.message


async def paid_in_store(pipe: Pipe, created: str, amount: str) -> str:
    """What a person does at the till when the cheque has come."""
    body = {
        "Kind": "Sale",
        "OrderID": created,
        "Amount": float(amount),
        "Currency": "USD",
        "Type": "Offline",
        "Method": "Cheque",
    }
    answer = await pipe.pos.client.change("POST", "till", created, "/v1/payments", body)
    return str(orjson.loads(answer)["PaymentID"])


@pytest.mark.rule("money.offline_invoice")
async def test_what_is_paid_in_store_is_invoiced_once_and_does_not_come_back(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    due = (await web_order(pipe, order))["base_total_due"]
    part = await paid_in_store(pipe, created, "5.00")
    await pipe.changed("pos", "payment", part)
    assert await pipe.web.connector.invoices.invoices_of(order) == ()
    rest = await paid_in_store(pipe, created, str(D(str(due)) - 5))
    for payment in (rest, rest, part):
        await pipe.changed("pos", "payment", payment)
    assert pipe.failed == []
    (made,) = await pipe.web.connector.invoices.invoices_of(order)
    assert (made.state, made.total) == ("paid", D(str(due)))
    assert (await web_order(pipe, order))["state"] == "processing"
    await pipe.changed("web", "invoice", made.invoice_id)
    assert len(await pipe.pos.connector.payments.payments_of(created)) == 2


async def test_a_payment_for_an_invoice_of_the_web_store_does_not_come_back(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    (payment,) = await pipe.pos.connector.payments.payments_of(created)
    await pipe.changed("pos", "payment", payment.payment_id)
    assert pipe.failed == []
    assert len(await pipe.web.connector.invoices.invoices_of(order)) == 1


async def test_money_that_belongs_to_no_order_is_nobodys_business(pipe: Pipe) -> None:
    body = {"Kind": "Sale", "Amount": 5.0, "Currency": "USD", "Type": "Cash"}
    answer = await pipe.pos.client.change("POST", "till", "a payment", "/v1/payments", body)
    told = await pipe.changed("pos", "payment", str(orjson.loads(answer)["PaymentID"]))
    assert pipe.failed == []
    assert [entry.outcome for entry in told] == [Outcome.FILTERED]


async def test_money_in_store_for_an_order_whose_gateway_takes_it_is_for_a_person(pipe: Pipe) -> None:
    order, created = await exported(pipe, method="sandbox_card_authorised")
    due = (await web_order(pipe, order))["base_total_due"]
    await pipe.changed("pos", "payment", await paid_in_store(pipe, created, str(due)))
    (error,) = pipe.failed
    assert "takes the money itself" in error.message
    assert await pipe.web.connector.invoices.invoices_of(order) == ()
