"""An older store comes back behind a Kafka that has gone on, while the shop trades."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.commands import offsets_after_loss
from tests.integration.day_two_world import DayTwo, day_two

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.kafka, pytest.mark.postgres]

MADE_ONCE = ("create_order", "create_payment", "append_refund", "hold_gift_card")
"""What the ledger forgets when an older store comes back."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DayTwo]:
    async with day_two(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


async def test_an_older_store_behind_a_kafka_that_went_on_doubles_and_loses_nothing(shop: DayTwo) -> None:
    async with shop.trading():
        await shop.traded(4)
        saved, done = await shop.save_store(), await shop.effects()
        await shop.did_more(done, *MADE_ONCE)
    await shop.end(*shop.urls)
    await shop.restore_store(saved)
    known = await shop.effects()
    assert all(known[operation] <= done[operation] for operation in MADE_ONCE)
    assert await offsets_after_loss.restored(shop.settings, None, apply=True) == 0
    async with shop.trading():
        await shop.start(shop.programs())
        await shop.traded(4)
    await shop.settled(forgetful=True)
