"""What the ledger and the target say at each failpoint of an order's way into the point of sale."""

from __future__ import annotations

import pytest

from schemas.documents.flow import Mode
from streams.errors import Transient
from streams.ports import EffectState, Failpoint
from tests.streams.deliver.bench import SALE, Bench


@pytest.fixture
def pos() -> Bench:
    return Bench("pos")


async def test_an_order_is_pending_before_it_is_sent_and_done_after(pos: Bench) -> None:
    seen: list[tuple[Failpoint, EffectState, int]] = []

    def look(point: Failpoint) -> None:
        (row,) = pos.store.ledger.rows.values()
        seen.append((point, row.state, len(pos.book.orders)))

    pos.failpoints.then = look
    await pos.deliver(SALE, "order")
    assert seen == [
        (Failpoint.PENDING_WRITTEN, EffectState.PENDING, 0),
        (Failpoint.DONE_WRITTEN, EffectState.DONE, 1),
    ]


async def test_an_order_that_was_made_before_reaches_nothing(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    pos.failpoints.points.clear()
    await pos.deliver(SALE, "order", "r2")
    assert pos.failpoints.points == []


@pytest.mark.rule("starting.observe_writes_nothing")
async def test_an_order_of_a_flow_that_only_watches_reaches_nothing() -> None:
    pos = Bench("pos", mode=Mode.OBSERVE)
    await pos.deliver(SALE, "order")
    assert pos.failpoints.points == []


async def test_a_worker_that_freezes_between_the_ledger_and_the_target_does_not_send(pos: Bench) -> None:
    pos.failpoints.then = lambda _point: pos.clock.move(30)
    with pytest.raises(Transient, match="this worker had stopped"):
        await pos.deliver(SALE, "order")
    assert pos.failpoints.points == [Failpoint.PENDING_WRITTEN]
    assert pos.book.orders == []
