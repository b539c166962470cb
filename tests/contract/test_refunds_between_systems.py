"""Money that goes back, wherever it does: known once in both systems, and no goods move that did not come back."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from schemas.ids import MissingLink, Ref
from streams.errors import DependencyMissing, Rejected
from streams.ports import Outcome
from streams.ports.refunds import MORE_THAN_TENDERED
from tests.contract.deeds import exported, in_store, invoice, pos_order, web_order
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


# -- In the web store --------------------------------------------------------------------------------------------


async def refunded_online(pipe: Pipe, order: str, **changes: object) -> str:
    """What a person does in Magento's admin: give one piece back, and no shipping."""
    item = next(row for row in (await web_order(pipe, order))["items"] if "parent_item_id" not in row)
    body = {"items": [{"order_item_id": item["item_id"], "qty": 1}], "arguments": {"shipping_amount": 0}}
    answer = await pipe.web.client.post("refund", order, f"/V1/order/{order}/refund", body | changes)
    return str(orjson.loads(answer))


@pytest.mark.rule("money.web_refund")
async def test_a_credit_memo_is_recorded_on_the_order_once_and_does_not_come_back(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    memo = await refunded_online(pipe, order)
    for _ in range(2):
        await pipe.changed("web", "credit_memo", memo)
    assert pipe.failed == []
    (entry,) = await pipe.pos.connector.refunds.refunds_of(created)
    (shown,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (entry.amount, entry.units, entry.restocked) == (shown.total, {pipe.pos.sku: D(1)}, {})
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    assert len(await pipe.web.connector.credit_memos.credit_memos_of(order)) == 1


@pytest.mark.rule("money.web_refund")
async def test_a_credit_memo_that_is_faster_than_its_payment_waits_for_it(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    paid = await invoice(pipe, order)
    memo = await refunded_online(pipe, order)
    await pipe.changed("web", "credit_memo", memo)
    (early,) = pipe.failed
    assert isinstance(early, DependencyMissing)
    assert early.waits_for == MissingLink(Ref("web", "invoice", paid), "pos")
    assert "goes on by itself" in early.message
    await pipe.changed("web", "invoice", paid)
    await pipe.changed("web", "credit_memo", memo)
    assert pipe.failed == [early]
    (entry,) = await pipe.pos.connector.refunds.refunds_of(created)
    (shown,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert entry.amount == shown.total


async def test_a_credit_memo_over_money_that_the_till_gave_back_already_is_for_a_person(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    await in_store(pipe, created, Status="Fulfilled")
    whole = D(str((await pos_order(pipe, created))["TotalAmount"]))
    await returned_in_store(pipe, created, str(whole))
    await pipe.changed("web", "credit_memo", await refunded_online(pipe, order))
    (error,) = pipe.failed
    assert isinstance(error, Rejected)
    assert error.code == MORE_THAN_TENDERED
    assert len(await pipe.pos.connector.refunds.refunds_of(created)) == 1


@pytest.mark.rule("money.web_refund_stock")
async def test_a_web_refund_alone_moves_no_stock_of_either_system(pipe: Pipe) -> None:
    order, created, _ = await in_both_and_gone(pipe)
    on_hand, shelf = await pipe.pos.stock.levels([pipe.pos.sku]), await on_shelves(pipe)
    await pipe.changed("web", "credit_memo", await refunded_online(pipe, order))
    assert pipe.failed == []
    (entry,) = await pipe.pos.connector.refunds.refunds_of(created)
    assert (entry.units, entry.restocked) == ({pipe.pos.sku: D(1)}, {})
    assert await pipe.pos.stock.levels([pipe.pos.sku]) == on_hand
    assert await on_shelves(pipe) == shelf


# -- At the till -------------------------------------------------------------------------------------------------


async def on_shelves(pipe: Pipe) -> dict[str, Decimal]:
    """Pieces of the SKU in each source of the web store."""
    return {row.source: row.quantity for row in await pipe.web.stock.list_source_items({pipe.web.sku})}


async def returned_in_store(pipe: Pipe, created: str, amount: str, pieces: int = 1, *, restocked: bool = True) -> None:
    """What a person does at the till: take a piece back and hand out money."""
    refund = {
        "RefundedAt": "2026-11-28T12:00:00Z",
        "Amount": float(amount),
        "Reason": "Too small",
        "Tenders": [{"Type": "Cash", "Amount": float(amount)}],
        "Lines": [{"SKU": pipe.pos.sku, "Quantity": pieces, "Restocked": restocked}],
    }
    await in_store(pipe, created, Refunds=[refund])


async def in_both_and_gone(pipe: Pipe, pieces: int = 2) -> tuple[str, str, Decimal]:
    """An order that is paid and handed over, and what one of its pieces cost, tax included."""
    order, created = await exported(pipe, pieces)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    line = (await pos_order(pipe, created))["LineItems"][0]
    whole = D(str(line["Price"])) * pieces - D(str(line["Discount"])) + D(str(line["Tax"]))
    return order, created, (whole / pieces).quantize(D("0.01"))


@pytest.mark.rule("money.pos_return_offline")
async def test_a_return_at_the_till_is_an_offline_credit_memo_over_what_the_till_gave_back(pipe: Pipe) -> None:
    order, created, price = await in_both_and_gone(pipe)
    await returned_in_store(pipe, created, str(price))
    for _ in range(2):
        await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, memo.shipping, memo.invoice_id, list(memo.units.values())) == (price, D(0), "", [D(1)])
    await pipe.changed("web", "credit_memo", memo.credit_memo_id)
    assert len(await pipe.pos.connector.refunds.refunds_of(created)) == 1


@pytest.mark.rule("money.restocking_fee")
async def test_a_restocking_fee_that_the_till_kept_is_kept_in_the_web_store_too(pipe: Pipe) -> None:
    order, created, price = await in_both_and_gone(pipe)
    await returned_in_store(pipe, created, str(price - 2))
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, memo.adjustment) == (price - 2, D(-2))


@pytest.mark.rule("money.pos_return_matched")
async def test_a_return_through_the_payment_of_a_web_order_is_matched_by_that_payment(pipe: Pipe) -> None:
    order, created, price = await in_both_and_gone(pipe)
    (payment,) = await pipe.pos.connector.payments.payments_of(created)
    back = {"Kind": "Refund", "ParentPaymentID": payment.payment_id, "Amount": float(price), "Currency": "USD"}
    answer = await pipe.pos.client.change("POST", "till", created, "/v1/payments", back)
    for _ in range(2):
        await pipe.changed("pos", "payment", str(orjson.loads(answer)["PaymentID"]))
        await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, memo.units, memo.adjustment) == (price, {}, price)


@pytest.mark.rule("money.pos_return_matched")
async def test_a_return_under_the_number_of_a_web_order_that_nobody_knows_waits_and_touches_none(pipe: Pipe) -> None:
    order = await pipe.web.place_order()
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    pipe.failed.clear()
    sale = await sold_in_store(pipe, ExternalID="W-nobody")
    await returned_over_the_counter(pipe, sale)
    pipe.failed.clear()
    await pipe.changed("pos", "order", sale)
    (error,) = pipe.failed
    assert isinstance(error, DependencyMissing)
    assert error.waits_for == MissingLink(Ref("pos", "order", sale))
    assert "W-nobody" in error.message
    assert await pipe.web.connector.credit_memos.credit_memos_of(order) == ()


async def sold_in_store(pipe: Pipe, **changes: object) -> str:
    """A sale over the counter, paid in cash and carried over; its id in the point of sale."""
    paid = {"Status": "Fulfilled", "Tenders": [{"Type": "Cash", "Amount": D("21.65")}], "BalanceDue": D(0)}
    sold = pipe.pos.draft(**{"ExternalID": None, **paid, **changes}).document
    sale = {key: value for key, value in sold.items() if value is not None}
    created = orjson.loads(await pipe.pos.client.change("POST", "till", "a sale", "/v1/orders", sale))
    await pipe.changed("pos", "order", created["OrderID"])
    return str(created["OrderID"])


async def returned_over_the_counter(pipe: Pipe, sale: str) -> None:
    """All money of that sale."""
    tenders = [{"Type": "Cash", "Amount": 21.65}]
    refund = {"RefundedAt": "2026-11-28T12:00:00Z", "Amount": 21.65, "Tenders": tenders, "Lines": []}
    await in_store(pipe, sale, Refunds=[refund])


@pytest.mark.rule("money.return_no_receipt")
async def test_a_return_that_names_no_web_order_makes_no_credit_memo_of_any(pipe: Pipe) -> None:
    order, _, _ = await in_both_and_gone(pipe)
    sale = await sold_in_store(pipe)
    await returned_over_the_counter(pipe, sale)
    told = await pipe.changed("pos", "order", sale)
    assert pipe.failed == []
    assert {entry.outcome for entry in told} == {Outcome.FILTERED}
    assert await pipe.web.connector.credit_memos.credit_memos_of(order) == ()


@pytest.mark.rule("money.exchange")
async def test_an_exchange_is_a_credit_memo_of_what_came_back_and_what_left_for_it_is_no_web_order(pipe: Pipe) -> None:
    order, created, price = await in_both_and_gone(pipe)
    shipped = await pipe.web.connector.shipments.shipments_of(order)
    await returned_in_store(pipe, created, str(price))
    await pipe.changed("pos", "order", created)
    await sold_in_store(pipe)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, list(memo.units.values()), memo.invoice_id) == (price, [D(1)], "")
    assert await pipe.web.connector.shipments.shipments_of(order) == shipped


@pytest.mark.rule("money.return_other_store")
async def test_goods_that_came_back_to_another_store_are_not_put_into_the_source_that_they_left(pipe: Pipe) -> None:
    order, created, price = await in_both_and_gone(pipe)
    shelves = await on_shelves(pipe)
    await returned_in_store(pipe, created, str(price), restocked=False)
    (level,) = [
        each for each in (await pipe.pos.stock.levels([pipe.pos.sku]))[pipe.pos.sku] if each.location == "STORE2"
    ]
    counted = {"SKU": pipe.pos.sku, "LocationID": "STORE2", "OnHand": float(level.on_hand + 1)}
    await pipe.pos.client.change("PUT", "till", pipe.pos.sku, "/v1/inventory", counted)
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, list(memo.units.values())) == (price, [D(1)])
    assert await on_shelves(pipe) == shelves
