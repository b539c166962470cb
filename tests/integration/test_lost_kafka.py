"""Kafka has lost everything in front of a store that has gone on, while the shop trades."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from app.commands import offsets_after_loss
from tests.integration.day_two_world import DayTwo, day_two

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.kafka, pytest.mark.postgres]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DayTwo]:
    async with day_two(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


async def test_a_kafka_that_lost_everything_in_front_of_its_store_doubles_and_loses_nothing(shop: DayTwo) -> None:
    async with shop.trading():
        await shop.traded(4)
        await shop.end(*(name for name in shop.urls if name not in {"ingress", "poll"}))
        await shop.traded(4)  # accepted, and in Kafka alone
    await shop.end(*shop.urls)
    await shop.lose_topics()
    assert await offsets_after_loss.reread(shop.settings, datetime.now(UTC) - timedelta(hours=1), apply=True) == 0
    async with shop.trading():
        await shop.start(shop.programs())
        await shop.traded(4)
    await shop.settled()
