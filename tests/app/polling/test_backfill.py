"""A backfill: marked, paced, stopped and resumed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from app.polling.backfill import BackfillRun, BackfillState, Progress, cursor_name
from app.polling.publishing import RowPublisher
from schemas.envelope import Backfill, Via
from streams.errors import Unavailable
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import START, FakeClock, FakeFeed, FakeKafka, turns_of
from tests.twins.feeds import MemoryCursors

SINCE = START - timedelta(days=30)
MARK = Backfill("order", int(SINCE.timestamp() * 1000))
NAME = cursor_name("order", "web.order")


@dataclass
class Shop:
    """Ten orders, one a day until now."""

    feed: FakeFeed = field(default_factory=lambda: FakeFeed(page_size=3))
    kafka: FakeKafka = field(default_factory=FakeKafka)
    clock: FakeClock = field(default_factory=FakeClock)
    cursors: MemoryCursors = field(init=False)
    told: list[Progress] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    stop_after: int = 99

    def __post_init__(self) -> None:
        self.cursors, _ = turns_of(self.clock)
        for number in range(10):
            self.feed.change(number, START - timedelta(days=10 - number))

    async def run(self, *, until: datetime | None = START, per_second: float = 100.0) -> BackfillState:
        stored = self.cursors.values.get(NAME)
        standing = BackfillState.read(stored) if stored else BackfillState.begin(SINCE, until)
        rows = RowPublisher(self.kafka, self.clock, Metrics(), backfill=MARK)
        run = BackfillRun(self.feed, NAME, self.cursors, rows, self.clock, per_second=per_second)
        return await run.run(standing, self._tell, self.stop)

    def _tell(self, progress: Progress) -> None:
        self.told.append(progress)
        if len(self.told) == self.stop_after:
            self.stop.set()


async def test_everything_is_published_once_and_says_of_which_backfill_it_comes() -> None:
    shop = Shop()
    standing = await shop.run()
    assert shop.kafka.keys() == [str(number) for number in range(10)]
    assert {(one.via, one.backfill) for one in shop.kafka.envelopes()} == {(Via.BACKFILL, MARK)}
    assert (standing.done, standing.published) == (True, 10)
    assert (shop.told[0].total, shop.told[-1].published) == (10, 10)


async def test_what_is_newer_than_wanted_stays() -> None:
    shop = Shop()
    await shop.run(until=START - timedelta(days=6))
    assert shop.kafka.keys() == ["0", "1", "2", "3", "4"]


async def test_an_old_order_that_changes_while_it_runs_is_published_too() -> None:
    shop = Shop(stop_after=1)
    await shop.run(until=None)
    shop.feed.change(9, START + timedelta(hours=1))
    shop.stop.clear()
    assert (await shop.run(until=None)).done
    assert shop.kafka.keys()[-1] == "9"


async def test_stopped_it_finishes_its_page_and_the_next_run_goes_on_there() -> None:
    shop = Shop(stop_after=2)
    stopped = await shop.run()
    assert not stopped.done
    before = len(shop.kafka.records)
    assert 0 < before < 10
    shop.stop.clear()
    assert (await shop.run()).done
    again = shop.kafka.keys()[before:]
    assert again[0] in shop.kafka.keys()[:before], "the last moment is read again"
    assert set(shop.kafka.keys()) == {str(number) for number in range(10)}
    assert len(shop.kafka.records) == 11


async def test_a_broken_read_loses_nothing() -> None:
    shop = Shop()
    shop.kafka.error = Unavailable("Kafka is down")
    with pytest.raises(Unavailable):
        await shop.run()
    shop.kafka.error = None
    await shop.run()
    assert shop.kafka.keys() == [str(number) for number in range(10)]


async def test_it_is_no_faster_than_its_part_of_the_budget() -> None:
    shop = Shop()
    await shop.run(per_second=2.0)
    assert sum(shop.clock.slept) == pytest.approx(5.0)
    assert max(shop.clock.slept) <= 1.0, "in small parts: new events go in between"


@pytest.mark.parametrize("until", [START, None])
def test_a_standing_is_kept_as_it_is(until: datetime | None) -> None:
    standing = BackfillState(SINCE, until, START, 17, done=True)
    assert BackfillState.read(standing.written()) == standing
