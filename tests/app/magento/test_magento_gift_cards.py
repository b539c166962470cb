"""Gift cards, which most web stores cannot be told of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streams.errors import Rejected
from tests.app.magento.magento_answers import magento


@pytest.mark.rule("money.gift_card_unavailable")
async def test_a_store_without_gift_card_accounts_says_so_and_is_sent_nothing() -> None:
    async with magento({}) as (web, asked):
        with pytest.raises(Rejected, match="has no REST route for gift card accounts") as caught:
            await web.gift_cards.set_gift_card_balance("7", Decimal("50.00"), Decimal("12.50"))
    assert (caught.value.code, asked.seen) == ("gift_cards_unavailable", [])
    assert "from 50.00 to 12.50" in caught.value.message
