"""Inventory: many causes, one reading, one canonical stock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.canonical import LocationLevel, Stock, StockHint
from schemas.envelope import Envelope
from streams.errors import Malformed, Rejected, Transient, Unavailable
from streams.inventory.handler import LATELY
from streams.inventory.table import SkuState
from streams.ports import Outcome
from streams.runtime.work import Arrival, Work
from tests.streams.inventory.bench import Bench, look, sold
from tests.twins.clock import START
from tests.twins.kafka import envelope, record


@pytest.fixture
def bench() -> Bench:
    return Bench("web")


async def test_a_hint_becomes_the_skus_stock_under_its_key(bench: Bench) -> None:
    (entry,) = await bench.hint(("r1", look()))
    assert (entry.outcome, entry.flow, entry.step, entry.target) == (Outcome.PASSED, "stock", "levels", "pos")
    assert bench.published.ref == "pos:sku:A"
    assert bench.published.locations[0].quantity == 10
    (sent,) = bench.publisher.on("canonical.stock")
    assert sent.key == b"pos:A"
    assert Envelope.from_headers(sent.headers).entity == "stock"


async def test_many_hints_of_one_sku_are_one_reading_and_every_receipt_ends(bench: Bench) -> None:
    entries = await bench.hint(("r1", look()), ("r2", look()), ("r3.s0", sold(2)))
    assert len(bench.shelves.reads) == 1
    assert {entry.receipt_id: entry.outcome for entry in entries} == {
        "r1": Outcome.SUPERSEDED,
        "r2": Outcome.PASSED,
        "r3.s0": Outcome.SUPERSEDED,
    }
    carried = Envelope.from_headers(bench.publisher.on("canonical.stock")[0].headers)
    assert (carried.receipt_id, carried.received_ms) == ("r2", 1000)


async def test_children_alone_carry_their_own_receipt(bench: Bench) -> None:
    await bench.hint(("r3.s0", sold(2)))
    assert Envelope.from_headers(bench.publisher.on("canonical.stock")[0].headers).receipt_id == "r3.s0"


@pytest.mark.rule("stock.reservations_once")
async def test_units_that_both_systems_hold_for_one_order_are_subtracted_once(bench: Bench) -> None:
    bench.shelves.committed["A"] = 2
    await bench.hint(("r1.s0", sold(2)))
    assert bench.published.locations[0].quantity == 8
    await bench.hint(("r2.s0", sold(0, side="pos", committed=2, seconds=1)))
    assert bench.published.locations[0].quantity == 10


async def test_the_table_remembers_what_orders_hold_between_hints(bench: Bench) -> None:
    bench.shelves.committed["A"] = 2
    await bench.hint(("r1.s0", sold(2)), ("r2.s0", sold(0, side="pos", committed=2, seconds=1)))
    bench.publisher.records.clear()
    await bench.hint(("r3", look()))
    assert bench.published.locations[0].quantity == 10


@pytest.mark.rule("guards.short_read")
async def test_an_answer_without_skus_that_were_known_writes_nothing_and_shows_a_person_why(bench: Bench) -> None:
    await bench.hint(("r1", look()))
    bench.shelves.on_hand.clear()
    with pytest.raises(Transient, match="its list does not show it: it lags"):
        await bench.hint(("r2", sold(2)))
    bench.clock.move(LATELY.total_seconds())
    with pytest.raises(Rejected, match=r"pos had 'A' .* Nothing is written, the web store keeps its stock") as caught:
        await bench.hint(("r2", sold(2)))
    assert (caught.value.code, caught.value.blocks) == ("sku_vanished", False)
    assert len(bench.publisher.on("canonical.stock")) == 1
    bench.shelves.on_hand["A"] = 10
    await bench.hint(("r2", look()))
    assert bench.published.locations[0].quantity == 10
    assert "web:order:42" in SkuState.from_json(bench.table.get("pos:A")).orders


async def test_a_sku_that_the_point_of_sale_does_not_know_is_filtered(bench: Bench) -> None:
    (entry,) = await bench.hint(("r1", look("X")), key="pos:X")
    assert (entry.outcome, entry.message) == (Outcome.FILTERED, "pos does not know 'X'")
    assert bench.publisher.records == []


async def test_what_web_orders_hold_of_a_sku_that_the_point_of_sale_lacks_is_kept(bench: Bench) -> None:
    del bench.shelves.on_hand["A"]
    (entry,) = await bench.hint(("r1.s0", sold(2)))
    assert entry.outcome is Outcome.FILTERED
    assert bench.table.unsettled == []
    bench.shelves.on_hand["A"] = 10
    bench.shelves.committed["A"] = 2
    await bench.hint(("r2.s0", sold(0, side="pos", committed=2, seconds=1)))
    assert bench.published.locations[0].quantity == 10


async def test_a_look_at_a_sku_that_the_point_of_sale_lacks_leaves_nothing_behind(bench: Bench) -> None:
    await bench.hint(("r1", look("X")), key="pos:X")
    assert bench.table.rows == {}


async def test_the_stock_goes_on_when_what_the_table_remembers_is_durable(bench: Bench) -> None:
    bench.table.down = 1
    with pytest.raises(Unavailable):
        await bench.hint(("r1.s0", sold(2)))
    assert bench.publisher.records == []
    await bench.hint(("r1.s0", sold(2)))
    assert len(bench.publisher.records) == 1
    assert bench.table.unsettled == []


@pytest.mark.parametrize("webs", [["web"], []])
async def test_what_an_order_holds_of_a_sku_without_stock_is_durable_before_its_hint_ends(webs: list[str]) -> None:
    bench = Bench(*webs)
    del bench.shelves.on_hand["A"]
    bench.table.down = 1
    with pytest.raises(Unavailable):
        await bench.hint(("r1.s0", sold(2)))
    (entry,) = await bench.hint(("r1.s0", sold(2)))
    assert entry.outcome is Outcome.FILTERED
    assert SkuState.from_json(bench.table.durable["pos:A"]).orders.keys() == {"web:order:42"}


async def test_a_reading_that_another_worker_overtook_is_not_published(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = bench.shelves.levels

    async def overtaken(skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        bench.table.rows["pos:A"] = b"by another worker"
        return await levels(skus)

    monkeypatch.setattr(bench.shelves, "levels", overtaken)
    with pytest.raises(Unavailable):
        await bench.hint(("r1", look()))
    assert bench.publisher.records == []
    assert bench.table.rows == {"pos:A": b"by another worker"}


async def test_versions_rise_even_on_a_worker_whose_clock_is_behind(bench: Bench) -> None:
    await bench.hint(("r1", look()))
    first = bench.published.read_at
    bench.clock.move(-60)
    await bench.hint(("r2", look()))
    await bench.hint(("r3", look()))
    assert bench.published.read_at == first + timedelta(microseconds=2)
    bench.clock.move(120)
    await bench.hint(("r4", look()))
    assert bench.published.read_at == first + timedelta(seconds=60)


@pytest.mark.rule("guards.short_read")
async def test_a_failed_reading_is_never_zero_stock(bench: Bench) -> None:
    bench.shelves.fail = True
    with pytest.raises(Transient):
        await bench.hint(("r1", look()))
    assert bench.publisher.records == []
    assert bench.table.rows == {}


async def test_a_reading_from_before_the_change_that_was_told_is_not_news(bench: Bench) -> None:
    bench.shelves.changed["A"] = START
    told = StockHint(sku="A", cause="webhook", location="MAIN", changed_at=START + timedelta(seconds=1))
    with pytest.raises(Transient, match="from before a change"):
        await bench.hint(("r1", told))
    assert bench.publisher.records == []
    bench.shelves.changed["A"] = START + timedelta(seconds=1)
    await bench.hint(("r1", told))
    assert bench.published.locations[0].quantity == 10


async def test_a_reading_that_falls_behind_an_earlier_one_is_not_news(bench: Bench) -> None:
    bench.shelves.changed["A"] = START + timedelta(seconds=1)
    await bench.hint(("r1", look()))
    bench.shelves.changed["A"] = START
    with pytest.raises(Transient, match="from before a change"):
        await bench.hint(("r2", look()))


async def test_bytes_that_are_no_hint_are_malformed(bench: Bench) -> None:
    headers = envelope("r1", entity="stock_hint")
    with pytest.raises(Malformed, match="is no StockHint: sku: Field required"):
        await bench.handler.handle(Work("inventory", [Arrival(record(b"{}", headers, key="pos:A"), headers)]))


async def test_a_hint_for_a_connection_that_is_not_configured_is_malformed(bench: Bench) -> None:
    with pytest.raises(Malformed, match="no point of sale is called 'other'"):
        await bench.hint(("r1", look()), key="other:A")


def test_a_refused_hint_holds_up_nothing(bench: Bench) -> None:
    headers = envelope("r1", entity="stock_hint")
    assert not bench.handler.blocks(Work("inventory", [Arrival(record(b"{}", headers), headers)]))


# -- who the stock is for ----------------------------------------------------------------------------------------------


async def test_the_stock_of_two_web_stores_is_two_events_each_with_an_end_of_its_own() -> None:
    bench = Bench("web", "outlet")
    (entry,) = await bench.hint(("r1", look()))
    told = [Envelope.from_headers(out.headers) for out in bench.publisher.on("canonical.stock")]
    assert [(one.receipt_id, one.target, one.subject, one.flow) for one in told] == [
        ("r1", "web", "A", "stock"),
        ("r1.to-outlet", "outlet", "A", "stock"),
    ]
    assert {out.key for out in bench.publisher.records} == {b"pos:A"}
    assert (entry.outcome, entry.children) == (Outcome.PASSED, ("to-outlet",))


async def test_stock_that_no_channel_wants_ends_unread_and_what_was_told_is_kept() -> None:
    bench = Bench()
    (entry,) = await bench.hint(("r1", sold(2)))
    assert (entry.outcome, bench.shelves.reads, bench.publisher.records) == (Outcome.FILTERED, [], [])
    assert "no channel joins pos with a web store" in entry.message
    assert bench.table.rows
    assert bench.table.unsettled == []


# -- what is sold twice ------------------------------------------------------------------------------------------------


@pytest.mark.rule("stock.oversell_detected")
async def test_the_reading_that_shows_both_sales_finds_the_oversell_once(bench: Bench) -> None:
    bench.shelves.on_hand["A"] = 1
    await bench.hint(("r1.s0", sold(1)))
    assert await bench.oversells.waiting() == []
    bench.shelves.on_hand["A"] = 0
    await bench.hint(("r2", look()))
    await bench.hint(("r3", look()))
    (found,) = await bench.oversells.waiting()
    assert (found.connection, found.sku, found.oversell.orders) == ("pos", "A", ("web:order:42",))
    assert found.found_at == START + timedelta(microseconds=1)


@pytest.mark.rule("stock.oversell_review")
@pytest.mark.parametrize("left", ["stock", "order"])
async def test_an_oversell_is_over_when_stock_comes_or_the_order_goes(bench: Bench, left: str) -> None:
    bench.shelves.on_hand["A"] = 0
    await bench.hint(("r1.s0", sold(1)))
    if left == "stock":
        bench.shelves.on_hand["A"] = 1
        await bench.hint(("r2", look()))
    else:
        await bench.hint(("r2.s0", sold(0, seconds=1)))
    assert await bench.oversells.waiting() == []
    assert not SkuState.from_json(bench.table.get("pos:A")).oversold


async def test_an_oversell_that_the_store_did_not_take_is_found_by_the_next_reading(bench: Bench) -> None:
    bench.shelves.on_hand["A"] = 0
    bench.oversells.down = 1
    with pytest.raises(Unavailable):
        await bench.hint(("r1.s0", sold(1)))
    await bench.hint(("r1.s0", sold(1)))
    assert len(await bench.oversells.waiting()) == 1
    bench.shelves.on_hand["A"] = 1
    bench.oversells.down = 1
    with pytest.raises(Unavailable):
        await bench.hint(("r2", look()))
    await bench.hint(("r2", look()))
    assert await bench.oversells.waiting() == []


async def test_goods_that_are_there_cost_the_store_nothing(bench: Bench) -> None:
    bench.oversells.down = 9
    await bench.hint(("r1.s0", sold(1)))
    await bench.hint(("r2", look()))
    assert bench.oversells.down == 9


# -- buffers -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("stock.location_buffer")
async def test_each_web_store_gets_what_its_own_buffer_leaves() -> None:
    bench = Bench("web", "outlet", buffers={"outlet": {"MAIN": Decimal(4)}})
    await bench.hint(("r1", look()))
    told = [Stock.model_validate_json(out.value) for out in bench.publisher.on("canonical.stock")]
    assert [stock.locations[0].quantity for stock in told] == [10, 6]
