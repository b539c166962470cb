"""What operators ask the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Unpack

import pytest

from app.store import Edit, Store, Wanted
from streams.ports import Hold, HoldReason, JournalEntry, Outcome, Record
from tests.contract.test_held_contract import LETTER
from tests.twins import claims
from tests.twins.clock import START, FakeClock

GROUP = "deliver-pos"
LINE = JournalEntry("r1", START, "normalize", Outcome.PASSED, subject="42", aggregate="web:order:42")


def record(offset: int, key: str = "k") -> Record:
    return Record("canonical.sale", 0, offset, key.encode(), b"{}", (), 0)


def review(receipt_id: str, *, key: str = "k", subject: str = "42") -> Hold:
    return Hold(key, HoldReason.PERSON, "deliver", receipt_id, subject=subject, target="pos", error="Rejected")


async def test_held_events_are_found_by_receipt_subject_and_reason(clocked_store: Store) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    await claims.hold(clocked_store.held, GROUP, record(2), replace(review("r2"), reason=HoldReason.TIME, due_at=START))
    await claims.hold(clocked_store.held, "deliver-web", record(3), review("r3", subject="43"))

    async def found(**wanted: object) -> list[str]:
        return [event.held.hold.receipt_id for event in await clocked_store.desk.find(**wanted)]  # type: ignore[arg-type]

    await claims.hold(clocked_store.held, GROUP, record(4), review("r2.confirm", subject="44"))
    assert await found() == ["r1", "r2", "r3", "r2.confirm"]
    assert await found(receipt_id="r2") == ["r2", "r2.confirm"]
    assert await found(receipt_id="r2.confirm") == ["r2.confirm"]
    assert await found(subject="42") == ["r1", "r2"]
    assert await found(reason=HoldReason.PERSON) == ["r1", "r3", "r2.confirm"]
    assert await found(reason=HoldReason.PERSON, subject="42") == ["r1"]
    assert await found(receipt_id="r9") == []
    assert [event.group for event in await clocked_store.desk.find(receipt_id="r3")] == ["deliver-web"]


async def test_held_events_are_counted_by_reason_for_one_group(clocked_store: Store) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    await claims.hold(clocked_store.held, GROUP, record(2), review("r2"))
    await claims.hold(clocked_store.held, GROUP, record(3), replace(review("r3"), reason=HoldReason.TIME, due_at=START))
    await claims.hold(clocked_store.held, "deliver-web", record(4), review("r4"))
    assert await clocked_store.desk.counts(GROUP) == {HoldReason.PERSON: 2, HoldReason.TIME: 1, HoldReason.LINK: 0}
    assert await clocked_store.desk.counts("nobody") == dict.fromkeys(HoldReason, 0)


async def test_held_events_are_found_by_where_and_why_they_stopped_and_since_when(
    clocked_store: Store, clock: FakeClock
) -> None:
    lettered = replace(review("r1"), flow="order", letter=replace(LETTER, code="total"))
    await claims.hold(clocked_store.held, GROUP, record(1), lettered)
    clock.move(60)
    other = replace(review("r2"), stage="normalize", flow="stock", target="", error="Malformed")
    await claims.hold(clocked_store.held, "normalize", record(2), other)

    async def found(**wanted: Unpack[Wanted]) -> list[str]:
        return [event.held.hold.receipt_id for event in await clocked_store.desk.find(**wanted)]

    assert await found(stage="normalize") == await found(flow="stock") == await found(error="Malformed") == ["r2"]
    assert await found(target="pos") == await found(error="Rejected") == await found(error="total") == ["r1"]
    assert await found(since=clock.now()) == ["r2"]
    assert await found(limit=1) == ["r1"]
    assert await found(stage="normalize", error="Rejected") == []


async def test_a_released_event_is_due_now_in_its_queues_order(clocked_store: Store, clock: FakeClock) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    await claims.hold(clocked_store.held, GROUP, record(2), review("r2"))
    clock.move(60)
    first, second = await clocked_store.desk.find()
    (released,) = await clocked_store.desk.release([second], message="replayed by ann")
    assert (released.held.hold.reason, released.held.hold.due_at) == (HoldReason.TIME, clock.now())
    assert await clocked_store.held.due(GROUP, "canonical.sale", [0], clock.now(), 10) == []
    await clocked_store.desk.release([first], message="replayed by ann")
    (due,) = await clocked_store.held.due(GROUP, "canonical.sale", [0], clock.now(), 10)
    assert due.hold.receipt_id == "r1"
    assert await clocked_store.desk.release([], message="") == []


async def test_a_release_is_told_and_counted_once_until_the_event_is_in_review_again(clocked_store: Store) -> None:
    for who in ("ann", "bob"):
        await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
        found = await clocked_store.desk.find()
        assert len(await clocked_store.desk.release(found, message=f"replayed by {who}")) == 1
        assert await clocked_store.desk.release(found, message="replayed by eve") == [], "it is due already"
    (event,) = await clocked_store.desk.find()
    assert event.held.replays == 2
    lines = await clocked_store.journal.of_receipt("r1")
    assert [(line.outcome, line.message) for line in lines] == [
        (Outcome.RELEASED, "replayed by ann"),
        (Outcome.RELEASED, "replayed by bob"),
    ]


async def test_what_was_replayed_too_often_stays(clocked_store: Store) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    await clocked_store.desk.release(await clocked_store.desk.find(), message="")
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    found = await clocked_store.desk.find()
    assert await clocked_store.desk.release(found, message="", most_replays=1) == []
    assert len(await clocked_store.desk.release(found, message="", most_replays=2)) == 1


async def test_a_parked_event_is_hastened_without_counting_as_a_replay(clocked_store: Store) -> None:
    later = replace(review("r1"), reason=HoldReason.TIME, due_at=START + timedelta(hours=1))
    await claims.hold(clocked_store.held, GROUP, record(1), later)
    (event,) = await clocked_store.desk.release(await clocked_store.desk.find(), message="")
    assert (event.held.hold.due_at, event.held.replays) == (START, 0)


async def test_a_replay_has_all_its_tries_again_and_a_hastened_event_those_that_are_left(clocked_store: Store) -> None:
    tired = replace(review("r1"), attempts=301, looks=24)
    await claims.hold(clocked_store.held, GROUP, record(1), tired)
    parked = replace(tired, reason=HoldReason.TIME, due_at=START + timedelta(hours=1), receipt_id="r2")
    await claims.hold(clocked_store.held, GROUP, record(2), parked)
    released = await clocked_store.desk.release(await clocked_store.desk.find(), message="")
    assert [(event.held.hold.attempts, event.held.hold.looks) for event in released] == [(0, 0), (301, 24)]


async def test_releases_are_spread_over_time(clocked_store: Store) -> None:
    for offset in range(3):
        await claims.hold(clocked_store.held, GROUP, record(offset), review(f"r{offset}"))
    released = await clocked_store.desk.release(await clocked_store.desk.find(), message="", per_second=0.5)
    assert [event.held.hold.due_at for event in released] == [START + timedelta(seconds=2 * n) for n in range(3)]


async def test_an_edited_body_stands_beside_the_original_and_survives_another_failure(clocked_store: Store) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    edit = Edit(b'{"by": "ann"}', "ann")
    await clocked_store.desk.release(await clocked_store.desk.find(), message="", edit=edit)
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    await clocked_store.desk.release(await clocked_store.desk.find(), message="")
    (due,) = await clocked_store.held.due(GROUP, "canonical.sale", [0], START, 10)
    assert (due.record, due.edited, due.edited_by, due.replays) == (record(1), edit.body, "ann", 2)


async def test_a_discarded_event_stays_until_its_owner_has_ended_it(clocked_store: Store, clock: FakeClock) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    await claims.hold(clocked_store.held, GROUP, record(2), review("r2"))
    clock.move(60)
    first, second = await clocked_store.desk.find()
    (given_up,) = await clocked_store.desk.discard([first], message="a test order; ann")
    assert (given_up.held.given_up, given_up.held.hold.due_at) == ("a test order; ann", clock.now())
    assert await clocked_store.journal.of_receipt("r1") == [], "nothing has ended yet"
    assert await clocked_store.desk.still_held([first, second]) == [first, second]
    await claims.remove(clocked_store.held, GROUP, record(1))
    assert await clocked_store.desk.still_held([first, second]) == [second]
    assert await clocked_store.desk.discard([first], message="again") == []


async def test_a_replay_does_not_undo_a_discard(clocked_store: Store, clock: FakeClock) -> None:
    await claims.hold(clocked_store.held, GROUP, record(1), review("r1"))
    found = await clocked_store.desk.find()
    await clocked_store.desk.discard(found, message="a test order; ann")
    clock.move(-60)  # a desk whose clock is behind
    assert await clocked_store.desk.release(found, message="replayed by bob") == []
    assert [event.held.given_up for event in await clocked_store.desk.find()] == ["a test order; ann"]


async def test_a_receipt_is_read_with_its_children_and_no_others(clocked_store: Store) -> None:
    ids = ["r1", "r1.confirm", "r1.stock-A.x", "r10", "r1-", "r1/"]
    await clocked_store.journal.write([replace(LINE, receipt_id=receipt_id) for receipt_id in ids])
    assert [line.receipt_id for line in await clocked_store.journal.of_receipt("r1")] == ids[:3]


async def test_lines_are_found_by_subject_and_aggregate(clocked_store: Store) -> None:
    other = replace(LINE, receipt_id="r2", subject="43", aggregate="web:order:43")
    await clocked_store.journal.write([LINE, other])
    assert await clocked_store.journal.of_subject("43") == [other]
    assert await clocked_store.journal.of_aggregate("web:order:42") == [LINE]
    assert await clocked_store.journal.of_subject("") == []


async def test_old_lines_are_purged_in_steps(clocked_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.journal.PURGE_AT_ONCE", 4)
    lines = [replace(LINE, receipt_id=f"r{n}", at=START + timedelta(days=n)) for n in range(12)]
    await clocked_store.journal.write(lines)
    assert await clocked_store.journal.purge(START + timedelta(days=8)) == 8
    assert await clocked_store.journal.of_subject("42") == lines[8:]
    assert await clocked_store.journal.purge(START + timedelta(days=8)) == 0
