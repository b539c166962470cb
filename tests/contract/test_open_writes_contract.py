"""The contract of `streams.ports.OpenWrites`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from schemas.ids import Ref
from streams.ports import Claim, Intent, LastApplied, OpenWrite, Revision
from tests.postgres_server import Ports
from tests.twins.clock import START

SKU, OTHER = Ref("pos", "sku", "A"), Ref("pos", "sku", "B\x00:ß")
GROUP, TOPIC = "tillstream.deliver.web", "canonical.stock"
HOUR = timedelta(hours=1)
PAST = timedelta(seconds=-1)
"""Settles in a moment that is over: nothing can come of the write any more."""


def at(seconds: float, content: str = "x") -> Revision:
    return Revision(START + timedelta(seconds=seconds), content)


class Worker:
    """One that has claimed partition 0, and opens writes under that claim."""

    def __init__(self, store: Ports, epoch: int) -> None:
        self.writes = store.writes
        self.claim = Claim(GROUP, TOPIC, 0, epoch)

    @classmethod
    async def of(cls, store: Ports) -> Worker:
        return cls(store, (await store.held.claim(GROUP, TOPIC, [0], "test"))[0])

    async def open(self, *entities: Ref, settle: timedelta = HOUR, target: str = "web") -> dict[Ref, OpenWrite]:
        intents = [Intent(entity, self.claim, f"r-{entity.native_id}") for entity in entities]
        return dict(await self.writes.open(target, intents, settle))

    async def open_one(self, *, settle: timedelta = HOUR) -> OpenWrite:
        return (await self.open(SKU, settle=settle))[SKU]


async def due(store: Ports, *, target: str = "web", again: timedelta = HOUR, limit: int = 10) -> list[OpenWrite]:
    return list(await store.writes.due(target, again=again, limit=limit))


async def test_what_was_never_written_is_not_in_doubt(any_store: Ports) -> None:
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(None, doubtful=False)


async def test_a_write_is_in_doubt_from_its_opening_to_its_answer(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    opened = await worker.open(SKU, OTHER)
    assert {entity: write.receipt_id for entity, write in opened.items()} == {SKU: "r-A", OTHER: "r-B\x00:ß"}
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(None, doubtful=True)
    assert await any_store.writes.last_applied("web2", SKU) == LastApplied(None, doubtful=False)
    await any_store.writes.landed("web", opened[SKU], at(1))
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(at(1), doubtful=False)
    assert await any_store.writes.last_applied("web", OTHER) == LastApplied(None, doubtful=True)
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(1)}


async def test_what_is_to_get_nothing_any_more_leaves_no_doubt_and_applies_nothing(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    await any_store.writes.landed("web", await worker.open_one(), at(1))
    await worker.open_one(settle=PAST)
    await any_store.writes.landed("web", await worker.open_one(), None)
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(at(1), doubtful=False)


async def test_a_worker_whose_partition_was_claimed_anew_opens_nothing(any_store: Ports) -> None:
    old = await Worker.of(any_store)
    new = await Worker.of(any_store)
    never = Intent(OTHER, Claim(GROUP, TOPIC, 7, 1), "r")
    assert await any_store.writes.open("web", [Intent(SKU, old.claim, "r"), never], HOUR) == {}
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(None, doubtful=False)
    assert list(await new.open(SKU)) == [SKU]


@pytest.mark.parametrize("first_to_be_answered", [0, 1])
async def test_of_two_writes_that_were_open_together_neither_ends_the_doubt(
    any_store: Ports, first_to_be_answered: int
) -> None:
    revisions = at(1, "old"), at(2, "new")
    writes = [await (await Worker.of(any_store)).open_one() for _ in revisions]
    for number in (first_to_be_answered, 1 - first_to_be_answered):
        await any_store.writes.landed("web", writes[number], revisions[number])
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(at(2, "new"), doubtful=True)
    assert [write.entity for write in await due(any_store)] == [SKU]


async def test_a_write_that_was_opened_after_all_others_had_their_time_ends_the_doubt(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    unanswered = await worker.open_one(settle=PAST)
    assert (await any_store.writes.last_applied("web", SKU)).doubtful
    last = await worker.open_one()
    await any_store.writes.landed("web", last, at(2))
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(at(2), doubtful=False)
    assert await due(any_store, again=timedelta(0)) == []
    await any_store.writes.landed("web", unanswered, at(0))  # its worker comes back to life
    assert await any_store.writes.last_applied("web", SKU) == LastApplied(at(2), doubtful=False)


async def test_a_write_that_may_still_land_keeps_the_doubt(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    await worker.open_one()
    for second in range(3):
        await any_store.writes.landed("web", await worker.open_one(), at(second))
        assert (await any_store.writes.last_applied("web", SKU)).doubtful
        assert await due(any_store) == []


async def test_what_was_not_done_leaves_no_doubt_of_its_own(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    opened = await worker.open(SKU, OTHER)
    await any_store.writes.withdraw(opened.values())
    await any_store.writes.withdraw(opened.values())
    await any_store.writes.withdraw([])
    assert not (await any_store.writes.last_applied("web", SKU)).doubtful
    unanswered = await worker.open_one(settle=PAST)
    await any_store.writes.withdraw([await worker.open_one()])
    assert await due(any_store) == [unanswered]


async def test_a_doubt_is_due_when_its_last_write_has_had_its_time(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    await worker.open_one(settle=PAST)
    newer = await worker.open_one(settle=PAST)
    in_time = await worker.open(OTHER)
    assert await due(any_store, target="web2") == []
    assert await due(any_store) == [newer]
    assert await due(any_store) == []
    assert (await any_store.writes.last_applied("web", SKU)).doubtful
    await any_store.writes.withdraw(in_time.values())


async def test_a_doubt_is_due_again_until_it_has_ended(any_store: Ports) -> None:
    unanswered = await (await Worker.of(any_store)).open_one(settle=PAST)
    for _ in range(2):
        while not (found := await due(any_store, again=timedelta(0))):  # noqa: ASYNC110 - it is the store's time
            await asyncio.sleep(0.01)  # it is due again after as long as it was old then
        assert found == [unanswered]


async def test_no_more_than_asked_for_and_none_twice(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    entities = [Ref("pos", "sku", str(number)) for number in range(6)]
    await worker.open(*entities, settle=PAST)
    found = await asyncio.gather(*(due(any_store, limit=2) for _ in range(3)))
    found.append(await due(any_store))
    assert sorted(write.entity for some in found for write in some) == entities
    assert all(len(some) <= 2 for some in found[:3])


async def test_an_older_revision_that_lands_never_replaces_a_newer_one(any_store: Ports) -> None:
    worker = await Worker.of(any_store)
    await any_store.writes.landed("web", await worker.open_one(), at(5))
    await any_store.writes.landed("web", await worker.open_one(), at(4, "older"))
    assert (await any_store.writes.last_applied("web", SKU)).revision == at(5)
