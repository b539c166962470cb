"""Stock into the web store: absolute, the latest reading wins, one bad row costs one row."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.canonical import Stock, StockHint
from schemas.documents.flow import Mode
from schemas.envelope import Envelope
from schemas.ids import Ref
from streams.deliver.operations import CREATE_PRODUCT
from streams.errors import AuthFailed, OutcomeUnknown, Rejected, TillstreamError, Transient, Unavailable
from streams.inventory.age import age_headers
from streams.ports import EffectDone, EffectKey, HeldRecord, Hold, HoldReason, Outcome
from streams.runtime.lanes import NotDone
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import Bench
from tests.twins.clock import START
from tests.twins.kafka import envelope, record


@pytest.fixture
def web() -> Bench:
    return Bench("web")


def stock(quantity: int, *, seconds: float = 0, sku: str = "A", location: str = "MAIN") -> Stock:
    return Stock.model_validate(
        {
            "ref": f"pos:sku:{sku}",
            "sku": sku,
            "read_at": START + timedelta(seconds=seconds),
            "locations": [{"location": location, "quantity": quantity, "on_hand": quantity, "committed": 0}],
        }
    )


async def test_stock_is_written_to_the_locations_source(web: Bench) -> None:
    entry = await web.deliver(stock(7), "stock")
    assert entry is not None
    assert (entry.outcome, entry.step) == (Outcome.DELIVERED, "write_source_items")
    assert web.sources.items == {("A", "main"): Decimal(7)}


async def test_stock_5_4_5_is_three_changes(web: Bench) -> None:
    written = []
    for second, quantity in enumerate((5, 4, 5)):
        await web.deliver(stock(quantity, seconds=second), "stock", f"r{second}")
        written.append(web.sources.items["A", "main"])
    assert written == [5, 4, 5]


async def test_equal_stock_is_unchanged_and_an_older_reading_never_overwrites(web: Bench) -> None:
    await web.deliver(stock(5, seconds=10), "stock")
    same = await web.deliver(stock(5, seconds=20), "stock", "r2")
    older = await web.deliver(stock(9, seconds=5), "stock", "r3")
    assert same is not None
    assert older is not None
    assert (same.outcome, older.outcome) == (Outcome.UNCHANGED, Outcome.SUPERSEDED)
    assert web.sources.items["A", "main"] == 5


async def test_a_late_reading_from_between_two_equal_ones_is_stale(web: Bench) -> None:
    """An inventory worker that was frozen publishes what it read before another took over."""
    await web.deliver(stock(5, seconds=1), "stock", "r1")
    await web.deliver(stock(5, seconds=3), "stock", "r3")
    late = await web.deliver(stock(4, seconds=2), "stock", "r2")
    assert late is not None
    assert (late.outcome, web.sources.items["A", "main"]) == (Outcome.SUPERSEDED, Decimal(5))


async def test_of_readings_that_come_together_the_newest_counts_not_the_last(web: Bench) -> None:
    def came(body: bytes, receipt: str) -> Arrival:
        headers = envelope(receipt, entity="stock")
        return Arrival(record(body, headers), headers, 0)

    newest, late = (stock(quantity, seconds=at).model_dump_json().encode() for quantity, at in ((4, 20), (5, 10)))
    entries = await web.handler.handle(Work("deliver", [came(newest, "r1"), came(late, "r2"), came(b"{", "r3")]))
    assert {entry.receipt_id: entry.outcome for entry in entries} == {
        "r1": Outcome.DELIVERED,
        "r2": Outcome.SUPERSEDED,
        "r3": Outcome.SUPERSEDED,
    }
    assert web.sources.items["A", "main"] == 4


@pytest.mark.rule("starting.no_unknown_source_items")
async def test_stock_of_a_sku_that_the_store_does_not_sell_is_never_written(web: Bench) -> None:
    entry = await web.deliver(stock(5, sku="ONLY-IN-STORE"), "stock")
    assert entry is not None
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "web does not sell 'ONLY-IN-STORE'")
    assert web.sources.items == {}


async def make(web: Bench, sku: str) -> None:
    """As the product flow does, whose call takes up to 36 seconds until it shows in every list."""
    key = EffectKey("web", CREATE_PRODUCT.name, Ref("pos", "product", sku))
    settle = timedelta(seconds=36)
    row = await web.store.ledger.begin(key, owner="a", after_epoch=0, request_hash="h", settle=settle)
    await web.store.ledger.finish(EffectDone(key, row.epoch, sku))


async def test_stock_of_a_product_just_made_waits_until_the_stores_list_shows_it(web: Bench) -> None:
    """Its stock is told once after it was made: filtered then, it would have none until the next whole reading."""
    await make(web, "NEW")
    with pytest.raises(Transient, match="does not show it"):
        await web.deliver(stock(5, sku="NEW"), "stock")
    web.sources.skus |= {"NEW"}
    entry = await web.deliver(stock(5, sku="NEW"), "stock")
    assert entry is not None
    assert (entry.outcome, web.sources.items) == (Outcome.DELIVERED, {("NEW", "main"): Decimal(5)})


async def test_stock_of_a_product_that_was_made_and_is_gone_ends_when_the_list_cannot_lag_any_more(web: Bench) -> None:
    await make(web, "GONE")
    web.clock.move(36)
    entry = await web.deliver(stock(5, sku="GONE"), "stock")
    assert entry is not None
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "web does not sell 'GONE'")


async def test_a_look_that_may_have_been_too_early_is_not_the_last(web: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker stood still between the look and the ledger: what it saw is from before the product showed."""
    await make(web, "NEW")
    looks = iter([frozenset[str](), frozenset({"NEW"})])

    async def known(_skus: Collection[str]) -> frozenset[str]:
        web.clock.move(36)
        return next(looks)

    monkeypatch.setattr(web.sources, "known_skus", known)
    entry = await web.deliver(stock(5, sku="NEW"), "stock")
    assert entry is not None
    assert entry.outcome is Outcome.DELIVERED


async def test_stock_goes_to_the_web_sku_of_an_alias(web: Bench) -> None:
    await web.store.links.insert(Ref("web", "sku", "B"), Ref("pos", "sku", "POS-B"))
    await web.deliver(stock(3, sku="POS-B"), "stock")
    assert web.sources.items == {("B", "main"): Decimal(3)}


async def test_stock_of_a_location_without_a_source_is_filtered(web: Bench) -> None:
    entry = await web.deliver(stock(3, location="WAREHOUSE"), "stock")
    assert entry is not None
    assert entry.outcome is Outcome.FILTERED


@pytest.mark.rule("starting.observe_writes_nothing")
async def test_observed_stock_is_not_written() -> None:
    bench = Bench("web", mode=Mode.OBSERVE)
    entry = await bench.deliver(stock(3), "stock")
    assert entry is not None
    assert "would set main 3" in entry.message
    assert bench.sources.items == {}


async def test_a_sku_that_is_deleted_in_the_store_is_not_written_for_ever(web: Bench) -> None:
    await web.deliver(stock(5), "stock")
    web.sources.skus = frozenset()
    web.clock.move(3599)
    still = await web.deliver(stock(4, seconds=1), "stock", "r2")
    web.clock.move(1)
    asked = await web.deliver(stock(3, seconds=2), "stock", "r3")
    assert still is not None
    assert asked is not None
    assert (still.outcome, asked.outcome) == (Outcome.DELIVERED, Outcome.FILTERED)


async def test_two_writes_of_one_sku_never_share_a_batch(web: Bench) -> None:
    await asyncio.gather(*(web.deliver(stock(5 - n, seconds=n), "stock", f"r{n}") for n in range(2)))
    assert web.sources.batches == [["A"], ["A"]]
    assert web.sources.items == {("A", "main"): Decimal(4)}


async def test_of_one_batch_only_what_is_still_ours_is_written(web: Bench) -> None:
    web.sources.skus = frozenset("ABCD")
    ours = [web.deliver(stock(5, sku=sku), "stock", sku) for sku in "AB"]
    lost = [web.deliver(stock(5, sku=sku), "stock", sku, epoch=7) for sku in "CD"]
    results = await asyncio.gather(*ours, *lost, return_exceptions=True)
    assert [isinstance(result, NotDone) for result in results] == [False, False, True, True]
    assert set(web.sources.items) == {("A", "main"), ("B", "main")}
    assert web.store.writes.rows == {}


@pytest.mark.rule("guards.bisect")
async def test_one_bad_row_costs_one_row_and_leaves_no_doubt(web: Bench) -> None:
    web.sources.skus = frozenset("ABC")
    web.sources.refuse = {"B"}
    results = await asyncio.gather(
        *(web.deliver(stock(5, sku=sku), "stock", sku) for sku in "ABC"), return_exceptions=True
    )
    assert [isinstance(result, Rejected) for result in results] == [False, True, False]
    assert set(web.sources.items) == {("A", "main"), ("C", "main")}
    assert web.store.writes.rows == {}


@pytest.mark.parametrize(
    ("error", "open_writes"),
    [
        (OutcomeUnknown("?"), 1),
        (Transient("429"), 0),
        (Unavailable("down"), 0),
        (AuthFailed("401"), 0),
        (Rejected("no"), 0),
    ],
)
async def test_only_a_write_of_which_the_outcome_is_unknown_stays_open(
    web: Bench, error: TillstreamError, open_writes: int
) -> None:
    web.sources.fail = error
    with pytest.raises(type(error)):
        await web.deliver(stock(5), "stock")
    assert len(web.store.writes.rows) == open_writes


async def test_of_coalesced_stock_only_the_newest_is_written(web: Bench) -> None:
    arrivals = []
    for second, quantity in enumerate((5, 4, 6)):
        headers = envelope(f"r{second}", entity="stock")
        arrivals.append(Arrival(record(stock(quantity, seconds=second).model_dump_json().encode(), headers), headers))
    entries = await web.handler.handle(Work("deliver", arrivals))
    assert [entry.outcome for entry in entries] == [Outcome.SUPERSEDED, Outcome.SUPERSEDED, Outcome.DELIVERED]
    assert web.sources.items == {("A", "main"): Decimal(6)}


@pytest.mark.parametrize("edited", [None, b"by ann"])
async def test_replayed_stock_is_read_again_unless_a_person_wrote_it(web: Bench, edited: bytes | None) -> None:
    headers = envelope("r1", entity="stock")
    sent = record(stock(5).model_dump_json().encode(), headers)
    row = HeldRecord(1, Hold("pos:A", HoldReason.TIME, "deliver", "r1"), sent, START, replays=2, edited=edited)
    (entry,) = await web.handler.handle(Work("deliver", [Arrival(sent, headers, row=row)]))
    if edited is not None:
        assert (entry.outcome, web.publisher.records) == (Outcome.DELIVERED, [])
        return
    assert (entry.outcome, web.sources.items) == (Outcome.SUPERSEDED, {})
    (hint,) = web.publisher.on("hint.stock")
    assert (hint.key, StockHint.model_validate_json(hint.value).sku) == (b"pos:A", "A")
    assert Envelope.from_headers(hint.headers).receipt_id == "r1.again2"
    assert entry.children == ("again2",)


async def test_stock_that_no_channel_joins_any_more_ends(web: Bench) -> None:
    entry = await web.deliver(stock(5).model_copy(update={"ref": "gone:sku:A"}), "stock", target="web")
    assert entry is not None
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "no channel joins gone with web any more")


async def test_a_newer_event_for_another_store_supersedes_nothing_here(web: Bench) -> None:
    arrivals = []
    for receipt, quantity, target in (("r1", 5, "web"), ("r2", 4, "web"), ("r2.to-outlet", 4, "outlet")):
        headers = envelope(receipt, entity="stock", target=target)
        sent = record(stock(quantity, seconds=-quantity).model_dump_json().encode(), headers)
        arrivals.append(Arrival(sent, headers))
    entries = await web.handler.handle(Work("deliver", arrivals))
    assert [(entry.receipt_id, entry.outcome) for entry in entries] == [
        ("r1", Outcome.SUPERSEDED),
        ("r2", Outcome.DELIVERED),
    ]


# -- the oversell window -----------------------------------------------------------------------------------------------


@pytest.mark.rule("stock.oversell_window")
async def test_how_old_stock_is_when_the_store_gets_it_is_told_and_kept(web: Bench) -> None:
    changed_at = web.clock.now()
    web.clock.move(12)
    headers = envelope("r1", entity="stock")
    told = record(stock(7).model_dump_json().encode(), headers)
    aged = replace(told, headers=(*told.headers, *age_headers(changed_at)))
    await web.handler.handle(Work("deliver", [Arrival(aged, headers)]))
    await web.deliver(stock(3, sku="B"), "stock", "r2")  # of unknown age
    assert web.ages == [12.0]
    window = await web.store.written_stock.window("web", timedelta(hours=1))
    assert (window.skus, window.p99) == (1, timedelta(seconds=12))


async def test_a_clock_that_is_ahead_makes_no_stock_younger_than_new(web: Bench) -> None:
    headers = envelope("r1", entity="stock")
    told = record(stock(7).model_dump_json().encode(), headers)
    aged = replace(told, headers=(*told.headers, *age_headers(web.clock.now() + timedelta(seconds=5))))
    await web.handler.handle(Work("deliver", [Arrival(aged, headers)]))
    assert web.ages == [0.0]
