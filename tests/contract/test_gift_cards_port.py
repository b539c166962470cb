"""The contract of `streams.ports.PosGiftCards`, and that a card's number is seen nowhere."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected, Transient
from streams.ports import GiftCardNumber, HoldDraft, PosGiftCards, SeenGiftCard
from tests.contract.systems import LATE, PosSystem, failures

BALANCE = Decimal("50.00")


@pytest.fixture
def gift_cards(pos: PosSystem) -> PosGiftCards:
    return pos.connector.gift_cards


@pytest.fixture
def number() -> GiftCardNumber:
    return GiftCardNumber(f"GC-{secrets.token_hex(8).upper()}")


@pytest.fixture
async def card(pos: PosSystem, gift_cards: PosGiftCards, number: GiftCardNumber) -> SeenGiftCard:
    body = {"Number": number.reveal(), "Balance": BALANCE, "Currency": "USD"}
    await pos.client.change("POST", "create_gift_card", "a new card", "/v1/gift-cards", body)
    found = await gift_cards.gift_card(number)
    assert found is not None
    return found


def draft(amount: str = "20.00") -> HoldDraft:
    return HoldDraft(f"web:order:{secrets.token_hex(6)}", Decimal(amount), "USD")


async def amounts(gift_cards: PosGiftCards, number: GiftCardNumber) -> tuple[Decimal, Decimal, Decimal]:
    found = await gift_cards.gift_card(number)
    assert found is not None
    return found.balance, found.held, found.available


async def test_a_card_is_found_by_its_number_and_tells_the_last_four(
    card: SeenGiftCard, number: GiftCardNumber
) -> None:
    assert (card.balance, card.held, card.available, card.currency) == (BALANCE, Decimal(0), BALANCE, "USD")
    assert card.last_four == number.reveal()[-4:]


async def test_a_number_that_no_card_has_is_none(gift_cards: PosGiftCards, number: GiftCardNumber) -> None:
    assert await gift_cards.gift_card(number) is None


@pytest.mark.rule("money.gift_card_ledger")
async def test_what_is_held_is_not_available_and_what_is_committed_is_spent(
    gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    drafted = draft()
    assert await gift_cards.find_gift_card_hold(card.card_id, drafted.external_id) is None
    hold = await gift_cards.hold_gift_card(card.card_id, drafted)
    assert await gift_cards.find_gift_card_hold(card.card_id, drafted.external_id) == hold
    assert (hold.card_id, hold.amount, hold.currency, hold.status) == (card.card_id, Decimal("20.00"), "USD", "Held")
    assert await amounts(gift_cards, number) == (BALANCE, Decimal("20.00"), Decimal("30.00"))
    committed = await gift_cards.commit_gift_card(card.card_id, hold.hold_id)
    assert committed.status == "Committed"
    assert await gift_cards.commit_gift_card(card.card_id, hold.hold_id) == committed
    assert await amounts(gift_cards, number) == (Decimal("30.00"), Decimal(0), Decimal("30.00"))


@pytest.mark.rule("money.gift_card_ledger")
async def test_what_is_released_is_available_again(
    gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    hold = await gift_cards.hold_gift_card(card.card_id, draft())
    assert await gift_cards.gift_card_holds(card.card_id) == (hold,)
    released = await gift_cards.release_gift_card(card.card_id, hold.hold_id)
    assert released.status == "Released"
    assert await gift_cards.gift_card_holds(card.card_id) == (released,)
    assert await gift_cards.release_gift_card(card.card_id, hold.hold_id) == released
    assert await amounts(gift_cards, number) == (BALANCE, Decimal(0), BALANCE)


async def test_what_is_given_back_is_there_to_be_spent_again_and_is_found_by_its_name(
    gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    hold = await gift_cards.hold_gift_card(card.card_id, draft())
    await gift_cards.commit_gift_card(card.card_id, hold.hold_id)
    drafted = draft("5.25")
    assert await gift_cards.find_gift_card_credit(card.card_id, drafted.external_id) is None
    credit = await gift_cards.credit_gift_card(card.card_id, drafted)
    assert await gift_cards.find_gift_card_credit(card.card_id, drafted.external_id) == credit
    assert (credit.card_id, credit.amount, credit.currency) == (card.card_id, Decimal("5.25"), "USD")
    assert await amounts(gift_cards, number) == (Decimal("35.25"), Decimal(0), Decimal("35.25"))


async def test_a_credit_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, gift_cards: PosGiftCards, card: SeenGiftCard
) -> None:
    drafted = draft("5.25")
    pos.faults.put(Rule(Fault.RESET_AFTER, every=1, operation="create_gift_card_credit"))
    with pytest.raises(OutcomeUnknown, match=f"pos: credit_gift_card for credit {drafted.external_id}"):
        await gift_cards.credit_gift_card(card.card_id, drafted)
    assert await pos.faults.done("create_gift_card_credit", 1) == [201]
    found = await gift_cards.find_gift_card_credit(card.card_id, drafted.external_id)
    assert found is not None
    assert found.amount == drafted.amount


async def test_a_hold_that_has_ended_stays_so_and_the_refusal_says_what_to_do(
    gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    spent = await gift_cards.hold_gift_card(card.card_id, draft())
    gone = await gift_cards.hold_gift_card(card.card_id, draft())
    await gift_cards.commit_gift_card(card.card_id, spent.hold_id)
    await gift_cards.release_gift_card(card.card_id, gone.hold_id)
    with pytest.raises(Rejected, match=r"Committed.* give it back there") as caught:
        await gift_cards.release_gift_card(card.card_id, spent.hold_id)
    assert caught.value.code == "hold_state"
    with pytest.raises(Rejected, match=r"Released.* hold and commit it anew"):
        await gift_cards.commit_gift_card(card.card_id, gone.hold_id)
    assert await amounts(gift_cards, number) == (Decimal("30.00"), Decimal(0), Decimal("30.00"))


async def test_more_than_is_available_is_not_held(gift_cards: PosGiftCards, card: SeenGiftCard) -> None:
    await gift_cards.hold_gift_card(card.card_id, draft("30.00"))
    drafted = draft("20.01")
    with pytest.raises(Rejected, match=rf"hold {drafted.external_id} on gift card .* of 20\.01 USD .*20\.00") as caught:
        await gift_cards.hold_gift_card(card.card_id, drafted)
    assert caught.value.code == "gift_card_balance"
    assert await gift_cards.find_gift_card_hold(card.card_id, drafted.external_id) is None


async def test_two_holds_of_one_external_id_are_a_collision(gift_cards: PosGiftCards, card: SeenGiftCard) -> None:
    drafted = draft("1.00")
    await gift_cards.hold_gift_card(card.card_id, drafted)
    await gift_cards.hold_gift_card(card.card_id, drafted)
    with pytest.raises(Rejected, match=f"pos has 2 holds called {drafted.external_id} on gift card") as caught:
        await gift_cards.find_gift_card_hold(card.card_id, drafted.external_id)
    assert caught.value.code == "collision"


async def test_a_card_or_hold_that_is_not_there_is_refused(gift_cards: PosGiftCards, card: SeenGiftCard) -> None:
    nobody = "999999999"
    failed = await failures(
        gift_cards.hold_gift_card(nobody, draft()),
        gift_cards.find_gift_card_hold(nobody, "x"),
        gift_cards.commit_gift_card(card.card_id, nobody),
        gift_cards.release_gift_card(nobody, nobody),
    )
    assert failed == ["Rejected not_found"] * 4


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_hold_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, gift_cards: PosGiftCards, card: SeenGiftCard, rule: Rule
) -> None:
    drafted = draft()
    pos.faults.put(replace(rule, every=1, operation="create_gift_card_hold"))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"pos: hold_gift_card for hold {drafted.external_id}"):
            await hurried.gift_cards.hold_gift_card(card.card_id, drafted)
    assert await pos.faults.done("create_gift_card_hold", 1) == [201]
    found = await gift_cards.find_gift_card_hold(card.card_id, drafted.external_id)
    assert found is not None
    assert found.amount == drafted.amount


async def test_a_commitment_whose_answer_was_lost_may_be_repeated_and_spends_once(
    pos: PosSystem, gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    hold = await gift_cards.hold_gift_card(card.card_id, draft())
    pos.faults.put(Rule(Fault.RESET_AFTER, every=1, operation="update_gift_card_hold", limit=1))
    with pytest.raises(OutcomeUnknown):
        await gift_cards.commit_gift_card(card.card_id, hold.hold_id)
    assert (await gift_cards.commit_gift_card(card.card_id, hold.hold_id)).status == "Committed"
    assert await amounts(gift_cards, number) == (Decimal("30.00"), Decimal(0), Decimal("30.00"))


async def test_a_look_up_gets_through_passing_faults_and_a_failed_one_is_no_unknown_outcome(
    pos: PosSystem, gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=2, operation="find_gift_card"))
    for _ in range(3):
        assert await gift_cards.gift_card(number) == card
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="find_gift_card"))
    with pytest.raises(Transient) as caught:
        await gift_cards.gift_card(number)
    assert f"gift card …{number.reveal()[-4:]}" in str(caught.value)
    assert number.reveal() not in str(caught.value)


@pytest.mark.rule("money.gift_card_masked")
async def test_the_number_is_in_no_url_log_list_or_representation(
    pos: PosSystem,
    gift_cards: PosGiftCards,
    card: SeenGiftCard,
    number: GiftCardNumber,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        await gift_cards.gift_card(number)
        hold = await gift_cards.hold_gift_card(card.card_id, draft())
        listing = await pos.connector.gift_cards.list_gift_cards(card.updated_at)
        content = await pos.connector.reader.read("gift_card", card.card_id)
    assert orjson.loads(content or b"")["GiftCardID"] == card.card_id
    assert [row["GiftCardID"] for row in listing.rows] == [card.card_id]
    secret = number.reveal()
    for text in (caplog.text, repr(card), repr(hold), repr(listing), str(content), repr(number), f"{number}"):
        assert secret not in text
    assert secret[-4:] not in repr(card)


async def test_a_look_up_is_no_mutation(
    pos: PosSystem, gift_cards: PosGiftCards, card: SeenGiftCard, number: GiftCardNumber
) -> None:
    assert await gift_cards.gift_card(number) == card
    assert pos.faults.mutations("find_gift_card") == []
