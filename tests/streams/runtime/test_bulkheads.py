"""Lanes in parts: what waits in one takes nothing from the others, and together they are handed over and closed."""

from __future__ import annotations

import asyncio

import pytest

from streams.runtime.bulkheads import Bulkheads
from tests.streams.runtime.workshop import TIMEOUT, Workshop, record, turn


class Shops:
    """Two parts and the rest, two lanes and four records each. A key's part is what comes before its colon."""

    def __init__(self) -> None:
        self.down, self.up, self.rest = (Workshop(width=2, capacity=4) for _ in range(3))
        self.lanes = Bulkheads(
            {"down": self.down.lanes, "up": self.up.lanes}, self.rest.lanes, lambda key: key.decode().partition(":")[0]
        )
        self.down.hold(*range(100))

    async def submit(self, key: str, offset: int, *, partition: int = 0) -> None:
        shop = {"down": self.down, "up": self.up}.get(key.partition(":")[0], self.rest)
        await self.lanes.submit(record(key, offset, partition=partition), key.encode(), shop.ack(offset))


@pytest.fixture
def shops() -> Shops:
    return Shops()


async def test_turns_that_wait_in_one_part_leave_the_others_their_lanes(shops: Shops) -> None:
    for number in range(4):
        await shops.submit(f"down:{number}", number)
    await shops.submit("up:A", 100)
    await shops.submit("of no part", 101)
    await turn()
    assert (shops.down.done, shops.up.done, shops.rest.done) == ([], [100], [101])
    assert shops.lanes.pending == 4
    await shops.lanes.close()


async def test_a_part_that_is_full_takes_no_more_and_the_others_do(shops: Shops) -> None:
    for number in range(4):
        await shops.submit(f"down:{number}", number)
    fifth = asyncio.create_task(shops.submit("down:4", 4))
    await shops.submit("up:A", 100)
    await turn()
    assert not fifth.done()
    assert shops.up.done == [100]
    shops.down.release(0)
    await fifth
    await shops.lanes.close()


async def test_a_held_record_takes_its_turn_in_its_own_part(shops: Shops) -> None:
    await shops.submit("down:A", 0)
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    waits = asyncio.create_task(shops.lanes.run_in_lane(b"down:A", work))
    await shops.lanes.run_in_lane(b"up:A", work)
    await turn()
    assert (ran, waits.done()) == (["work"], False)
    shops.down.release(0)
    await waits
    assert ran == ["work"] * 2


async def test_partitions_go_from_all_parts(shops: Shops) -> None:
    for number in range(3):
        await shops.submit(f"down:{number}", number, partition=1)
    await shops.submit("up:A", 100)
    await turn()
    shops.lanes.drop_unstarted([("t", 1)])
    assert shops.lanes.pending == 2
    assert not await shops.lanes.drain(0)
    shops.down.release(0)
    shops.down.release(1)
    assert await shops.lanes.drain(TIMEOUT)


async def test_closing_ends_what_is_at_work_in_every_part(shops: Shops) -> None:
    await shops.submit("down:A", 0)
    await turn()
    await shops.lanes.close()
    assert shops.down.gates[0].cancelled()
