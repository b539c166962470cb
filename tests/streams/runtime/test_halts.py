"""A record that a newer version wrote: its partition stands still before it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from schemas.canonical import NewerVersion
from streams.errors import Rejected
from streams.ports import Partition, Record
from streams.runtime.lanes import NotDone
from tests.streams.runtime.stage_bench import GROUP, Bench
from tests.twins.kafka import envelope, record

PARTITIONS = [("t", 0), ("t", 1)]


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.queue.assigned(PARTITIONS)
    return made


def newer(receipt: str) -> Record:
    return record(b"{}", envelope(receipt, schema_version=99))


async def refused(bench: Bench, sent: Record) -> None:
    with pytest.raises(NotDone):
        await bench.stage.process([sent])


async def test_nothing_behind_it_begins_and_what_came_before_it_and_other_partitions_go_on(bench: Bench) -> None:
    before = record(b"{}", envelope("r0"), key="web:order:40")
    elsewhere = replace(record(b"{}", envelope("r1")), partition=1)
    await refused(bench, newer("r2"))
    await refused(bench, record(b"{}", envelope("r3"), key="web:order:43"))
    await bench.stage.process([before])
    await bench.stage.process([elsewhere])
    assert bench.handler.done == ["r0", "r1"]
    assert bench.held == []
    assert bench.store.journal.entries == bench.observer.entries, "nothing is told of what waits"


async def test_it_is_told_once_and_the_consumer_takes_no_more_of_the_partition(bench: Bench) -> None:
    halted: list[Partition] = []
    bench.queue.claims.halts.on_halt(lambda topic, number: halted.append((topic, number)))
    assert bench.queue.claims.halts.note() is None
    first = newer("r1")
    with capture_logs() as logs:
        await refused(bench, first)
        await refused(bench, newer("r2"))
        await refused(bench, first)
    assert [line["event"] for line in logs] == ["partition_halted"]
    assert halted == [("t", 0)]
    assert ("t", 0) in bench.queue.claims.halts
    assert ("t", 1) not in bench.queue.claims.halts
    note = bench.queue.claims.halts.note()
    assert note is not None
    assert f"t 0@{first.offset} has schema version 99, this worker reads up to" in note
    assert "upgrade this worker" in note


async def test_an_earlier_one_moves_the_place_where_the_partition_stands(bench: Bench) -> None:
    first, second = newer("r1"), newer("r2")
    await refused(bench, second)
    await refused(bench, first)
    assert bench.queue.claims.halts.stops(first)


async def test_it_is_looked_at_again_after_the_next_assignment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = newer("r1")
    await refused(bench, sent)
    await bench.queue.assigned(PARTITIONS)
    assert bench.queue.claims.halts.note() is None
    await refused(bench, sent)
    monkeypatch.setattr("streams.runtime.stage.SCHEMA_VERSION", 99)
    await bench.queue.assigned(PARTITIONS)
    await bench.stage.process([sent])
    assert bench.handler.done == ["r1"]


async def test_a_body_that_a_newer_version_wrote_halts_its_partition_too(bench: Bench) -> None:
    sent = record(b"{}", envelope("r1"))
    bench.handler.fail["r1"] = [NewerVersion("its order has version 2, this worker reads up to 1")]
    await refused(bench, sent)
    await refused(bench, record(b"{}", envelope("r2")))
    assert bench.held == []
    assert bench.store.journal.entries == [], "it is no failure, and nothing is told of what waits"
    note = bench.queue.claims.halts.note()
    assert note is not None
    assert (
        f"t 0@{sent.offset} is not for this worker: its order has version 2, this worker reads up to 1: upgra" in note
    )


async def test_a_partition_that_goes_stands_still_no_more(bench: Bench) -> None:
    await refused(bench, newer("r1"))
    bench.queue.revoked(PARTITIONS)
    assert bench.queue.claims.halts.note() is None


async def test_a_held_event_that_a_newer_version_wrote_waits_too_and_ends_no_drain(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new worker held it; then the partition came to an old one."""
    monkeypatch.setattr("streams.runtime.stage.SCHEMA_VERSION", 99)
    bench.handler.fail["r1"] = [Rejected("no")]
    sent = newer("r1")
    await bench.stage.process([sent])
    bench.handler.fail.clear()
    monkeypatch.setattr("streams.runtime.stage.SCHEMA_VERSION", 1)
    (row,) = bench.held
    with pytest.raises(NotDone):
        await bench.queue._go_on(row, 1, bench.stage.process_held)
    bench.store.held.give_up(GROUP, sent, "given up by ann: it is due")
    assert await bench.queue._start_due({}, _never, bench.stage.process_held) == 0, "or it would spin"
    assert len(bench.held) == 1


async def _never(*_: object) -> None:
    raise AssertionError("a turn was taken")
