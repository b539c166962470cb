"""Doubts about stock become hints, whatever is down meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from schemas.canonical import StockHint
from schemas.envelope import Envelope, Via, root_of
from schemas.ids import Ref
from streams.deliver.doubts import AGAIN, LOOK_SECONDS, Doubts
from streams.errors import Unavailable
from streams.ports import Claim, Intent
from tests.twins.clock import START, FakeClock
from tests.twins.kafka import MemoryPublisher
from tests.twins.store import MemoryStore

SETTLE = timedelta(seconds=26)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.publisher = MemoryPublisher()
        systems = {"pos": "heartland"}
        self.doubts = Doubts("web", self.store.writes, self.publisher, self.clock, systems=systems, rereads={})

    async def write_without_an_answer(self, *skus: str) -> None:
        epochs = await self.store.held.claim("g", "t", [0], "test")
        claim = Claim("g", "t", 0, epochs[0])
        await self.store.writes.open("web", [Intent(Ref("pos", "sku", sku), claim, f"r-{sku}") for sku in skus], SETTLE)

    async def clear_for(self, seconds: float) -> None:
        clearing = asyncio.create_task(self.doubts.clear())
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:  # noqa: ASYNC110 - the clock moves when it sleeps
            await asyncio.sleep(0)
        clearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await clearing


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_sku_in_doubt_is_read_again_when_nothing_can_come_any_more(bench: Bench) -> None:
    await bench.write_without_an_answer("A:1")
    await bench.clear_for(SETTLE.total_seconds() - LOOK_SECONDS)
    assert bench.publisher.records == []
    await bench.clear_for(2 * LOOK_SECONDS)
    (hint,) = bench.publisher.on("hint.stock")
    assert (hint.key, StockHint.model_validate_json(hint.value)) == (b"pos:A:1", StockHint(sku="A:1", cause="doubt"))
    envelope = Envelope.from_headers(hint.headers)
    assert (envelope.connection, envelope.system, envelope.entity) == ("pos", "heartland", "stock_hint")
    assert (root_of(envelope.receipt_id), envelope.is_child, envelope.via) == ("r-A:1", True, Via.STAGE)
    assert envelope.received_ms > START.timestamp() * 1000 + 20_000  # it is not the write's fault how long it waited


async def test_a_doubt_that_clearing_a_doubt_left_is_told_of_the_same_receipt(bench: Bench) -> None:
    await bench.write_without_an_answer("A.doubt7")
    bench.clock.move(SETTLE.total_seconds())
    await bench.doubts.look()
    (hint,) = bench.publisher.records
    assert Envelope.from_headers(hint.headers).receipt_id.startswith("r-A.doubt1-")


async def test_what_nobody_knows_how_to_read_any_more_keeps_the_others_from_nothing(bench: Bench) -> None:
    epochs = await bench.store.held.claim("g", "t", [0], "test")
    claim = Claim("g", "t", 0, epochs[0])
    await bench.store.writes.open("web", [Intent(Ref("pos", "product", "P"), claim, "r-P")], SETTLE)
    await bench.write_without_an_answer("A")
    await bench.clear_for(SETTLE.total_seconds() + 2 * LOOK_SECONDS)
    assert [hint.key for hint in bench.publisher.records] == [b"pos:A"]


async def test_nothing_in_doubt_is_no_hint(bench: Bench) -> None:
    await bench.clear_for(100)
    assert bench.publisher.records == []


async def test_hints_that_were_not_published_are_published_later(bench: Bench) -> None:
    await bench.write_without_an_answer("A", "B")
    bench.clock.move(SETTLE.total_seconds())
    bench.publisher.down = 1
    with pytest.raises(Unavailable):
        await bench.doubts.look()
    await bench.clear_for(AGAIN.total_seconds() + LOOK_SECONDS)
    assert [hint.key for hint in bench.publisher.records] == [b"pos:A", b"pos:B"]


async def test_a_kafka_that_is_down_costs_time_only(bench: Bench) -> None:
    await bench.write_without_an_answer("A")
    bench.publisher.down = 2
    await bench.clear_for(600)
    assert b"pos:A" in {hint.key for hint in bench.publisher.records}
