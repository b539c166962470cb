"""Sales in store, shown as orders in the web store: each once, and none of them ever a web order."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from app.accounting.histories import read_histories
from app.handlers import engine_of
from app.reconcile.joint import Joint, Window
from app.reconcile.orders import reconcile_orders
from app.settings import Settings
from schemas.ids import Ref
from streams.channels import Channels
from streams.customer.links import linked_name
from streams.ports import AccountDraft, Outcome
from streams.sale.ticket import is_ticket
from tests.contract.deeds import exported, in_store, pos_order, web_order
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import ADDRESS, PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos, optional={"ticket"})


async def sold(pos: PosSystem, **changes: object) -> str:
    """What a store sells over its counter: two pieces, for cash."""
    document = dict(pos.draft().document) | {
        "Status": "Fulfilled",
        "Tenders": [{"Type": "Cash", "Amount": D("21.65")}],
        "BalanceDue": D(0),
        "Shipping": {},
    }
    for name in ("ExternalID", "BillingAddress"):
        del document[name]
    content = await pos.client.change("POST", "till", "a sale", "/v1/orders", document | changes)
    return str(orjson.loads(content)["OrderID"])


async def shown(pipe: Pipe, ticket: str) -> dict[str, Any]:
    """The order that shows a ticket, as Magento has it."""
    found = await pipe.web.connector.tickets.find_ticket(f"pos:ticket:{ticket}")
    assert found is not None
    return await web_order(pipe, found.order_id)


async def test_a_sale_in_store_is_an_order_that_is_over_once_however_often_it_is_told(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos)
    told = [await pipe.changed("pos", "order", ticket) for _ in range(3)]
    assert pipe.failed == []
    assert delivered(told[0]) == [f"recorded ticket {ticket} over 21.65 USD as an order of a guest"]
    assert [delivered(one) for one in told[1:]] == [[], []]
    order = await shown(pipe, ticket)
    assert (order["increment_id"], order["ext_order_id"]) == (f"POS-{ticket}", f"pos:ticket:{ticket}")
    assert (order["state"], order["status"], order["customer_is_guest"]) == ("complete", "complete", 1)
    assert (order["base_grand_total"], order["base_total_paid"], order["base_total_due"]) == (21.65, 21.65, 0)
    (row,) = order["items"]
    assert (row["sku"], row["qty_ordered"], row["qty_invoiced"], row["qty_shipped"]) == (pipe.pos.sku, 2, 2, 2)
    assert (row["base_row_total"], row["base_tax_amount"]) == (20, 1.65)
    assert order["payment"]["additional_information"] == ["Cash"]
    at = (await pos_order(pipe, ticket))["OrderDate"]
    assert order["created_at"] == at[:19].replace("T", " ")


async def test_a_sale_in_store_is_found_again_when_the_ledger_has_forgotten_it(web: WebSystem, pos: PosSystem) -> None:
    ticket = await sold(pos)
    for pipe in (Pipe(web, pos, optional={"ticket"}), Pipe(web, pos, optional={"ticket"})):
        await pipe.changed("pos", "order", ticket)
        assert pipe.failed == []
    assert [status for status in web.faults.mutations("save_order") if status == 200] == [200]


async def test_a_sale_in_store_mails_nobody_and_touches_no_stock(pipe: Pipe) -> None:
    mails, stock = pipe.web.faults.mails(), await pipe.web.stock.list_source_items([pipe.web.sku])
    await pipe.changed("pos", "order", await sold(pipe.pos))
    assert pipe.failed == []
    assert pipe.web.faults.mails() == mails
    assert await pipe.web.stock.list_source_items([pipe.web.sku]) == stock
    assert [out.topic for out in pipe.published if out.topic == "hint.stock"] == []


async def test_the_order_that_shows_a_sale_in_store_is_never_taken_for_a_web_order(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos)
    await pipe.changed("pos", "order", ticket)
    order = await shown(pipe, ticket)
    rows = len(pipe.published)
    (entry,) = await pipe.changed("web", "order", str(order["entity_id"]))
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "it shows a sale in store, which the point of sale has")
    assert len(pipe.published) == rows
    assert await pipe.pos.orders.find_order(f"W-POS-{ticket}") is None


async def test_a_credit_memo_of_a_sale_in_store_is_not_recorded_in_the_point_of_sale(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos)
    await pipe.changed("pos", "order", ticket)
    order = await shown(pipe, ticket)
    body = {"items": [{"order_item_id": order["items"][0]["item_id"], "qty": 1}]}
    path = f"/V1/order/{order['entity_id']}/refund"
    memo = str(orjson.loads(await pipe.web.client.post("refund", ticket, path, body)))
    (entry,) = await pipe.changed("web", "credit_memo", memo)
    assert (entry.outcome, pipe.failed) == (Outcome.FILTERED, [])
    assert (await pos_order(pipe, ticket))["Refunds"] == []


async def test_a_web_order_that_is_handed_over_is_no_ticket(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    assert await pipe.web.connector.tickets.find_ticket(f"pos:ticket:{created}") is None
    assert not is_ticket((await web_order(pipe, order))["ext_order_id"])


async def test_what_a_store_keeps_for_a_customer_is_a_ticket_when_it_is_handed_over(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos, Status="Open")
    await pipe.changed("pos", "order", ticket)
    assert await pipe.web.connector.tickets.find_ticket(f"pos:ticket:{ticket}") is None
    await in_store(pipe, ticket, Status="Fulfilled")
    await pipe.changed("pos", "order", ticket)
    assert pipe.failed == []
    assert (await shown(pipe, ticket))["state"] == "complete"


async def test_what_a_store_takes_back_of_its_own_sales_and_its_money_are_not_told(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos)
    await pipe.changed("pos", "order", ticket)
    refund = {
        "RefundedAt": "2026-11-28T12:00:00Z",
        "Amount": 10.83,
        "Tenders": [{"Type": "Cash", "Amount": 10.83}],
        "Lines": [{"SKU": pipe.pos.sku, "Quantity": 1, "Restocked": True}],
    }
    await in_store(pipe, ticket, Refunds=[refund])
    assert delivered(await pipe.changed("pos", "order", ticket)) == []
    assert pipe.failed == []
    order = await shown(pipe, ticket)
    assert await pipe.web.connector.credit_memos.credit_memos_of(str(order["entity_id"])) == ()


async def test_a_payment_of_a_sale_in_store_makes_no_invoice(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos, Tenders=[], BalanceDue=D("21.65"), Status="Open")
    paid = {"Kind": "Sale", "OrderID": ticket, "Amount": 21.65, "Currency": "USD", "Type": "Cash"}
    content = await pipe.pos.client.change("POST", "till", "money", "/v1/payments", paid)
    await in_store(pipe, ticket, Status="Fulfilled")
    await pipe.changed("pos", "order", ticket)
    (entry,) = await pipe.changed("pos", "payment", str(orjson.loads(content)["PaymentID"]))
    assert (entry.outcome, pipe.failed) == (Outcome.FILTERED, [])
    order = await shown(pipe, ticket)
    assert (order["base_total_paid"], order["base_total_due"]) == (21.65, 0)
    assert await pipe.web.connector.invoices.invoices_of(str(order["entity_id"])) == ()


async def account(pipe: Pipe) -> tuple[str, str]:
    """Somebody with an account and a profile, which are linked: the account's id and the profile's."""
    email = f"ann-{secrets.token_hex(4)}@example.com"
    names = {"firstname": "Ann", "lastname": "Webb"}
    home = {name: ADDRESS[name] for name in ("street", "city", "region_id", "postcode", "country_id", "telephone")}
    document = {**names, "addresses": [{**names, **home, "default_billing": True, "default_shipping": True}]}
    made = await pipe.web.connector.customers.create_account(AccountDraft(email, 1, document))
    profile = {"FirstName": "Ann", "LastName": "Webb", "Email": email}
    content = await pipe.pos.client.change("POST", "till", "a profile", "/v1/customers", profile)
    customer = str(orjson.loads(content)["CustomerID"])
    await pipe.store.links.insert(
        Ref("web", "customer", made.account_id), linked_name(Ref("pos", "customer", customer), "1")
    )
    return made.account_id, customer


async def test_a_customers_purchases_in_store_are_read_in_the_web_store(pipe: Pipe) -> None:
    account_id, customer = await account(pipe)
    ticket = await sold(pipe.pos, CustomerID=customer)
    await pipe.changed("pos", "order", ticket)
    assert pipe.failed == []
    order = await shown(pipe, ticket)
    assert (order["customer_id"], order["customer_is_guest"]) == (int(account_id), 0)
    assert (order["customer_firstname"], order["customer_email"][:4]) == ("Ann", "ann-")
    assert (order["billing_address"]["street"], order["billing_address"]["region_id"]) == (["12 Oak St"], 57)


async def test_a_profile_without_an_account_buys_as_a_guest(pipe: Pipe) -> None:
    content = await pipe.pos.client.change(
        "POST", "till", "a profile", "/v1/customers", {"FirstName": "Bo", "LastName": "Ek"}
    )
    ticket = await sold(pipe.pos, CustomerID=str(orjson.loads(content)["CustomerID"]))
    await pipe.changed("pos", "order", ticket)
    assert pipe.failed == []
    assert (await shown(pipe, ticket))["customer_is_guest"] == 1


async def test_goods_that_are_called_otherwise_in_the_web_store_have_their_name_there(pipe: Pipe) -> None:
    await pipe.store.links.insert(Ref("web", "sku", "SKU-00003"), Ref("pos", "sku", pipe.pos.sku))
    ticket = await sold(pipe.pos)
    await pipe.changed("pos", "order", ticket)
    assert [row["sku"] for row in (await shown(pipe, ticket))["items"]] == ["SKU-00003"]


async def test_off_as_it_is_by_default_nothing_is_sent(web: WebSystem, pos: PosSystem) -> None:
    pipe = Pipe(web, pos)
    ticket = await sold(pos)
    (entry,) = await pipe.changed("pos", "order", ticket)
    assert (entry.outcome, pipe.published) == (Outcome.FILTERED, [])
    assert await web.connector.tickets.find_ticket(f"pos:ticket:{ticket}") is None


async def test_a_sale_in_store_that_is_shown_is_booked_once_and_is_no_drift(pipe: Pipe) -> None:
    ticket = await sold(pipe.pos, OrderDate=datetime.now(UTC).isoformat())
    await pipe.changed("pos", "order", ticket)
    web, pos, channels = pipe.web.connector, pipe.pos.connector, Channels([pipe.channel])
    joint = Joint("web", "pos", web, pos, channels, engine_of(Settings()), pipe.store.links, lambda *_: None)
    begin, end = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    histories = await read_histories(joint, begin, end, in_store=True)
    assert ([one.sale.number for one in histories.found], histories.left_out) == ([ticket], [])
    assert (await reconcile_orders(joint, Window(begin, end, end))).drifts == ()
