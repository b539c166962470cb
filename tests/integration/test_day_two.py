"""What an operator does with a shop that trades: a new version, an older store, an empty Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from app.clock import SystemClock
from app.commands import offsets_after_loss
from app.doctor.checks import findings
from app.doctor.finding import Grade
from tests.integration.day_two_world import DayTwo, day_two
from tests.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.kafka, pytest.mark.postgres]

MADE_ONCE = ("create_order", "create_payment", "append_refund", "hold_gift_card")
"""What the ledger forgets when an older store comes back."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DayTwo]:
    """One shop for all tests here; each leaves it settled."""
    async with day_two(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


async def test_the_doctor_finds_nothing_wrong_with_a_whole_shop(shop: DayTwo) -> None:
    async with shop.trading():
        await shop.traded(4)
    await shop.settled()
    found = await findings(shop.settings, SystemClock())
    trade = ("oversell", "guard")  # what the shop itself may have brought about
    wrong = [one for one in found if one.grade is Grade.WRONG and not one.part.startswith(trade)]
    assert wrong == []
    assert {"kafka", "store", "rights in web", "scopes of pos", "channel main", "clock of pos"} <= {
        one.part for one in found
    }


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


async def test_a_rolling_upgrade_while_orders_flow_loses_doubles_and_reorders_nothing(shop: DayTwo) -> None:
    """The last: what the newer version has written, the roles of the other tests could not read again."""
    old, new = list(shop.urls), shop.programs("-new", module="tests.integration.newer_role")
    doors = {program.name: program for program in new if program.name.startswith("ingress")}
    async with shop.trading():
        await shop.traded(8)
        await shop.start(program for program in new if program.name.startswith("normalize"))
        await shop.end("normalize")

        async def old_one_waits() -> bool:
            return await shop.halted("deliver-pos") > 0

        await eventually(old_one_waits)
        await shop.end("ingress")  # one address: the door is replaced, and what knocks meanwhile comes again
        await shop.start(doors.values())
        await shop.start(program for program in new if program.name not in {*shop.urls})
        await shop.end(*(name for name in old if name in shop.urls))
        await shop.traded(6)
    await shop.settled()
