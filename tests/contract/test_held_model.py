"""PostgreSQL's held table against the twin, in any order of events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store import Store
from app.store.engine import engine_for
from schemas.ids import MissingLink, Ref
from streams.ports import HeldKey, Hold, HoldReason, Place, Record
from tests.postgres_server import EMPTY, Ports
from tests.twins import claims
from tests.twins.clock import START, FakeClock
from tests.twins.store import MemoryStore

GROUP = "g"
TOPIC = "t"
PARTITIONS = (0, 1)
OTHERS = [Ref("pos", "order", str(number)) for number in range(3)]
ORDERS = [Ref("web", "order", str(number)) for number in range(3)]

Step = Callable[[Ports, FakeClock], Awaitable[object]]


def place(offset: int) -> Record:
    """Six records: two partitions, two keys each."""
    return Record(TOPIC, offset % 2, offset, b"k%d" % (offset % 4), b"{}", (), 0)


def hold(offset: int, reason: HoldReason, seconds: int, ref: Ref, blocks: bool) -> Step:
    async def step(store: Ports, clock: FakeClock) -> object:
        due_at = START + timedelta(seconds=seconds) if reason is HoldReason.TIME else None
        key = place(offset).key.decode()
        held = Hold(key, reason, "deliver", f"r{offset}", due_at=due_at, waits_for=MissingLink(ref), blocks=blocks)
        await claims.hold(store.held, GROUP, place(offset), held)
        return None

    return step


def remove(offset: int) -> Step:
    async def step(store: Ports, clock: FakeClock) -> object:
        return await claims.remove(store.held, GROUP, place(offset))

    return step


def give_up(offset: int) -> Step:
    async def step(store: Ports, clock: FakeClock) -> object:
        await claims.give_up(store, GROUP, place(offset), "given up")
        return None

    return step


def forget(below: int) -> Step:
    async def step(store: Ports, clock: FakeClock) -> object:
        await store.held.forget(GROUP, TOPIC, {0: below, 1: below})
        return None

    return step


def link(one: Ref, other: Ref) -> Step:
    async def step(store: Ports, clock: FakeClock) -> object:
        return await store.links.insert(one, other)

    return step


def wait(seconds: int) -> Step:
    async def step(store: Ports, clock: FakeClock) -> object:
        clock.move(seconds)
        return None

    return step


OFFSETS = st.integers(0, 7)
STEPS = st.lists(
    st.one_of(
        st.builds(
            hold,
            OFFSETS,
            st.sampled_from(HoldReason),
            st.integers(0, 20),
            st.sampled_from(ORDERS + OTHERS),
            st.booleans(),
        ),
        st.builds(remove, OFFSETS),
        st.builds(forget, OFFSETS),
        st.builds(give_up, OFFSETS),
        st.builds(link, st.sampled_from(ORDERS), st.sampled_from(OTHERS)),
        st.builds(wait, st.integers(1, 10)),
    ),
    min_size=3,
    max_size=14,
)

Seen = tuple[object, list[tuple[int, str, Hold]], frozenset[HeldKey], frozenset[Place]]


async def observed(steps: list[Step], store: Ports, clock: FakeClock) -> list[Seen]:
    """After every step: its answer, what is due, what is blocked, and what needs no turn."""
    seen: list[Seen] = []
    for step in steps:
        answer = await step(store, clock)
        due = await store.held.due(GROUP, TOPIC, PARTITIONS, clock.now(), 100)
        blocked = await store.held.blocked(GROUP, TOPIC, PARTITIONS)
        settled = await store.held.settled(GROUP, TOPIC, PARTITIONS)
        seen.append((answer, [(row.record.offset, row.given_up, row.hold) for row in due], blocked, settled))
    return seen


async def observed_in_postgres(url: str, steps: list[Step]) -> list[Seen]:
    engine = engine_for(url, role="test", connections=1)
    clock = FakeClock()
    store = Store.on(engine, clock)
    try:
        async with store.database.connection() as connection:
            for statement in EMPTY.split(";"):
                await connection.exec_driver_sql(statement)
        return await observed(steps, store, clock)
    finally:
        await store.close()


@pytest.mark.postgres
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_both_tell_the_same_after_every_step(migrated_url: str, steps: list[Step]) -> None:
    clock = FakeClock()
    expected = asyncio.run(observed(steps, MemoryStore(clock), clock))
    assert asyncio.run(observed_in_postgres(migrated_url, steps)) == expected


@given(steps=STEPS)
def test_of_a_key_never_two_blocking_records_are_due_but_those_given_up(steps: list[Step]) -> None:
    clock = FakeClock()
    for _, due, blocked, _ in asyncio.run(observed(steps, MemoryStore(clock), clock)):
        keys = [(offset % 2, held.key) for offset, given_up, held in due if held.blocks and not given_up]
        assert len(keys) == len(set(keys))
        assert set(keys) <= {(key.partition, key.key) for key in blocked}
