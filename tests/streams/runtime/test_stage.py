"""The frame: every record ends in the journal or in the held table, whatever its handler does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from schemas.dead_letter import DeadLetter
from streams.errors import Guarded, Rejected, Throttled, Transient, Unavailable
from streams.ports import HoldReason, JournalEntry, Outcome, Outgoing, Place
from streams.runtime.work import Work
from tests.streams.runtime.stage_bench import GROUP, Bench, assigned_bench
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

START_MS = round(START.timestamp() * 1000)


@pytest.fixture
async def bench() -> Bench:
    return await assigned_bench()


async def test_an_event_that_succeeds_is_in_the_journal_with_the_names_that_lead_to_its_code(bench: Bench) -> None:
    await bench.feed("r1")
    (entry,) = bench.store.journal.entries
    assert (entry.stage, entry.flow, entry.step, entry.target) == ("deliver", "order", "create_order", "pos")
    assert (entry.subject, entry.outcome) == ("000000042", Outcome.DELIVERED)
    assert bench.observer.entries == [entry]


async def test_a_passing_failure_is_tried_again_in_the_lane(bench: Bench) -> None:
    calls = iter([Transient("500"), Transient("500"), None])
    original = bench.handler.handle

    async def flaky(work: Work) -> Sequence[JournalEntry]:
        problem = next(calls)
        if problem is not None:
            raise problem
        return await original(work)

    bench.handler.handle = flaky  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.handler.done == ["r1"]
    assert len(bench.clock.slept) == 2
    assert bench.held == []


async def test_what_a_person_must_decide_is_held_and_dead_lettered_with_its_bytes_and_reason(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("order 000000042: total differs; look at it", code="total")]
    (sent,) = await bench.feed("r1")
    (row,) = bench.held
    assert (row.hold.reason, row.hold.message) == (HoldReason.PERSON, "order 000000042: total differs; look at it")
    assert row.record == sent
    (letter,) = bench.publisher.on("dead-letter.deliver")
    assert (letter.key, letter.value) == (sent.key, sent.value)
    told = DeadLetter.from_headers(dict(letter.headers))
    assert (told.stage, told.flow, told.step, told.target) == ("deliver", "order", "create_order", "pos")
    assert (told.error, told.code, told.topic, told.offset) == ("Rejected", "total", sent.topic, sent.offset)
    assert (told.flow_version, told.mapping, told.mapping_version) == (3, "heartland.order.out", 7)
    assert (told.attempts, told.replays, told.first_ms, told.last_ms) == (1, 0, START_MS, START_MS)
    assert "Rejected: order 000000042" in told.stack
    assert row.hold.letter == told
    assert bench.outcomes("r1") == [Outcome.IN_REVIEW]


async def test_what_a_guard_holds_waits_for_a_person_and_is_no_dead_letter(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Guarded("812 SKUs would be set to zero stock")]
    await bench.feed("r1", "r2")
    (row,) = bench.held
    assert (row.hold.reason, row.hold.error, row.hold.blocks) == (HoldReason.PERSON, "Guarded", False)
    assert row.hold.letter is not None
    assert row.hold.letter.code == "guard"
    assert bench.publisher.on("dead-letter.deliver") == []
    assert bench.handler.done == ["r2"]


async def test_a_replayed_letter_counts_tries_and_replays_from_its_first_failure_on(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("no"), Rejected("still no")]
    (sent,) = await bench.feed("r1")
    bench.clock.move(60)
    row = bench.store.held.rows[GROUP, Place.of(sent)]
    row.held = replace(row.held, replays=2, edited=b'{"by": "ann"}')
    assert await bench.stage.process_held(row.held) is False
    assert bench.handler.bodies == [sent.value, b'{"by": "ann"}']
    _, letter = bench.publisher.on("dead-letter.deliver")
    assert letter.value == sent.value, "the original is what is kept"
    told = DeadLetter.from_headers(dict(letter.headers))
    assert (told.message, told.attempts, told.replays) == ("still no", 2, 2)
    assert (told.first_ms, told.last_ms) == (START_MS, START_MS + 60_000)


async def test_what_waits_by_itself_has_no_letter(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Throttled("slow down", retry_after=3600)]
    await bench.feed("r1")
    (row,) = bench.held
    assert (row.hold.reason, row.hold.letter) == (HoldReason.TIME, None)
    assert bench.publisher.records == []


async def test_a_dead_set_state_lets_later_events_pass(bench: Bench) -> None:
    bench = Bench(blocks=False)
    await bench.queue.assigned([("t", 0)])
    bench.handler.fail["r1"] = [Rejected("no")]
    await bench.feed("r1", "r2")
    assert bench.handler.done == ["r2"]
    assert [row.hold.receipt_id for row in bench.held] == ["r1"]


async def test_a_fault_of_ours_costs_one_message_and_keeps_its_stack(bench: Bench) -> None:
    bench.handler.fail["r1"] = [ZeroDivisionError("oops")]
    await bench.feed("r1")
    await bench.stage.process([record(b"{}", envelope("r2"), key="web:order:43")])
    assert bench.handler.done == ["r2"]
    told = DeadLetter.from_headers(dict(bench.publisher.on("dead-letter.deliver")[0].headers))
    assert "ZeroDivisionError" in told.stack
    assert "fault in Tillstream itself" in told.message


async def test_a_record_without_an_envelope_goes_to_review_and_blocks_nothing(bench: Bench) -> None:
    await bench.stage.process([record(b"not ours")])
    await bench.feed("r2")
    (row,) = bench.held
    assert row.hold.error == "Malformed"
    assert "documented headers" in row.hold.message
    assert bench.handler.done == ["r2"]


async def test_a_held_record_without_an_envelope_stays_in_review_when_replayed(bench: Bench) -> None:
    await bench.stage.process([record(b"not ours")])
    (row,) = bench.held
    assert await bench.stage.process_held(row) is False
    assert len(bench.held) == 1


async def test_a_hold_waits_while_kafka_or_the_store_is_down(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("no")]
    bench.publisher.down = 3
    await bench.feed("r1")
    assert len(bench.held) == 1
    assert len(bench.clock.slept) == 3


async def test_a_system_that_is_down_keeps_its_lane_and_holds_nothing(bench: Bench) -> None:
    failures = 40
    original = bench.handler.handle

    async def down(work: Work) -> Sequence[JournalEntry]:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("pos cannot be reached")
        return await original(work)

    bench.handler.handle = down  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.handler.done == ["r1"]
    assert bench.outcomes("r1") == [Outcome.DELIVERED]


async def test_a_journal_that_fails_does_not_repeat_the_effect(bench: Bench) -> None:
    write, failures = bench.store.journal.write, 2

    async def away(entries: Sequence[JournalEntry]) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("the store is away")
        await write(entries)

    bench.store.journal.write = away  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.handler.done == ["r1"]
    assert bench.outcomes("r1") == [Outcome.DELIVERED]


async def test_a_dead_letter_that_is_too_large_goes_without_its_body(bench: Bench) -> None:
    publish = bench.publisher.publish

    async def small_only(records: Sequence[Outgoing]) -> None:
        if any(one.value for one in records):
            raise Rejected("too large")
        await publish(records)

    bench.publisher.publish = small_only  # type: ignore[method-assign]
    bench.handler.fail["r1"] = [Rejected("no")]
    await bench.feed("r1")
    assert bench.publisher.on("dead-letter.deliver")[0].value == b""
    assert bench.held[0].record.value == b"{}"


async def test_a_refusal_that_nothing_depends_on_lets_later_events_pass(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("changed after the export", blocks=False)]
    await bench.feed("r1", "r2")
    assert bench.handler.done == ["r2"]


async def test_coalesced_records_are_held_one_by_one(bench: Bench) -> None:
    bench.handler.fail["r2"] = [Rejected("no")]
    await bench.stage.process([record(b"{}", envelope("r1")), record(b"{}", envelope("r2"))])
    assert [row.hold.receipt_id for row in bench.held] == ["r1", "r2"]
