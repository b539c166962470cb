"""Who takes a partition over knows of every write that was sent before, whoever commits first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg

from app.store import Store
from app.store.held import _CLAIM
from app.store.writes import _OPEN
from schemas.ids import Ref
from streams.ports import Claim, Intent, OpenWrite, Revision
from tests.twins.clock import START

GROUP, TOPIC = "tillstream.deliver.web", "canonical.stock"
SKU = Ref("pos", "sku", "A")
HOUR = timedelta(hours=1)

Waits = Callable[[], Awaitable[None]]


async def claim(store: Store) -> Claim:
    return Claim(GROUP, TOPIC, 0, (await store.held.claim(GROUP, TOPIC, [0], "test"))[0])


async def test_a_claim_waits_for_a_write_that_is_being_opened_and_then_sees_it(
    store: Store, rival: asyncpg.Connection, one_waits_for_a_lock: Waits
) -> None:
    epoch = (await claim(store)).epoch
    await rival.fetch(_OPEN, "web", [str(SKU)], ["r1"], [GROUP], [TOPIC], [0], [epoch], HOUR)
    claiming = asyncio.create_task(claim(store))
    await one_waits_for_a_lock()
    await rival.execute("COMMIT")
    await claiming
    assert (await store.writes.last_applied("web", SKU)).doubtful


async def test_who_opens_waits_for_a_claim_that_is_being_made_and_then_opens_nothing(
    store: Store, rival: asyncpg.Connection, one_waits_for_a_lock: Waits
) -> None:
    old = await claim(store)
    await rival.fetch(_CLAIM, GROUP, TOPIC, [0], "next", START)
    opening = asyncio.create_task(store.writes.open("web", [Intent(SKU, old, "r1")], HOUR))
    await one_waits_for_a_lock()
    await rival.execute("COMMIT")
    assert await opening == {}
    assert await store.writes.count() == 0


async def test_writes_that_are_answered_at_once_share_statements_and_leave_nothing(store: Store) -> None:
    ours = await claim(store)
    entities = [Ref("pos", "sku", str(number)) for number in range(300)]

    async def write(entity: Ref, second: int) -> OpenWrite:
        opened = await store.writes.open("web", [Intent(entity, ours, "r")], HOUR)
        await store.writes.landed("web", opened[entity], Revision(START + timedelta(seconds=second), str(second)))
        return opened[entity]

    for second in range(2):
        await asyncio.gather(*(write(entity, second) for entity in entities))
    assert await store.writes.count() == 0
    last = [await store.writes.last_applied("web", entity) for entity in entities]
    assert {(known.revision.content if known.revision else "", known.doubtful) for known in last} == {("1", False)}
