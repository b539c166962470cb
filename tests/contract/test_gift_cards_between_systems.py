"""Gift cards of web orders in the ledger of the point of sale, through both whole connectors."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.launch import observed
from streams.ports import Outcome
from tests.contract.gift_cards import ON_IT, admin, bought, in_web_store, issue, web_order
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


@pytest.mark.rule("money.gift_card_ledger")
@pytest.mark.rule("orders.prepaid_are_tenders")
async def test_what_a_card_pays_of_an_order_is_held_once_and_spent_when_it_is_invoiced(pipe: Pipe) -> None:
    card = await issue(pipe, "5.00")
    order = await bought(pipe, card)
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    assert await card.balance() == (ON_IT, D("5.00"))
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    document = orjson.loads(await pipe.pos.connector.reader.read("order", found.order_id) or b"")
    (tender,) = document["Tenders"]
    assert (tender["Type"], D(str(tender["Amount"]))) == ("GiftCard", D("5.00"))
    assert D(str(document["BalanceDue"])) + D("5.00") == found.total
    await admin(pipe, order, f"/{order}/invoice", {"capture": False})
    assert pipe.failed == []
    assert await card.balance() == (ON_IT - D("5.00"), D(0))


@pytest.mark.rule("money.gift_card_ledger")
async def test_a_card_that_pays_all_of_an_order_is_spent_at_once(pipe: Pipe) -> None:
    card = await issue(pipe, "1000.00")
    order = await bought(pipe, card)
    assert pipe.failed == []
    total = D(str((await web_order(pipe, order))["extension_attributes"]["base_gift_cards_amount"]))
    assert await card.balance() == (ON_IT - total, D(0))


@pytest.mark.rule("money.gift_card_ledger")
@pytest.mark.rule("orders.cancel")
async def test_a_canceled_order_lets_the_money_go_and_one_that_never_was_exported_takes_none(pipe: Pipe) -> None:
    card = await issue(pipe, "5.00")
    order = await bought(pipe, card)
    assert await card.balance() == (ON_IT, D("5.00"))
    await admin(pipe, order, f"s/{order}/cancel", {})
    assert pipe.failed == []
    assert await card.balance() == (ON_IT, D(0))
    other = await issue(pipe, "5.00")
    never = await pipe.web.place_order(gift_cards=[other.number.reveal()])
    await admin(pipe, never, f"s/{never}/cancel", {})
    assert pipe.failed == []
    assert await other.balance() == (ON_IT, D(0))


@pytest.mark.rule("money.gift_card_ledger")
async def test_a_refund_goes_back_to_the_card_as_often_as_it_is_given_and_never_twice(pipe: Pipe) -> None:
    card = await issue(pipe, "1000.00")
    order = await bought(pipe, card, pieces=2)
    document = await web_order(pipe, order)
    paid = D(str(document["extension_attributes"]["base_gift_cards_amount"]))
    item = document["items"][0]["item_id"]
    for _ in range(2):
        one: dict[str, object] = {"items": [{"order_item_id": item, "qty": 1}], "arguments": {"shipping_amount": 0}}
        await admin(pipe, order, f"/{order}/refund", one)
    assert pipe.failed == []
    refunded = D(str((await web_order(pipe, order))["extension_attributes"]["base_gift_cards_refunded"]))
    assert D(0) < refunded < paid
    assert await card.balance() == (ON_IT - paid + refunded, D(0))
    assert len(pipe.pos.faults.mutations("create_gift_card_credit")) == 2


@pytest.mark.rule("money.gift_card_ledger")
async def test_two_cards_of_an_order_are_held_each_for_its_own_share(pipe: Pipe) -> None:
    cards = [await issue(pipe, amount) for amount in ("3.00", "4.50")]
    await bought(pipe, *cards)
    assert pipe.failed == []
    assert [await card.balance() for card in cards] == [(ON_IT, D("3.00")), (ON_IT, D("4.50"))]


@pytest.mark.parametrize("operation", ["create_gift_card_hold", "update_gift_card_hold"])
async def test_an_answer_that_was_lost_takes_no_money_twice(pipe: Pipe, operation: str) -> None:
    card = await issue(pipe, "1000.00")
    pipe.pos.faults.put(Rule(Fault.RESET_AFTER, every=1, operation=operation, limit=1))
    order = await bought(pipe, card)
    assert len(pipe.failed) <= 1
    await pipe.changed("web", "order", order)
    total = D(str((await web_order(pipe, order))["extension_attributes"]["base_gift_cards_amount"]))
    balance, held = await card.balance()
    assert (balance, held) in {(ON_IT - total, D(0)), (ON_IT, total)}
    assert pipe.pos.faults.mutations("create_gift_card_hold") == [201]


async def test_a_card_that_the_ledger_does_not_have_goes_to_a_person_and_touches_no_other(pipe: Pipe) -> None:
    card = await issue(pipe, "5.00", in_ledger=False)
    await bought(pipe, card)
    (error,) = pipe.failed
    assert error.code == "unknown_gift_card"
    assert f"gift card …{card.number.reveal()[-4:]}, which pos does not have: issue it there" in error.message
    assert card.number.reveal() not in error.message


async def test_more_than_the_ledger_has_on_a_card_goes_to_a_person(pipe: Pipe) -> None:
    card = await issue(pipe, "1000.00")
    await bought(pipe, card, pieces=20)
    (error,) = pipe.failed
    assert error.code == "gift_card_balance"
    assert "Ask the customer for another tender" in error.message
    assert await card.balance() == (ON_IT, D(0))


@pytest.mark.rule("money.gift_card_masked")
async def test_a_card_whose_code_the_web_store_masks_is_for_a_person_and_none_is_guessed(pipe: Pipe) -> None:
    card = await issue(pipe, "5.00")
    order = await pipe.web.place_order(gift_cards=[card.number.reveal()])
    masked = f"****{card.number.reveal()[-4:]}"
    statement = "UPDATE orders SET document = replace(document, ?, ?) WHERE entity_id = ?"
    in_web_store(pipe, statement, card.number.reveal(), masked, int(order))
    await pipe.changed("web", "order", order)
    (error,) = pipe.failed
    assert error.code == "gift_card_masked"
    assert "does not tell the card's whole number: nothing was taken from any card" in error.message
    assert await card.balance() == (ON_IT, D(0))


@pytest.mark.rule("money.gift_card_masked")
async def test_a_number_is_in_nothing_that_the_pipeline_keeps(pipe: Pipe, caplog: pytest.LogCaptureFixture) -> None:
    card = await issue(pipe, "5.00")
    with caplog.at_level(logging.DEBUG):
        order = await bought(pipe, card)
        await admin(pipe, order, f"s/{order}/cancel", {})
    assert any(message.startswith("hold_gift_card") for message in delivered(pipe.told))
    kept = "\n".join(
        [caplog.text, repr(pipe.told), *(repr(record) for record in pipe.published), repr(vars(pipe.store))]
    )
    assert card.number.reveal() not in kept


async def in_pos(pipe: Pipe, order: str) -> dict[str, Any]:
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    return dict(orjson.loads(await pipe.pos.connector.reader.read("order", found.order_id) or b""))


async def handed_over(pipe: Pipe, order: str) -> None:
    """The customer has fetched the goods; carried over."""
    await at_the_till(pipe, order, Status="Fulfilled")


async def at_the_till(pipe: Pipe, order: str, **changes: object) -> None:
    order_id = (await in_pos(pipe, order))["OrderID"]
    await pipe.pos.client.change("PUT", "till", order, f"/v1/orders/{order_id}", changes)
    await pipe.changed("pos", "order", order_id)


async def returned_at_the_till(pipe: Pipe, order: str, *, restocked: bool) -> Decimal:
    """One piece is paid back in cash, and its price; carried over."""
    line = (await in_pos(pipe, order))["LineItems"][0]
    price = D(str(line["Price"])) + (D(str(line["Tax"])) / D(str(line["Quantity"]))).quantize(D("0.01"))
    refund = {
        "RefundedAt": "2026-11-28T12:00:00Z",
        "Amount": float(price),
        "Tenders": [{"Type": "Cash", "Amount": float(price)}],
        "Lines": [{"SKU": pipe.pos.sku, "Quantity": 1, "Restocked": restocked}],
    }
    await at_the_till(pipe, order, Refunds=[refund])
    return price


@pytest.mark.rule("money.gift_card_ledger")
@pytest.mark.rule("money.pos_return_offline")
async def test_what_the_till_gave_back_of_an_order_that_a_card_paid_is_not_given_back_to_the_card_as_well(
    pipe: Pipe,
) -> None:
    card = await issue(pipe, "1000.00")
    order = await bought(pipe, card, pieces=2)
    await handed_over(pipe, order)
    before = await card.balance()
    price = await returned_at_the_till(pipe, order, restocked=True)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, memo.gift_cards) == (price, price)
    await pipe.changed("web", "order", order)
    await pipe.changed("web", "credit_memo", memo.credit_memo_id)
    assert pipe.failed == []
    assert await card.balance() == before


@pytest.mark.rule("money.keep_the_item")
async def test_money_that_is_given_back_while_the_customer_keeps_the_item_moves_no_stock(pipe: Pipe) -> None:
    order = await pipe.web.place_order(2)
    await admin(pipe, order, f"/{order}/invoice", {"capture": False})
    await handed_over(pipe, order)
    shelf = [row.quantity for row in await pipe.web.stock.list_source_items({pipe.web.sku})]
    on_hand = await pipe.pos.stock.levels([pipe.pos.sku])
    price = await returned_at_the_till(pipe, order, restocked=False)
    assert pipe.failed == []
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert (memo.total, list(memo.units.values())) == (price, [D(1)])
    assert [row.quantity for row in await pipe.web.stock.list_source_items({pipe.web.sku})] == shelf
    assert await pipe.pos.stock.levels([pipe.pos.sku]) == on_hand


@pytest.mark.rule("money.web_refund")
async def test_a_web_refund_of_an_order_that_a_card_paid_is_recorded_with_the_card_as_its_tender(pipe: Pipe) -> None:
    card = await issue(pipe, "1000.00")
    order = await bought(pipe, card, pieces=2)
    item = (await web_order(pipe, order))["items"][0]["item_id"]
    one: dict[str, object] = {
        "items": [{"order_item_id": item, "qty": 1}],
        "arguments": {"shipping_amount": 0},
    }
    await admin(pipe, order, f"/{order}/refund", one)
    (memo,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    await pipe.changed("web", "credit_memo", memo.credit_memo_id)
    assert pipe.failed == []
    (entry,) = (await in_pos(pipe, order))["Refunds"]
    assert [(tender["Type"], D(str(tender["Amount"]))) for tender in entry["Tenders"]] == [("GiftCard", memo.total)]


async def test_nobody_is_asked_about_a_card_that_nothing_would_be_taken_from_before_the_launch(pipe: Pipe) -> None:
    pipe.cutovers.rows.clear()
    order = await bought(pipe, await issue(pipe, "20.00", in_ledger=False))
    assert pipe.failed == []
    (told,) = [entry for entry in pipe.told if entry.flow == "gift_card_redemption" and entry.stage == "deliver"]
    assert told.outcome is Outcome.FILTERED
    assert observed.is_refused(told.message)
    assert f"order {(await web_order(pipe, order))['increment_id']} is paid with" in told.message


@pytest.mark.rule("starting.older_links_only")
async def test_nothing_is_taken_from_a_card_for_an_order_from_before_the_launch(pipe: Pipe) -> None:
    """A person may have taken it already, whatever the web store tells of the order later."""
    card = await issue(pipe, "200.00")
    launched = datetime.now(UTC) - timedelta(days=1)
    for way, cutover in list(pipe.cutovers.rows.items()):
        await pipe.cutovers.launch(way, launched, by=cutover.launched_by)
    order = await pipe.web.place_order(1, gift_cards=[card.number.reveal()])
    placed = f"{launched - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    in_web_store(
        pipe, "UPDATE orders SET document = json_set(document, '$.created_at', ?) WHERE entity_id = ?", placed, order
    )
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    (told,) = [entry for entry in pipe.told if entry.flow == "gift_card_redemption" and entry.stage == "deliver"]
    assert told.message.startswith(observed.BEFORE_CUTOVER)
    assert await card.balance() == (ON_IT, D(0))
