"""What deliver does with a flow that is not launched, and with what happened before its cutover."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.canonical import Sale
from schemas.envelope import Backfill, Via
from schemas.ids import Ref
from streams.errors import Rejected
from streams.ports import JournalEntry, OrderDraft, Outcome
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import SALE, STATUS, Bench
from tests.twins.kafka import envelope, record

PLACED = SALE.placed_at
LATER = PLACED + timedelta(seconds=1)
BY_HAND = OrderDraft(
    SALE.public_id, {"LineItems": []}, SALE.totals.total, SALE.currency, SALE.customer.email, SALE.placed_at
)


async def backfilled(bench: Bench, sale: Sale, *, days: int) -> JournalEntry:
    since_ms = int((PLACED - timedelta(days=days)).timestamp() * 1000)
    headers = replace(envelope("r1", entity="order", via=Via.BACKFILL), backfill=Backfill("order", since_ms))
    arrival = Arrival(record(sale.model_dump_json().encode(), headers), headers)
    (entry,) = await bench.handler.handle(Work("deliver", [arrival]))
    return entry


@pytest.fixture
def pos() -> Bench:
    return Bench("pos")


@pytest.mark.rule("starting.observe_first")
@pytest.mark.rule("starting.observe_writes_nothing")
async def test_a_flow_that_is_not_launched_writes_nothing_though_its_mode_is_live(pos: Bench) -> None:
    pos.launches.since = None
    entry = await pos.deliver(SALE, "order")
    assert entry is not None
    assert (entry.outcome, entry.step) == (Outcome.FILTERED, "create_order")
    assert "would create order W-000000042" in entry.message
    assert "`tillstream launch order`" in entry.message
    assert pos.book.orders == []
    pos.launches.since = PLACED
    entry = await pos.deliver(SALE, "order", "r2")
    assert entry is not None
    assert entry.outcome is Outcome.DELIVERED


@pytest.mark.rule("starting.older_links_only")
async def test_an_order_from_before_the_cutover_is_not_created(pos: Bench) -> None:
    pos.launches.since = LATER
    entry = await pos.deliver(SALE, "order")
    assert entry is not None
    assert entry.outcome is Outcome.FILTERED
    assert entry.message == "before the cutover: `tillstream backfill order --since` writes what is older"
    assert pos.book.orders == []
    assert await pos.store.links.find([Ref.parse(SALE.ref)], "pos") == {}


@pytest.mark.rule("starting.older_links_only")
@pytest.mark.rule("starting.hand_keyed_orders")
async def test_an_older_order_that_was_keyed_in_by_hand_is_linked(pos: Bench) -> None:
    await pos.book.create_order(BY_HAND)
    pos.launches.since = LATER
    entry = await pos.deliver(SALE, "order")
    assert entry is not None
    assert entry.message.startswith("before the cutover, and linked to 17")
    assert await pos.store.links.find([Ref.parse(SALE.ref)], "pos") == {Ref.parse(SALE.ref): Ref("pos", "order", "17")}
    assert len(pos.book.orders) == 1


async def test_another_order_under_an_older_ones_number_is_for_a_person(pos: Bench) -> None:
    await pos.book.create_order(BY_HAND)
    pos.launches.since = LATER
    other = SALE.model_copy(update={"placed_at": PLACED - timedelta(days=1)})
    with pytest.raises(Rejected, match="two orders carry one number"):
        await pos.deliver(other, "order", "r2")


async def test_an_order_that_was_written_is_followed_up_though_a_later_launch_moved_the_cutover(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    pos.launches.since = LATER
    entry = await pos.deliver(SALE, "order", "r2")
    assert entry is not None
    assert entry.outcome is Outcome.UNCHANGED


@pytest.mark.rule("starting.backfill_approved")
async def test_a_backfill_writes_what_is_older_as_far_back_as_it_was_approved(pos: Bench) -> None:
    pos.launches.since = LATER
    older = SALE.model_copy(update={"placed_at": PLACED - timedelta(days=3)})
    assert (await backfilled(pos, older, days=2)).message.startswith("before the cutover")
    assert (await backfilled(pos, SALE, days=2)).outcome is Outcome.DELIVERED


async def test_a_status_from_before_the_cutover_is_not_told() -> None:
    web = Bench("web")
    web.launches.since = STATUS.updated_at + timedelta(seconds=1)
    entry = await web.deliver(STATUS, "order_status")
    assert entry is not None
    assert entry.message.startswith("before the cutover")
    assert web.notes.comments == []
