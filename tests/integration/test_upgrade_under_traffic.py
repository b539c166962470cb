"""Old and new workers side by side while the shop trades; and what the doctor says of such a shop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.clock import SystemClock
from app.doctor.checks import findings
from app.doctor.finding import Grade
from tests.integration.day_two_world import DayTwo, day_two
from tests.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.kafka, pytest.mark.postgres]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DayTwo]:
    async with day_two(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


async def test_a_rolling_upgrade_while_orders_flow_loses_doubles_and_reorders_nothing(shop: DayTwo) -> None:
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


async def test_the_doctor_finds_nothing_wrong_with_a_whole_shop(shop: DayTwo) -> None:
    found = await findings(shop.settings, SystemClock())
    trade = ("oversell", "guard")  # what the shop itself may have brought about
    wrong = [one for one in found if one.grade is Grade.WRONG and not one.part.startswith(trade)]
    assert wrong == []
    assert {"kafka", "store", "rights in web", "scopes of pos", "channel main", "clock of pos"} <= {
        one.part for one in found
    }
