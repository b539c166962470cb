"""Gift cards of web orders in the ledger of the point of sale, through both whole connectors."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from app.magento.gift_cards import GiftCardAccounts
from app.sandbox.faults import Fault, Rule
from streams.launch import observed
from streams.ports import GiftCardNumber, HoldDraft, Outcome
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem

D = Decimal
ON_IT = D("500.00")
"""What is on a card in the ledger."""


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


@dataclass(frozen=True)
class Card:
    """A card that both systems know."""

    pipe: Pipe
    number: GiftCardNumber

    async def balance(self) -> tuple[Decimal, Decimal]:
        """What is on it in the ledger, and what of that is held."""
        found = await self.pipe.pos.connector.gift_cards.gift_card(self.number)
        assert found is not None
        return found.balance, found.held


async def issue(pipe: Pipe, in_web: str, *, in_ledger: bool = True) -> Card:
    """A new card, with so much on it in the web store."""
    number = f"GC-{secrets.token_hex(6).upper()}"
    in_web_store(pipe, "INSERT INTO gift_cards(code, balance) VALUES (?, ?)", number, in_web)
    if in_ledger:
        body = {"Number": number, "Balance": ON_IT, "Currency": "USD"}
        await pipe.pos.client.change("POST", "till", "a new card", "/v1/gift-cards", body)
    return Card(pipe, GiftCardNumber(number))


def in_web_store(pipe: Pipe, statement: str, *values: object) -> None:
    """What no route of Magento's does."""
    with sqlite3.connect(pipe.web.faults._sandbox.database) as connection:
        connection.execute(statement, values)
    connection.close()


async def bought(pipe: Pipe, *cards: Card, pieces: int = 1) -> str:
    """An order that was paid with those cards as far as they go, carried over."""
    order = await pipe.web.place_order(pieces, gift_cards=[card.number.reveal() for card in cards])
    await pipe.changed("web", "order", order)
    return order


async def web_order(pipe: Pipe, order: str) -> dict[str, Any]:
    found = await pipe.web.connector.reader.read("order", order)
    assert found is not None
    return dict(orjson.loads(found))


async def admin(pipe: Pipe, order: str, what: str, body: dict[str, object]) -> None:
    """What a person does with the order in Magento's admin, carried over twice."""
    await pipe.web.client.post("admin", order, f"/V1/order{what}", body)
    for _ in range(2):
        await pipe.changed("web", "order", order)


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


# -- Balances into the web store ---------------------------------------------------------------------------------


async def shared(pipe: Pipe, in_web: str) -> tuple[Card, str, str]:
    """A card that one canceled order has used, so that both systems are known to have it; its id in each."""
    card = await issue(pipe, "5.00")
    order = await bought(pipe, card)
    used = (await web_order(pipe, order))["extension_attributes"]["gift_cards"]
    await admin(pipe, order, f"s/{order}/cancel", {})
    found = await pipe.pos.connector.gift_cards.gift_card(card.number)
    assert found is not None
    assert pipe.failed == []
    in_web_store(pipe, "UPDATE gift_cards SET balance = ? WHERE code = ?", in_web, card.number.reveal())
    return card, found.card_id, str(used[0]["id"])


async def spent_in_store(pipe: Pipe, card_id: str, amount: str) -> None:
    cards = pipe.pos.connector.gift_cards
    hold = await cards.hold_gift_card(card_id, HoldDraft(f"till-{secrets.token_hex(4)}", D(amount), "USD"))
    await cards.commit_gift_card(card_id, hold.hold_id)


async def in_account(pipe: Pipe, account: str) -> Decimal:
    shown = await GiftCardAccounts(pipe.web.client).gift_card_balance(account)
    assert shown is not None
    return shown


@pytest.fixture
def saas(web: WebSystem, pos: PosSystem) -> Pipe:
    """With a web store that has gift card accounts."""
    return Pipe(replace(web, connector=replace(web.connector, gift_cards=GiftCardAccounts(web.client))), pos)


@pytest.mark.rule("money.gift_card_ledger")
async def test_what_is_spent_in_a_store_can_not_be_spent_again_in_the_web_store(saas: Pipe) -> None:
    _, card_id, account = await shared(saas, "500.00")
    await spent_in_store(saas, card_id, "480.00")
    for _ in range(2):
        await saas.changed("pos", "gift_card", card_id)
    assert saas.failed == []
    assert await in_account(saas, account) == D("20.00")
    assert saas.web.faults.mutations("update_gift_card_account") == [200]


@pytest.mark.rule("money.gift_card_ledger")
async def test_money_that_a_web_order_has_just_taken_is_not_put_back_before_it_is_held(saas: Pipe) -> None:
    card, card_id, account = await shared(saas, "500.00")
    await spent_in_store(saas, card_id, "100.00")
    await saas.changed("pos", "gift_card", card_id)
    on_its_way = await saas.web.place_order(gift_cards=[card.number.reveal()])
    left = await in_account(saas, account)
    assert left < D("400.00")
    for topped_up in (50, 100):
        await saas.pos.connector.gift_cards.credit_gift_card(card_id, HoldDraft(f"{topped_up}", D("50.00"), "USD"))
        await saas.changed("pos", "gift_card", card_id)
        assert await in_account(saas, account) == left + topped_up
    await saas.changed("web", "order", on_its_way)
    await saas.changed("pos", "gift_card", card_id)
    assert saas.failed == []
    balance, held = await card.balance()
    assert await in_account(saas, account) == balance - held


@pytest.mark.rule("money.gift_card_ledger")
async def test_the_ledger_wins_over_what_somebody_changes_in_the_web_stores_admin(saas: Pipe) -> None:
    _, card_id, account = await shared(saas, "500.00")
    await saas.changed("pos", "gift_card", card_id)
    in_web_store(saas, "UPDATE gift_cards SET balance = '9000' WHERE account_id = ?", int(account))
    await spent_in_store(saas, card_id, "1.00")
    await saas.changed("pos", "gift_card", card_id)
    assert saas.failed == []
    assert await in_account(saas, account) == D("499.00")


async def test_a_card_that_no_web_order_has_used_changes_nothing_there(saas: Pipe) -> None:
    card = await issue(saas, "5.00")
    found = await saas.pos.connector.gift_cards.gift_card(card.number)
    assert found is not None
    (*_, entry) = await saas.changed("pos", "gift_card", found.card_id)
    assert (saas.failed, entry.outcome) == ([], Outcome.FILTERED)
    assert "the first web order that uses it tells" in entry.message


@pytest.mark.rule("money.gift_card_unavailable")
async def test_a_store_without_accounts_says_why_and_what_to_do_and_the_ledger_goes_on(pipe: Pipe) -> None:
    card, card_id, _ = await shared(pipe, "500.00")
    for amount in ("1.00", "2.00"):
        await spent_in_store(pipe, card_id, amount)
        (*_, entry) = await pipe.changed("pos", "gift_card", card_id)
        assert (pipe.failed, entry.outcome) == ([], Outcome.FILTERED)
        assert "Keep the point of sale as the ledger" in entry.message
        assert "set connections.web.gift_cards to accounts" in entry.message
    order = await bought(pipe, card)
    paid = D(str((await web_order(pipe, order))["extension_attributes"]["base_gift_cards_amount"]))
    assert await card.balance() == (ON_IT - D("3.00") - paid, D(0))


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
