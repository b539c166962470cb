"""The contract of `streams.ports.Journal`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.store import Store
from streams.ports import JournalEntry, Outcome
from tests.postgres_server import Ports
from tests.twins.clock import START
from tests.twins.store import MemoryJournal

PASSED = JournalEntry("r1", START, "normalize", Outcome.PASSED, topic="raw.magento.order", partition=3, offset=7)
DELIVERED = JournalEntry("r1", START, "deliver", Outcome.DELIVERED, flow="order", step="create_order", target="pos")


async def lines(store: Ports, receipt_id: str = "r1") -> list[JournalEntry]:
    if isinstance(store.journal, MemoryJournal):
        return [entry for entry in store.journal.entries if entry.receipt_id == receipt_id]
    assert isinstance(store, Store)
    return list(await store.journal.of_receipt(receipt_id))


async def test_entries_are_kept_whole_and_in_order(any_store: Ports) -> None:
    whole = replace(
        DELIVERED,
        subject="000000042",
        aggregate="web:order:42",
        error="Transient",
        message="said so",
        offset=9,
        children=("s0", "c"),
    )
    await any_store.journal.write([PASSED, whole])
    assert await lines(any_store) == [PASSED, whole]


@pytest.mark.parametrize("second", [outcome for outcome in Outcome if outcome.ends])
async def test_the_first_final_outcome_of_a_receipt_stays(any_store: Ports, second: Outcome) -> None:
    await any_store.journal.write([DELIVERED])
    await any_store.journal.write([replace(DELIVERED, outcome=second, stage="inventory", offset=12)])
    assert await lines(any_store) == [DELIVERED]


async def test_the_first_final_outcome_stays_within_one_write(any_store: Ports) -> None:
    await any_store.journal.write([DELIVERED, replace(DELIVERED, outcome=Outcome.FILTERED)])
    assert await lines(any_store) == [DELIVERED]


async def test_a_repeated_line_is_dropped(any_store: Ports) -> None:
    await any_store.journal.write([PASSED])
    await any_store.journal.write([replace(PASSED, message="again")])
    assert await lines(any_store) == [PASSED]


async def test_every_release_is_kept(any_store: Ports) -> None:
    released = replace(PASSED, outcome=Outcome.RELEASED, message="replayed by ann")
    again = replace(released, message="replayed by bob")
    await any_store.journal.write([released])
    await any_store.journal.write([again])
    assert await lines(any_store) == [released, again]


@pytest.mark.parametrize(
    "change", [{"stage": "deliver"}, {"outcome": Outcome.PARKED}, {"offset": 8}, {"partition": 4}, {"topic": "t"}]
)
async def test_a_line_that_says_something_else_is_kept(any_store: Ports, change: dict[str, object]) -> None:
    other = replace(PASSED, **change)  # type: ignore[arg-type]
    await any_store.journal.write([PASSED])
    await any_store.journal.write([other])
    assert await lines(any_store) == [PASSED, other]


async def test_what_is_not_final_may_follow_the_end(any_store: Ports) -> None:
    await any_store.journal.write([DELIVERED])
    await any_store.journal.write([PASSED])
    assert await lines(any_store) == [DELIVERED, PASSED]


async def test_a_child_ends_for_itself(any_store: Ports) -> None:
    child = replace(DELIVERED, receipt_id="r1.confirm")
    await any_store.journal.write([DELIVERED, child])
    assert await lines(any_store, "r1.confirm") == [child]


async def test_all_writers_find_their_entries_kept(any_store: Ports) -> None:
    await asyncio.gather(*(any_store.journal.write([replace(PASSED, receipt_id=f"r{n}")]) for n in range(300)))
    assert await lines(any_store, "r299") == [replace(PASSED, receipt_id="r299")]


async def test_nothing_to_write_is_no_work(any_store: Ports) -> None:
    await any_store.journal.write([])


async def test_odd_text_is_written_too(clocked_store: Store) -> None:
    odd = replace(PASSED, subject="a\x00b" * 1000, message="\ud800" * 5000, aggregate="k" * 5000)
    await clocked_store.journal.write([odd])
    (kept,) = await clocked_store.journal.of_subject(odd.subject)
    assert odd.subject.startswith(kept.subject)
    assert await clocked_store.journal.of_aggregate(odd.aggregate) == [kept]
