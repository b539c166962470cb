"""``tillstream gift-cards reveal``: no number without a name and a reason in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.gift_cards import Asking, revealed
from streams.errors import Rejected
from streams.ports import GiftCardNumber, HeldRecord, Hold, HoldReason, Outcome
from tests.schemas.golden import Golden
from tests.twins.clock import FakeClock
from tests.twins.kafka import envelope, record
from tests.twins.store import MemoryStore

NUMBER = GiftCardNumber("GC7K-22PD-0Q91")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ASKING = Asking("ann", "the card was never entered at the till", NOW)


class Store:
    """Implements WebGiftCardNumbers."""

    def __init__(self, **numbers: GiftCardNumber) -> None:
        self._numbers = numbers

    async def gift_card_numbers(self, order_id: str) -> Mapping[str, GiftCardNumber]:
        return {name.removeprefix("card"): number for name, number in self._numbers.items()} if order_id == "42" else {}


def held() -> HeldRecord:
    body = Golden("gift_card_redemption", 1, "held").body
    told = record(body, envelope("r1.gift_card_redemption0", entity="gift_card_redemption"), key="web:order:42")
    hold = Hold(
        key="web:order:42",
        reason=HoldReason.PERSON,
        stage="deliver",
        receipt_id="r1.gift_card_redemption0",
        subject="000000042",
        target="pos",
        blocks=False,
    )
    return HeldRecord(1, hold, told, NOW)


@pytest.mark.rule("money.gift_card_reveal")
async def test_a_number_is_shown_once_the_journal_has_who_asked_and_why() -> None:
    journal = MemoryStore(FakeClock()).journal
    assert await revealed(held(), {"web": Store(card3=NUMBER)}, journal, ASKING) == NUMBER
    later = replace(ASKING, at=NOW + timedelta(seconds=1))
    assert await revealed(held(), {"web": Store(card3=NUMBER)}, journal, later) == NUMBER
    line, again = journal.entries
    assert again.at == later.at
    assert (line.receipt_id, line.outcome, line.at) == ("r1.gift_card_redemption0", Outcome.IN_REVIEW, NOW)
    assert line.message == "the number of gift card …0Q91 was shown to ann: the card was never entered at the till"


class Broken:
    """A journal that cannot be written."""

    async def write(self, entries: object) -> None:
        raise Rejected("the store is away")


@pytest.mark.rule("money.gift_card_reveal")
async def test_without_the_journal_no_number_is_shown() -> None:
    with pytest.raises(Rejected, match="the store is away"):
        await revealed(held(), {"web": Store(card3=NUMBER)}, Broken(), ASKING)


@pytest.mark.rule("money.gift_card_reveal")
@pytest.mark.parametrize("numbers", [{}, {"web": Store()}, {"web": Store(card4=NUMBER)}])
async def test_a_number_that_the_web_store_does_not_tell_is_not_to_be_had(numbers: Mapping[str, Store]) -> None:
    journal = MemoryStore(FakeClock()).journal
    with pytest.raises(Rejected, match="order 000000042: web does not tell the number of its gift card"):
        await revealed(held(), numbers, journal, ASKING)
    assert journal.entries == []


def test_a_reason_is_required() -> None:
    for arguments in (["gift-cards", "reveal", "r1"], ["gift-cards", "reveal", "r1", "--reason", " "]):
        assert CliRunner().invoke(cli, arguments).exit_code == 2
