"""No wake-up is lost between who holds an event for a ref and who links that ref, whoever commits first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from app.store import Store
from app.store.held import _HOLD, _LOCK, _values
from app.store.links import _LINK, link_columns
from schemas.ids import MissingLink, Ref
from streams.ports import EffectDone, EffectKey, HeldKey, HeldRecord, Hold, HoldReason, Record
from tests.twins import claims
from tests.twins.clock import FakeClock

ORDER = Ref("web", "order", "42")
MADE = Ref("pos", "order", "17")
RECORD = Record("canonical.sale", 0, 1, b"k", b"{}", (), 0)
HOLD = Hold("k", HoldReason.LINK, "deliver", "r1", waits_for=MissingLink(ORDER))

Waits = Callable[[], Awaitable[None]]


async def due(store: Store, clock: FakeClock) -> list[HeldRecord]:
    return list(await store.held.due("g", "canonical.sale", [0], clock.now(), 10))


async def test_who_holds_waits_for_a_link_that_is_being_made(
    clocked_store: Store, rival: asyncpg.Connection, one_waits_for_a_lock: Waits, clock: FakeClock
) -> None:
    await rival.fetch(_LINK, *link_columns([(ORDER, MADE)]), clock.now())
    holding = asyncio.create_task(claims.hold(clocked_store.held, "g", RECORD, HOLD))
    await one_waits_for_a_lock()
    await rival.execute("COMMIT")
    await holding
    assert [held.record for held in await due(clocked_store, clock)] == [RECORD]


LINKERS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "insert": lambda store: store.links.insert(ORDER, MADE),
    "finish": lambda store: store.ledger.finish(
        EffectDone(EffectKey("pos", "create_order", ORDER), 1, "17", link=(ORDER, MADE))
    ),
}


@pytest.mark.parametrize("linker", LINKERS.values(), ids=LINKERS)
async def test_who_links_waits_for_an_event_that_is_being_held(
    clocked_store: Store,
    rival: asyncpg.Connection,
    one_waits_for_a_lock: Waits,
    clock: FakeClock,
    linker: Callable[[Store], Awaitable[object]],
) -> None:
    epoch = (await clocked_store.held.claim("g", RECORD.topic, [RECORD.partition], "rival"))[RECORD.partition]
    await rival.execute(_LOCK, str(ORDER))
    await rival.fetch(_HOLD, *_values("g", RECORD, HOLD, epoch, clock.now()))
    linking = asyncio.ensure_future(linker(clocked_store))
    await one_waits_for_a_lock()
    await rival.execute("COMMIT")
    await linking
    assert [held.record for held in await due(clocked_store, clock)] == [RECORD]


async def test_in_a_crowd_every_held_event_wakes(clocked_store: Store, clock: FakeClock) -> None:
    refs = [Ref("web", "order", str(number)) for number in range(200)]

    async def hold(number: int) -> None:
        record = Record("canonical.sale", 0, number, b"k%d" % number, b"{}", (), 0)
        held = Hold(f"k{number}", HoldReason.LINK, "deliver", f"r{number}", waits_for=MissingLink(refs[number]))
        await clocked_store.held.hold("g", record, held, epoch=epoch)

    (epoch,) = (await clocked_store.held.claim("g", "canonical.sale", [0], "a")).values()
    links = (clocked_store.links.insert(ref, Ref("pos", "order", ref.native_id)) for ref in refs)
    await asyncio.gather(*(hold(number) for number in range(200)), *links)
    assert len(await clocked_store.held.due("g", "canonical.sale", [0], clock.now(), 1000)) == 200


async def test_a_claim_waits_for_what_the_last_owner_is_writing_and_then_sees_it(
    clocked_store: Store, rival: asyncpg.Connection, one_waits_for_a_lock: Waits, clock: FakeClock
) -> None:
    topic, partition = RECORD.topic, RECORD.partition
    epoch = (await clocked_store.held.claim("g", topic, [partition], "rival"))[partition]
    await rival.fetch(_HOLD, *_values("g", RECORD, HOLD, epoch, clock.now()))
    claiming = asyncio.create_task(clocked_store.held.claim("g", topic, [partition], "next"))
    await one_waits_for_a_lock()
    await rival.execute("COMMIT")
    assert await claiming == {partition: epoch + 1}
    assert await clocked_store.held.blocked("g", topic, [partition]) == {HeldKey(topic, partition, "k")}
