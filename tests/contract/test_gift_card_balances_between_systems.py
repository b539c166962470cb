"""Balances of gift cards, from the ledger of the point of sale into the web store, through both whole connectors."""

from __future__ import annotations

import secrets
from dataclasses import replace
from decimal import Decimal

import pytest

from app.magento.gift_cards import GiftCardAccounts
from streams.ports import HoldDraft, Outcome
from tests.contract.gift_cards import ON_IT, Card, admin, bought, in_web_store, issue, web_order
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


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
