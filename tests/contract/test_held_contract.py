"""The contract of `streams.ports.Held`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.dead_letter import DeadLetter
from schemas.ids import MissingLink, Ref
from streams.ports import Fenced, HeldKey, HeldRecord, Hold, HoldReason, Place, Record
from tests.postgres_server import Ports
from tests.twins import claims
from tests.twins.clock import START, FakeClock

GROUP = "deliver-pos"
TOPIC = "canonical.sale"
ORDER = Ref("web", "order", "42")
MADE = Ref("pos", "order", "17")
LINK = MissingLink(ORDER, "pos", "pos:order:1\x00")

LETTER = DeadLetter(
    stage="deliver", flow="order", step="create_order", target="pos", flow_version=3, mapping="heartland.order.out",
    mapping_version=7, error="Rejected", code="total", message="look", stack="Traceback", attempts=2, replays=1,
    first_ms=1_700_000_000_000, last_ms=1_700_000_060_000, topic=TOPIC, partition=0, offset=1,
)  # fmt: skip


def record(offset: int, *, key: str = "k", partition: int = 0) -> Record:
    return Record(TOPIC, partition, offset, key.encode(), b"{}", (("receipt-id", f"r{offset}".encode()),), 1_700)


def timed(offset: int, *, key: str = "k", seconds: float = 0, blocks: bool = True) -> Hold:
    due_at = START + timedelta(seconds=seconds)
    return Hold(key, HoldReason.TIME, "deliver", f"r{offset}", due_at=due_at, blocks=blocks)


def waiting(offset: int, ref: Ref, *, key: str = "k", reason: HoldReason = HoldReason.LINK) -> Hold:
    return Hold(key, reason, "deliver", f"r{offset}", waits_for=MissingLink(ref))


async def due(store: Ports, seconds: float = 0, *, partitions: tuple[int, ...] = (0,), limit: int = 100) -> list[int]:
    now = START + timedelta(seconds=seconds)
    return [held.record.offset for held in await store.held.due(GROUP, TOPIC, partitions, now, limit)]


async def test_queueing_a_record_that_is_held_already_leaves_its_hold_as_it_is(any_store: Ports) -> None:
    held = replace(timed(1, seconds=60), attempts=3, looks=1, error="Transient")
    await claims.hold(any_store.held, GROUP, record(1), held)
    await claims.queue(any_store.held, GROUP, record(1), timed(1))
    await claims.queue(any_store.held, GROUP, record(2), timed(2, key="other"))
    assert await due(any_store) == [2]
    (kept, _) = await any_store.held.due(GROUP, TOPIC, [0], START + timedelta(seconds=60), 10)
    assert kept.hold == held


async def test_a_held_record_comes_back_byte_for_byte(any_store: Ports) -> None:
    headers = (("h", b"\x00\xff"), ("h", b"again"), ("\x00", b""))
    odd = Record(TOPIC, 3, 2**40, b"\x00\xff", bytes(range(256)), headers, 1_700_000_000_000)
    hold = Hold(
        key="web:order:42",
        reason=HoldReason.TIME,
        stage="deliver",
        receipt_id="r1",
        subject="000000042",
        flow="order",
        step="create_order",
        target="pos",
        due_at=START,
        waits_for=LINK,
        blocks=False,
        attempts=3,
        looks=2,
        error="Throttled",
        message="slow down\x00\ud800",
        letter=replace(LETTER, message="slow down\x00\ud800", stack="\x00\ud800"),
    )
    await claims.hold(any_store.held, GROUP, odd, hold)
    (held,) = await any_store.held.due(GROUP, TOPIC, [3], START, 10)
    assert held == HeldRecord(seq=held.seq, hold=hold, record=odd, held_at=START)


async def test_a_held_record_is_found_as_it_is_now(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1, seconds=60))
    await claims.hold(any_store.held, GROUP, record(2, key="other"), timed(2, key="other"))
    await claims.hold(any_store.held, "deliver-web", record(3), timed(3))
    await claims.give_up(any_store, GROUP, record(1), "given up by ann")
    found = [await any_store.held.get(GROUP, record(offset)) for offset in (1, 2)]
    assert found == list(await any_store.held.due(GROUP, TOPIC, [0], START, 10))
    assert [row.given_up for row in found if row] == ["given up by ann", ""]
    assert await any_store.held.get(GROUP, record(1, partition=1)) is None
    assert await any_store.held.get(GROUP, record(3)) is None
    await claims.remove(any_store.held, GROUP, record(2, key="other"))
    assert await any_store.held.get(GROUP, record(2)) is None


async def test_a_record_is_due_from_its_moment_on(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1, seconds=10))
    assert await due(any_store, 9.999999) == []
    assert await due(any_store, 10) == [1]


async def test_those_that_have_a_turn_already_take_up_nothing_of_the_limit(any_store: Ports) -> None:
    for offset in (1, 2, 3):
        await claims.hold(any_store.held, GROUP, record(offset, key=f"k{offset}"), timed(offset, key=f"k{offset}"))
    await claims.hold(any_store.held, GROUP, record(4, key="k3"), timed(4, key="k3"))
    (first, second, third) = await any_store.held.due(GROUP, TOPIC, [0], START, 10)
    rest = await any_store.held.due(GROUP, TOPIC, [0], START, 1, [first.seq, second.seq])
    assert rest == [third]
    assert await any_store.held.due(GROUP, TOPIC, [0], START, 1, [first.seq, second.seq, third.seq]) == []


async def test_what_was_given_up_is_read_before_everything_else(any_store: Ports) -> None:
    for offset in (1, 2, 3):
        await claims.hold(any_store.held, GROUP, record(offset, key=f"k{offset}"), timed(offset, key=f"k{offset}"))
    await claims.give_up(any_store, GROUP, record(3, key="k3"), "given up by ann")
    assert await due(any_store) == [3, 1, 2]
    assert await due(any_store, limit=1) == [3]


async def test_of_a_key_only_the_first_is_due(any_store: Ports) -> None:
    for offset in (1, 2, 3):
        await claims.hold(any_store.held, GROUP, record(offset), timed(offset))
    await claims.hold(any_store.held, GROUP, record(4, key="other"), timed(4, key="other"))
    assert await due(any_store) == [1, 4]
    assert await claims.remove(any_store.held, GROUP, record(1))
    assert await due(any_store) == [2, 4]


async def test_a_first_that_is_not_due_keeps_the_others_waiting(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1, seconds=60))
    await claims.hold(any_store.held, GROUP, record(2), timed(2))
    assert await due(any_store, 59) == []


async def test_what_does_not_block_neither_waits_nor_lets_wait(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1, seconds=60, blocks=False))
    await claims.hold(any_store.held, GROUP, record(2), timed(2))
    await claims.hold(any_store.held, GROUP, record(3), timed(3, blocks=False))
    assert await due(any_store) == [2, 3]


async def test_the_blocked_keys_are_those_with_blocking_rows(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1, key="a"), timed(1, key="a"))
    await claims.hold(any_store.held, GROUP, record(2, key="b"), timed(2, key="b", blocks=False))
    await claims.hold(any_store.held, GROUP, record(3, key="c\x00", partition=5), timed(3, key="c\x00"))
    await claims.hold(any_store.held, "deliver-web", record(4, key="d"), timed(4, key="d"))
    blocked = await any_store.held.blocked(GROUP, TOPIC, [0, 5])
    assert blocked == {HeldKey(TOPIC, 0, "a"), HeldKey(TOPIC, 5, "c\x00")}
    assert await any_store.held.blocked(GROUP, TOPIC, [1]) == frozenset()
    assert await any_store.held.blocked(GROUP, "canonical.stock", [0]) == frozenset()


async def test_holding_again_keeps_the_place_in_the_queue(any_store: Ports, clock: FakeClock) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1))
    await claims.hold(any_store.held, GROUP, record(2), timed(2))
    clock.move(5)
    await claims.hold(
        any_store.held, GROUP, record(1), replace(timed(1, seconds=30), attempts=1, looks=4, message="again")
    )
    assert await due(any_store, 29) == []
    (held,) = await any_store.held.due(GROUP, TOPIC, [0], START + timedelta(seconds=30), 10)
    assert (held.record.offset, held.hold.attempts, held.hold.message, held.held_at) == (1, 1, "again", START)
    assert held.hold.looks == 4


async def test_groups_hold_the_same_record_apart(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1))
    await claims.hold(any_store.held, "deliver-web", record(1), timed(1))
    assert not await claims.remove(any_store.held, "deliver-web", record(1))
    assert await due(any_store) == [1]


async def test_partitions_and_limit_are_kept_to(any_store: Ports) -> None:
    for offset in range(6):
        key = f"k{offset}"
        await claims.hold(any_store.held, GROUP, record(offset, key=key, partition=offset % 3), timed(offset, key=key))
    assert await due(any_store, partitions=(0, 2)) == [0, 2, 3, 5]
    assert await due(any_store, partitions=(0, 1, 2), limit=2) == [0, 1]
    assert await due(any_store, partitions=()) == []


async def test_remove_tells_whether_its_key_still_blocks(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1))
    await claims.hold(any_store.held, GROUP, record(2), timed(2))
    await claims.hold(any_store.held, GROUP, record(3), timed(3, blocks=False))
    await claims.hold(any_store.held, GROUP, record(9, partition=1), timed(9))
    assert await claims.remove(any_store.held, GROUP, record(1))
    assert not await claims.remove(any_store.held, GROUP, record(2))
    assert not await claims.remove(any_store.held, GROUP, record(2))
    assert await due(any_store) == [3]


async def test_a_row_that_is_gone_already_does_not_hide_what_queues_behind_it(any_store: Ports) -> None:
    key = "web:order:\x00"
    await claims.hold(any_store.held, GROUP, record(1, key=key), timed(1, key=key))
    await claims.hold(any_store.held, GROUP, record(2, key=key), timed(2, key=key))
    assert await claims.remove(any_store.held, GROUP, record(1, key=key))
    assert await claims.remove(any_store.held, GROUP, record(1, key=key))
    assert not await claims.remove(any_store.held, GROUP, record(1, key="other"))
    assert not await claims.remove(any_store.held, GROUP, record(2, key=key))
    assert not await claims.remove(any_store.held, GROUP, record(2, key=key))


@pytest.mark.rule("starting.alias_releases")
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("reason", [HoldReason.LINK, HoldReason.PERSON])
async def test_a_link_makes_its_waiters_due(
    any_store: Ports, clock: FakeClock, reason: HoldReason, swapped: bool
) -> None:
    await claims.hold(any_store.held, GROUP, record(1), waiting(1, ORDER, reason=reason))
    await claims.hold(any_store.held, GROUP, record(2, key="b"), waiting(2, MADE, key="b", reason=reason))
    await claims.hold(any_store.held, GROUP, record(3, key="c"), waiting(3, Ref("web", "order", "43"), key="c"))
    assert await due(any_store, 1e6) == []
    clock.move(7)
    await any_store.links.insert(*((MADE, ORDER) if swapped else (ORDER, MADE)))
    woken = await any_store.held.due(GROUP, TOPIC, [0], clock.now(), 10)
    assert [held.record.offset for held in woken] == [1, 2]
    assert {(held.hold.reason, held.hold.due_at) for held in woken} == {(HoldReason.TIME, clock.now())}


@pytest.mark.parametrize(("reason", "tries"), [(HoldReason.PERSON, (0, 0)), (HoldReason.LINK, (299, 23))])
async def test_a_link_gives_a_reviewed_event_its_tries_back(
    any_store: Ports, clock: FakeClock, reason: HoldReason, tries: tuple[int, int]
) -> None:
    tried = replace(waiting(1, ORDER, reason=reason), attempts=299, looks=23)
    await claims.hold(any_store.held, GROUP, record(1), tried)
    await any_store.links.insert(ORDER, MADE)
    (woken,) = await any_store.held.due(GROUP, TOPIC, [0], clock.now(), 10)
    assert (woken.hold.attempts, woken.hold.looks) == tries


async def test_what_is_linked_already_is_due_at_once(any_store: Ports, clock: FakeClock) -> None:
    await any_store.links.insert(ORDER, MADE)
    clock.move(7)
    await claims.hold(any_store.held, GROUP, record(1), waiting(1, MADE))
    (held,) = await any_store.held.due(GROUP, TOPIC, [0], clock.now(), 10)
    assert (held.hold.reason, held.hold.due_at) == (HoldReason.TIME, clock.now())


async def test_a_link_that_could_not_be_made_wakes_nobody(any_store: Ports) -> None:
    late = Ref("pos", "order", "18")
    await any_store.links.insert(ORDER, MADE)
    await claims.hold(any_store.held, GROUP, record(1), waiting(1, late))
    await any_store.links.insert(ORDER, late)
    assert await due(any_store) == []


async def test_a_link_leaves_alone_what_waits_for_a_time(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), replace(timed(1, seconds=60), waits_for=LINK))
    await any_store.links.insert(ORDER, MADE)
    assert await due(any_store, 59) == []
    await claims.hold(
        any_store.held,
        GROUP,
        record(2, key="b"),
        replace(timed(2, key="b", seconds=60), waits_for=LINK),
    )
    assert await due(any_store, 59) == []


async def test_a_person_has_no_time_of_their_own(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), replace(timed(1), reason=HoldReason.PERSON))
    assert await due(any_store, 1e6) == []


async def test_a_key_may_be_longer_than_an_index_entry(any_store: Ports) -> None:
    key = "\U0001f6d2" * 4000
    for offset in (1, 2):
        await claims.hold(any_store.held, GROUP, record(offset, key=key), timed(offset, key=key))
    assert await due(any_store) == [1]
    assert await claims.remove(any_store.held, GROUP, record(1, key=key))


async def test_only_the_link_that_is_missing_wakes_an_event(any_store: Ports) -> None:
    """A SKU has an alias in each point of sale; one in another shop is no news."""
    sku = Ref("web", "sku", "X")
    mistyped = Ref("pos-1", "sku", "TYPO")
    await any_store.links.insert(sku, mistyped)
    waits = Hold("k", HoldReason.PERSON, "deliver", "r1", waits_for=MissingLink(sku, "pos-2"))
    wrong = Hold("l", HoldReason.PERSON, "deliver", "r2", waits_for=MissingLink(sku, "pos-1", str(mistyped)))
    await claims.hold(any_store.held, GROUP, record(1), waits)
    await claims.hold(any_store.held, GROUP, record(2, key="l"), wrong)
    await any_store.links.insert(sku, mistyped)
    assert await due(any_store) == []
    await any_store.links.insert(sku, Ref("pos-2", "sku", "X2"))
    assert await due(any_store) == [1]
    await claims.hold(any_store.held, GROUP, record(3, key="m"), replace(waits, key="m", receipt_id="r3"))
    assert await due(any_store) == [1, 3]


async def test_every_claim_has_a_higher_epoch_and_partitions_are_claimed_apart(any_store: Ports) -> None:
    assert await any_store.held.claim(GROUP, TOPIC, [0, 1], "a") == {0: 1, 1: 1}
    assert await any_store.held.claim(GROUP, TOPIC, [1], "b") == {1: 2}
    assert await any_store.held.claim("deliver-web", TOPIC, [1], "c") == {1: 1}
    assert await any_store.held.claim(GROUP, TOPIC, [], "d") == {}


async def test_whoever_claimed_before_another_writes_nothing_any_more(any_store: Ports) -> None:
    held = any_store.held
    (epoch,) = (await held.claim(GROUP, TOPIC, [0], "a")).values()
    await held.hold(GROUP, record(1), timed(1), epoch=epoch)
    await held.claim(GROUP, TOPIC, [0], "b")
    with pytest.raises(Fenced):
        await held.hold(GROUP, record(1), replace(timed(1), reason=HoldReason.PERSON), epoch=epoch)
    with pytest.raises(Fenced):
        await held.hold(GROUP, record(2), waiting(2, ORDER), epoch=epoch)
    with pytest.raises(Fenced):
        await held.queue(GROUP, record(3), timed(3), epoch=epoch)
    with pytest.raises(Fenced):
        await held.remove(GROUP, record(1), epoch=epoch)
    assert await due(any_store) == [1]
    assert await held.blocked(GROUP, TOPIC, [0]) == {HeldKey(TOPIC, 0, "k")}


async def test_the_places_of_what_ended_and_of_what_lets_others_pass_are_kept(any_store: Ports) -> None:
    held = any_store.held
    for offset, partition in ((1, 0), (2, 0), (3, 1), (4, 2)):
        await claims.hold(held, GROUP, record(offset, partition=partition), timed(offset))
        await claims.remove(held, GROUP, record(offset, partition=partition))
    await claims.hold(held, "deliver-web", record(5), timed(5))
    await claims.remove(held, "deliver-web", record(5))
    await claims.hold(held, GROUP, record(6), timed(6))
    await claims.hold(held, GROUP, record(7), timed(7, blocks=False))
    assert await held.settled(GROUP, TOPIC, [0, 1]) == {
        Place.of(record(1)), Place.of(record(2)), Place.of(record(3, partition=1)), Place.of(record(7))
    }  # fmt: skip
    assert await held.settled(GROUP, "canonical.stock", [0]) == frozenset()
    await held.forget(GROUP, TOPIC, {0: 2, 1: 3})
    assert await held.settled(GROUP, TOPIC, [0, 1]) == {
        Place.of(record(2)), Place.of(record(3, partition=1)), Place.of(record(7))
    }  # fmt: skip
    await held.forget(GROUP, TOPIC, {0: 100, 1: 100})
    assert await held.settled(GROUP, TOPIC, [0, 1, 2]) == {Place.of(record(7)), Place.of(record(4, partition=2))}
    assert len(await held.settled("deliver-web", TOPIC, [0])) == 1


async def test_the_place_of_a_log_that_was_made_anew_takes_the_old_ones_place(any_store: Ports) -> None:
    await claims.remove(any_store.held, GROUP, record(1))
    again = replace(record(1), timestamp_ms=1_709)
    await claims.remove(any_store.held, GROUP, again)
    assert await any_store.held.settled(GROUP, TOPIC, [0]) == {Place.of(again)}


async def test_whoever_was_fenced_keeps_no_place(any_store: Ports) -> None:
    (epoch,) = (await any_store.held.claim(GROUP, TOPIC, [0], "a")).values()
    await any_store.held.claim(GROUP, TOPIC, [0], "b")
    with pytest.raises(Fenced):
        await any_store.held.remove(GROUP, record(1), epoch=epoch)
    assert await any_store.held.settled(GROUP, TOPIC, [0]) == frozenset()


async def test_what_was_given_up_is_due_at_once_wherever_it_stands_and_keeps_its_queue(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1, seconds=60))
    await claims.hold(any_store.held, GROUP, record(2), waiting(2, ORDER, reason=HoldReason.PERSON))
    await claims.hold(any_store.held, GROUP, record(3), timed(3))
    await claims.give_up(any_store, GROUP, record(2), "given up by ann: a test\x00")
    (row,) = await any_store.held.due(GROUP, TOPIC, [0], START, 10)
    assert (row.record.offset, row.given_up) == (2, "given up by ann: a test\x00")
    assert await any_store.held.blocked(GROUP, TOPIC, [0]) == {HeldKey(TOPIC, 0, "k")}
    await claims.give_up(any_store, GROUP, record(1), "given up by bob")
    assert await due(any_store) == [1, 2], "what queues behind them waits until they have ended"
    assert await claims.remove(any_store.held, GROUP, record(1))
    assert await claims.remove(any_store.held, GROUP, record(2))
    assert await due(any_store) == [3]


async def test_no_hold_undoes_a_giving_up_and_the_first_one_counts(any_store: Ports) -> None:
    await claims.hold(any_store.held, GROUP, record(1), timed(1))
    await claims.give_up(any_store, GROUP, record(1), "given up by ann")
    await claims.give_up(any_store, GROUP, record(1), "given up by bob")
    await claims.hold(any_store.held, GROUP, record(1), replace(timed(1, seconds=60), attempts=9, error="Rejected"))
    await claims.hold(any_store.held, GROUP, record(1), waiting(1, ORDER))
    (row,) = await any_store.held.due(GROUP, TOPIC, [0], START, 10)
    assert (row.given_up, row.hold) == ("given up by ann", timed(1))


async def test_a_record_of_a_topic_that_was_made_anew_is_held_beside_the_old_one_at_its_place(any_store: Ports) -> None:
    """Offsets count from 0 again: as the old row's, its body would be lost, and the old one's would be delivered."""
    held, old = any_store.held, record(1)
    new = replace(old, value=b'{"new":1}', timestamp_ms=old.timestamp_ms + 5)
    await claims.hold(held, GROUP, old, timed(1))
    await claims.hold(held, GROUP, new, timed(1))
    assert await claims.remove(held, GROUP, old), "the new one waits still"
    (left,) = await held.due(GROUP, TOPIC, [0], START, 10)
    assert left.record == new
    assert not await claims.remove(held, GROUP, new)
