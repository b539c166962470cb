"""Gift cards, which most web stores cannot be told of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.magento.gift_cards import GiftCardAccounts
from streams.errors import Rejected
from tests.app.magento.magento_answers import magento

CODE = "GC7K-22PD-0Q91"
BALANCE = {"balance": 12.5}


@pytest.mark.rule("money.gift_card_unavailable")
async def test_a_store_without_gift_card_accounts_says_so_and_is_sent_nothing() -> None:
    async with magento({}) as (web, asked):
        with pytest.raises(Rejected, match="has no REST route for gift card accounts") as caught:
            await web.gift_cards.set_gift_card_balance("7", Decimal("50.00"), Decimal("12.50"))
    assert (caught.value.code, asked.seen) == ("gift_cards_unavailable", [])
    assert "from 50.00 to 12.50" in caught.value.message


@pytest.mark.parametrize(
    ("shown", "sent"), [(50, [("PUT /V1/giftcardaccounts/7", {"giftcardAccount": BALANCE})]), (12.5, [])]
)
async def test_an_account_is_looked_at_before_its_balance_is_set(shown: float, sent: list[object]) -> None:
    answers = {"GET /V1/giftcardaccounts/7": {"balance": shown, "code": CODE}, "PUT /V1/giftcardaccounts/7": {}}
    async with magento(answers) as (web, asked):
        await GiftCardAccounts(web.client).set_gift_card_balance("7", Decimal(50), Decimal("12.5"))
    assert asked.sent == sent


async def test_an_account_that_somebody_changed_is_left_alone_and_its_code_is_not_told() -> None:
    async with magento({"GET /V1/giftcardaccounts/7": {"balance": 49, "code": CODE}}) as (web, asked):
        with pytest.raises(Rejected, match="account 7 has 49 where 50 was expected, and was not set to 12") as caught:
            await GiftCardAccounts(web.client).set_gift_card_balance("7", Decimal(50), Decimal(12))
    assert (asked.sent, CODE in caught.value.message) == ([], False)


@pytest.mark.rule("money.gift_card_masked")
@pytest.mark.parametrize("cards", [CODE, [CODE], [{"id": 3, "code": [CODE]}]])
async def test_an_answer_with_another_shape_is_refused_without_its_codes(cards: object) -> None:
    answers = {"GET /V1/orders/42": {"extension_attributes": {"gift_cards": cards}}}
    async with magento(answers) as (web, _):
        with pytest.raises(Rejected, match="the gift cards of order 42 have an unexpected shape") as caught:
            await web.gift_card_numbers.gift_card_numbers("42")
    assert CODE not in caught.value.message
