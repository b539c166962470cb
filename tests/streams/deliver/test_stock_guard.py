"""The guard before stock is written: a mass of zeros waits for a person, whatever made it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.canonical import Stock
from schemas.documents.flow import Mode
from schemas.envelope import Envelope
from streams import groups
from streams.deliver.stock_guard import StockChange, StockGuard
from streams.deliver.stopped import AlreadyHeld
from streams.errors import Guarded
from streams.ports import HoldReason, JournalEntry, Outcome, Record, SourceItem
from streams.runtime.holding import HeldQueue
from streams.runtime.stage import Stage, Surroundings
from tests.streams.deliver.bench import Bench
from tests.twins.clock import START
from tests.twins.kafka import Counting, envelope, record

SKUS = [f"S{number:02}" for number in range(40)]
ALLOWED = 2


def stock(sku: str, quantity: int, *, seconds: float = 0, **more: int) -> Stock:
    pieces = {"MAIN": quantity, **more}
    return Stock.model_validate(
        {
            "ref": f"pos:sku:{sku}",
            "sku": sku,
            "read_at": START + timedelta(seconds=seconds),
            "locations": [
                {"location": location, "quantity": number, "on_hand": number, "committed": 0}
                for location, number in pieces.items()
            ],
        }
    )


@pytest.fixture
async def web() -> Bench:
    """A web store with 40 SKUs that have five pieces each, as we have written them."""
    bench = Bench("web")
    bench.sources.skus = frozenset(SKUS)
    await asyncio.gather(*(bench.deliver(stock(sku, 5), "stock", f"first-{sku}") for sku in SKUS))
    return bench


async def zero(web: Bench, skus: Sequence[str], *, seconds: float = 60, run: str = "z") -> list[object]:
    return await asyncio.gather(
        *(web.deliver(stock(sku, 0, seconds=seconds), "stock", f"{run}-{sku}") for sku in skus), return_exceptions=True
    )


def empty(web: Bench) -> set[str]:
    return {sku for (sku, _), pieces in web.sources.items.items() if pieces == 0}


@pytest.mark.rule("guards.mass_zero")
async def test_an_answer_of_all_zeros_is_held_with_the_list(web: Bench) -> None:
    results = await zero(web, SKUS)
    held = [result for result in results if isinstance(result, Guarded)]
    assert len(empty(web)) <= ALLOWED
    assert len(held) == len(SKUS) - len(empty(web))
    (hold,) = await web.store.guards.open_holds()
    assert (hold.population, hold.allowed, hold.held, hold.passed) == (40, ALLOWED, len(held), len(empty(web)))
    assert (held[0].code, held[0].blocks) == ("guard", False)
    assert "of 40 SKUs would be set to zero stock in web" in held[-1].message
    assert web.store.writes.rows == {}


@pytest.mark.rule("guards.mass_zero")
async def test_what_sells_out_slowly_passes(web: Bench) -> None:
    for number, sku in enumerate(SKUS[:10]):
        web.clock.move(900)
        (entry,) = await zero(web, [sku], seconds=number)
        assert isinstance(entry, JournalEntry)
        assert entry.outcome is Outcome.DELIVERED
    assert empty(web) == set(SKUS[:10])


async def test_while_zeros_are_held_other_stock_goes_on(web: Bench) -> None:
    await zero(web, SKUS[:10])
    entry = await web.deliver(stock(SKUS[0], 3, seconds=90), "stock", "up")
    assert entry is not None
    assert entry.outcome is Outcome.DELIVERED
    assert web.sources.items[SKUS[0], "main"] == 3


async def test_a_later_event_of_a_held_sku_ends_and_the_first_one_waits(web: Bench) -> None:
    await zero(web, SKUS[:10])
    first, *_ = [sku for sku in SKUS[:10] if sku not in empty(web)]
    (entry,) = await zero(web, [first], seconds=120, run="later")
    assert isinstance(entry, JournalEntry)
    assert entry.outcome is Outcome.SUPERSEDED
    assert "tillstream guards show 1" in entry.message


async def test_what_a_person_approved_is_written_as_it_is_read_then(web: Bench) -> None:
    await zero(web, SKUS)
    (hold,) = await web.store.guards.open_holds()
    listed = await web.store.guards.decide(hold.number, approve=True, by="ann", reason="the shop closes")
    assert listed is not None
    still_zero = listed[:-1]
    results = await zero(web, [one.sku for one in still_zero], seconds=300, run="again")
    assert all(isinstance(result, JournalEntry) for result in results)
    last = listed[-1].sku
    await web.deliver(stock(last, 2, seconds=300), "stock", "again")
    assert web.sources.items[last, "main"] == 2
    assert len(empty(web)) == len(SKUS) - 1


async def test_what_is_held_waits_in_review_and_an_approval_has_it_read_again(web: Bench) -> None:
    group, store = groups.deliver("web"), web.store
    queue = HeldQueue(store.held, group=group, owner="a", clock=web.clock)
    await queue.assigned([("t", 0)])
    stage = Stage("deliver", web.handler, Surroundings(queue, store.journal, web.publisher, web.clock, Counting()))

    def came(sku: str, receipt: str, seconds: float) -> Record:
        body = stock(sku, 0, seconds=seconds).model_dump_json().encode()
        return record(body, envelope(receipt, entity="stock"), key=f"pos:{sku}")

    await asyncio.gather(*(stage.process([came(sku, f"z-{sku}", 60)]) for sku in SKUS))
    held = store.held.records
    assert {row.hold.reason for row in held} == {HoldReason.PERSON}
    assert {row.hold.letter.code for row in held if row.hold.letter} == {"guard"}
    assert len(held) == len(SKUS) - len(empty(web))
    assert "tillstream guards approve 1" in held[0].hold.message

    await store.guards.decide(1, approve=True, by="ann", reason="the shop closes")
    for row in held:
        store.held.release(group, row.record)
    for row in store.held.records:
        assert await stage.process_held(row)
    hints = [Envelope.from_headers(hint.headers) for hint in web.publisher.on("hint.stock")]
    assert {hint.native_id for hint in hints} == {row.hold.subject for row in held}
    assert len(empty(web)) <= ALLOWED  # old bytes are not written
    await asyncio.gather(*(stage.process([came(hint.native_id, hint.receipt_id, 90)]) for hint in hints))
    assert empty(web) == set(SKUS)


async def test_a_replay_without_an_approval_is_held_again(web: Bench) -> None:
    await zero(web, SKUS[:10])
    (again,) = await zero(web, [SKUS[9]], seconds=90, run="again")
    (child,) = await asyncio.gather(
        web.deliver(stock(SKUS[9], 0, seconds=91), "stock", f"z-{SKUS[9]}.again1"), return_exceptions=True
    )
    assert isinstance(again, JournalEntry)
    assert isinstance(child, Guarded)


async def test_a_worker_that_is_started_anew_finds_the_window_held(web: Bench) -> None:
    await zero(web, SKUS)
    anew = StockGuard("web", web.store.guards, web.store.written_stock, web.sources)
    (last,) = [sku for sku in SKUS if sku not in empty(web)][-1:]
    change = StockChange("other", [SourceItem(last, "main", Decimal(0))])
    (problem,) = await anew.stopped([change])
    assert isinstance(problem, AlreadyHeld)


@pytest.mark.rule("guards.short_read")
async def test_a_location_that_a_reading_leaves_out_keeps_its_stock_and_counts(web: Bench) -> None:
    for sku in SKUS[:10]:
        await web.deliver(stock(sku, 5, seconds=10, STORE2=3), "stock", f"two-{sku}")
    results = await zero(web, SKUS[:10])
    assert all(isinstance(result, JournalEntry) for result in results)
    assert {web.sources.items[sku, "store2"] for sku in SKUS[:10]} == {Decimal(3)}
    assert await web.store.guards.open_holds() == []


@pytest.mark.rule("guards.mass_zero")
async def test_stock_that_we_never_wrote_is_read_in_the_web_store_before_it_is_set_to_zero() -> None:
    bench = Bench("web")
    bench.sources.skus = frozenset(SKUS)
    bench.sources.items = {(sku, "main"): Decimal(9) for sku in SKUS[:30]}
    results = await zero(bench, SKUS)
    passed = [result for result in results if isinstance(result, JournalEntry)]
    assert len(empty(bench) & set(SKUS[:30])) <= ALLOWED
    assert len(passed) >= 10  # those that had none
    (listed, *_) = await bench.store.guards.changes(1)
    assert (listed.before, listed.after) == (Decimal(9), Decimal(0))


async def test_a_batch_costs_no_statement_per_sku(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    web.sources.batches.clear()
    for port in (web.store.guards, web.store.written_stock):
        for name in ("judge", "last", "keep", "in_stock"):
            if hasattr(port, name):
                monkeypatch.setattr(port, name, _counted(getattr(port, name), name, calls))
    await asyncio.gather(*(web.deliver(stock(sku, 4, seconds=60), "stock", f"n-{sku}") for sku in SKUS))
    assert set(calls) == {"keep"}
    assert len(calls) == len(web.sources.batches) < 5
    calls.clear()
    await zero(web, SKUS, seconds=90)
    assert len(calls) <= 3 * 4


def _counted(method: object, name: str, calls: list[str]) -> object:
    async def counted(*args: object, **given: object) -> object:
        calls.append(name)
        return await method(*args, **given)  # type: ignore[operator]

    return counted


@pytest.mark.rule("guards.bisect")
async def test_a_batch_that_is_halved_counts_each_zero_once(web: Bench) -> None:
    web.sources.refuse = {SKUS[1]}
    web.sources.batches.clear()
    pair = [stock(SKUS[0], 0, seconds=60), stock(SKUS[1], 5, seconds=60), stock(SKUS[2], 0, seconds=60)]
    results = await asyncio.gather(*(web.deliver(one, "stock", f"b-{one.sku}") for one in pair), return_exceptions=True)
    assert [isinstance(result, JournalEntry) for result in results].count(True) >= 2
    assert empty(web) == {SKUS[0], SKUS[2]}
    assert len(web.store.guards.rows) == 2


async def test_an_observed_zero_counts_for_nothing() -> None:
    bench = Bench("web", mode=Mode.OBSERVE)
    bench.sources.items = {("A", "main"): Decimal(5)}
    await bench.deliver(stock("A", 0), "stock")
    assert bench.store.guards.rows == {}
