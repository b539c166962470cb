"""Giving up the creation of an order gives up that telling of it; a later change in its source is a new decision."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from schemas.canonical import Sale
from streams.errors import Rejected
from streams.ports import OrderDraft, Outcome, Record, SeenOrder
from streams.runtime.holding import HeldQueue, Turns
from streams.runtime.stage import Stage, Surroundings
from tests.streams.deliver.bench import SALE, Bench
from tests.twins.kafka import Counting, envelope, record
from tests.twins.lanes import in_lane

GROUP = "deliver-pos"


def telling(receipt_id: str, sale: Sale) -> Record:
    return record(sale.model_dump_json().encode(), envelope(receipt_id))


class Worker:
    """The point of sale's worker, whose point of sale refuses orders until it is told otherwise."""

    def __init__(self, pos: Bench) -> None:
        self.pos = pos
        self.refuses = True
        create = pos.book.create_order

        async def create_order(draft: OrderDraft) -> SeenOrder:
            if self.refuses:
                raise Rejected("no such location")
            return await create(draft)

        pos.book.create_order = create_order  # type: ignore[method-assign]
        self.queue = HeldQueue(pos.store.held, group=GROUP, owner="test", clock=pos.clock)
        around = Surroundings(self.queue, pos.store.journal, pos.publisher, pos.clock, Counting())
        self.stage = Stage("deliver", pos.handler, around)

    async def go_on(self) -> None:
        """Let what is due have its turns, one look after the other."""

        turns: Turns = {}
        while await self.queue._start_due(turns, in_lane, self.stage.process_held):
            await asyncio.gather(*turns.values())
            turns.clear()

    def outcomes(self, receipt_id: str) -> list[Outcome]:
        return [entry.outcome for entry in self.pos.store.journal.entries if entry.receipt_id == receipt_id]


@pytest.fixture
async def worker() -> Worker:
    made = Worker(Bench("pos"))
    await made.queue.assigned([("t", 0)])
    return made


@pytest.mark.parametrize("queued", [True, False], ids=["told before the discard", "told after it"])
async def test_a_later_change_of_a_discarded_order_creates_it_once(worker: Worker, queued: bool) -> None:
    changed = telling("r2", SALE.model_copy(update={"updated_at": SALE.updated_at + timedelta(seconds=60)}))
    first = telling("r1", SALE)
    await worker.stage.process([first])
    if queued:
        await worker.stage.process([changed])
    worker.refuses = False
    worker.pos.store.held.give_up(GROUP, first, "given up by ann: a test order")
    await worker.go_on()
    if not queued:
        assert worker.pos.book.orders == [], "nothing is written for what was given up"
        await worker.stage.process([changed])
    assert worker.outcomes("r1") == [Outcome.IN_REVIEW, Outcome.DISCARDED]
    assert worker.outcomes("r2") == [Outcome.DELIVERED]
    assert [order.public_id for order in worker.pos.book.orders] == [SALE.public_id]
