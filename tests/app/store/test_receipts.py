"""The sets that the store gives to the balance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from app.store import Store
from app.store.receipts import HeldReceipt
from streams.ports import Hold, HoldReason, JournalEntry, Outcome, Record
from tests.twins import claims
from tests.twins.clock import START
from tests.twins.kafka import envelope

GROUP = "deliver-pos"
LINE = JournalEntry("r1", START, "deliver", Outcome.DELIVERED)
Item = TypeVar("Item")


async def all_of(pages: AsyncIterator[list[Item]]) -> list[Item]:
    return [item async for page in pages for item in page]


def record(offset: int, target: str = "") -> Record:
    headers = tuple(envelope(target=target).to_headers())
    return Record("canonical.sale", 0, offset, b"k", b"{}", headers, 0)


def review(receipt_id: str, key: str = "k") -> Hold:
    return Hold(key, HoldReason.PERSON, "deliver", receipt_id)


def parked(receipt_id: str, key: str = "k") -> Hold:
    return Hold(key, HoldReason.TIME, "deliver", receipt_id, due_at=START)


@pytest.mark.parametrize("page", [1, 2, 100])
async def test_what_ended_comes_in_the_order_of_its_ids_whatever_fits_on_a_page(
    clocked_store: Store, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("app.store.receipts.PAGE", page)
    ends = [outcome for outcome in Outcome if outcome.ends]
    ids = ["r5", "r1", "r3.s0", "r3", "r10"]
    await clocked_store.journal.write(
        [replace(LINE, receipt_id=one, outcome=outcome) for one, outcome in zip(ids, ends, strict=True)]
    )
    others = [outcome for outcome in Outcome if not outcome.ends]
    await clocked_store.journal.write([replace(LINE, receipt_id="r2", outcome=outcome) for outcome in others])
    told = dict(zip(ids, ends, strict=True))
    ended = await all_of(clocked_store.receipts.ended())
    assert ended == [(one, told[one]) for one in ("r1", "r10", "r3", "r3.s0", "r5")]
    assert await all_of(clocked_store.receipts.ended(after="r3")) == ended[3:]


@pytest.mark.parametrize("page", [1, 2, 100])
async def test_children_are_named_by_whatever_line_caused_them(
    clocked_store: Store, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("app.store.receipts.PAGE", page)
    later = START + timedelta(hours=1)
    await clocked_store.journal.write(
        [
            replace(LINE, outcome=Outcome.PASSED, children=("s0", "s1")),
            LINE,
            replace(LINE, receipt_id="r2", children=("c",), at=later),
            replace(LINE, receipt_id="r2.s0", children=("again1",), at=later),
        ]
    )
    assert await all_of(clocked_store.receipts.children()) == ["r1.s0", "r1.s1", "r2.c", "r2.s0.again1"]
    assert await all_of(clocked_store.receipts.children(after="r1")) == ["r2.c", "r2.s0.again1"]
    assert await all_of(clocked_store.receipts.children(since=later)) == ["r2.c", "r2.s0.again1"]
    assert await all_of(clocked_store.receipts.children(since=later + timedelta(hours=1))) == []


async def test_what_queues_behind_a_review_waits_for_a_person_too(clocked_store: Store) -> None:
    await claims.hold(clocked_store.held, GROUP, record(0, "pos"), review("r1"))
    await claims.hold(clocked_store.held, GROUP, record(1), parked("r2"))
    await claims.hold(clocked_store.held, GROUP, record(2), parked("r3", key="another"))
    await claims.hold(clocked_store.held, GROUP, record(3), replace(parked("r4"), blocks=False))
    await claims.hold(clocked_store.held, "deliver-web", replace(record(1), headers=()), parked("r5"))
    found = {one.receipt_id: one for one in await clocked_store.receipts.held(GROUP)}
    assert found.keys() == {"r1", "r2", "r3", "r4"}
    assert found["r1"] == HeldReceipt("r1", "pos", HoldReason.PERSON, behind_person=True)
    assert [found[one].behind_person for one in ("r2", "r3", "r4")] == [True, False, False]
    assert await clocked_store.receipts.held("deliver-web") == [
        HeldReceipt("r5", "", HoldReason.TIME, behind_person=False)
    ]
    assert await clocked_store.receipts.holding_groups() == [GROUP, "deliver-web"]
