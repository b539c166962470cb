"""Several pollers: one of them reads a feed at a time, and no other one moves its cursor."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import structlog

from app.polling.cursor import cursor_time
from app.polling.feed import Page
from app.polling.polls import ChangesConfig, ChangesPoll, SnapshotPoll
from app.polling.publishing import RowPublisher
from app.store.leases import Lease
from streams.errors import Unavailable
from streams.metrics import Metrics
from streams.ports import Fenced
from tests.app.polling.polling_fakes import START, FakeClock, FakeFeed, FakeKafka, turns_of
from tests.twins.feeds import MemoryLeases

CONFIG = ChangesConfig(interval_seconds=60, overlap_seconds=120)
LEASE_SECONDS = 60.0


class Shop:
    """One web store that several pollers read."""

    def __init__(self) -> None:
        self.clock, self.kafka, self.feed = FakeClock(), FakeKafka(), FakeFeed()
        self.leases = MemoryLeases(self.clock)
        self.cursors = self.leases.cursors
        self.rows = RowPublisher(self.kafka, self.clock, Metrics())

    def poller(self, owner: str, feed: FakeFeed | None = None) -> ChangesPoll:
        _, turns = turns_of(self.clock, owner, self.leases)
        return ChangesPoll(feed or self.feed, turns, self.rows, self.clock, CONFIG)

    def snapshots(self, owner: str) -> SnapshotPoll:
        _, turns = turns_of(self.clock, owner, self.leases)
        return SnapshotPoll(self.feed, turns, self.rows, self.clock, period_seconds=3600)

    def cursor(self) -> datetime:
        return cursor_time(self.cursors.values[self.feed.name])


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_only_one_of_two_pollers_reads_a_feed(shop: Shop) -> None:
    one, other = shop.poller("a"), shop.poller("b")
    for _ in range(5):
        assert await one.once() == 60
        assert await other.once() == 60
        shop.clock.time += timedelta(seconds=60)
    assert len(shop.feed.asked) == 5


async def test_another_poller_goes_on_from_the_cursor_when_one_is_no_longer_heard_of(shop: Shop) -> None:
    one, other = shop.poller("a"), shop.poller("b")
    shop.feed.change(1, START)
    await one.once()
    shop.feed.change(2, START + timedelta(seconds=30))
    shop.clock.time += timedelta(seconds=60 + LEASE_SECONDS)
    await other.once()
    assert shop.kafka.keys() == ["1", "1", "2"]
    assert shop.cursor() == START + timedelta(seconds=30)


async def test_a_poller_that_ends_in_order_hands_its_feeds_on_at_once(shop: Shop) -> None:
    one, other = shop.poller("a"), shop.poller("b")
    await one.once()
    await one.close()
    await other.once()
    assert len(shop.feed.asked) == 2


async def test_a_poller_that_cannot_read_a_feed_does_not_keep_it_from_one_that_can(shop: Shop) -> None:
    cut_off = shop.poller("a", FakeFeed(error=Unavailable("no route")))
    with pytest.raises(Unavailable):
        await cut_off.once()
    await shop.poller("b").once()
    assert len(shop.feed.asked) == 1


class Stalling(FakeFeed):
    """While its first page is read, this poller stands still and another one reads on."""

    shop: Shop
    done = False

    async def page(self, since: datetime, number: int) -> Page:
        page = await FakeFeed.page(self, since, number)
        if not self.done:
            self.done = True
            self.shop.clock.time += timedelta(hours=1)
            self.shop.feed.change(3, START + timedelta(minutes=50))
            await self.shop.poller("b").once()
        return page


async def test_a_stalled_poller_that_wakes_cannot_move_the_cursor_back(shop: Shop) -> None:
    shop.feed.change(1, START)
    await shop.poller("a").once()
    stalling = Stalling(orders=dict(shop.feed.orders))
    stalling.shop = shop
    stalling.change(2, START + timedelta(seconds=10))
    with pytest.raises(Fenced, match="another poller"):
        await shop.poller("a", stalling).once()
    assert shop.cursor() == START + timedelta(minutes=50)
    (standing,) = await shop.leases.standings()
    assert standing.owner == "b"


async def test_a_poller_reads_on_for_longer_than_a_lease_as_long_as_pages_come(shop: Shop) -> None:
    class Slow(FakeFeed):
        async def page(self, since: datetime, number: int) -> Page:
            shop.clock.time += timedelta(seconds=LEASE_SECONDS)
            assert await shop.leases.take(self.name, "b", 60) is None, "the lease ended in the middle of the read"
            return await FakeFeed.page(self, since, number)

    slow = Slow()
    for number in range(9):
        slow.change(number, START - timedelta(seconds=100 - number))
    await shop.poller("a", slow).once()
    assert shop.kafka.keys() == [str(number) for number in range(9)]


async def test_how_a_feed_stands_is_kept_when_its_end_was_reached(shop: Shop) -> None:
    poll = shop.poller("a")
    await poll.once()
    shop.clock.time += timedelta(seconds=60)
    shop.kafka.error = Unavailable("no broker")
    shop.feed.change(1, shop.clock.time)
    with pytest.raises(Unavailable):
        await poll.once()
    (standing,) = await shop.leases.standings()
    assert standing.read_at == START


async def test_one_poller_takes_the_snapshot_and_the_other_finds_it_done(shop: Shop) -> None:
    shop.feed.change(1, START)
    assert await shop.leases.take("web.order.snapshot", "b", 60) == Lease("web.order.snapshot", "b", 1)
    assert await shop.snapshots("a").once() == 60
    assert shop.kafka.records == []
    shop.clock.time += timedelta(seconds=60)
    assert await shop.snapshots("b").once() == 3600
    assert await shop.snapshots("a").once() == 3600
    assert shop.kafka.keys() == ["1"]


async def test_catching_up_after_a_week_tells_how_far_it_is_and_when_it_will_be_done(shop: Shop) -> None:
    await shop.poller("a").once()
    shop.clock.time += timedelta(days=7)

    class Slow(FakeFeed):
        async def page(self, since: datetime, number: int) -> Page:
            shop.clock.time += timedelta(seconds=20)
            return await FakeFeed.page(self, since, number)

    slow = Slow()
    for number in range(14):
        slow.change(number, START + timedelta(hours=12 * number + 1))
    with structlog.testing.capture_logs() as logs:
        await shop.poller("a", slow).once()
    told = [line for line in logs if line["event"] == "feed_catches_up"]
    assert [line["behind_seconds"] for line in told] == sorted((line["behind_seconds"] for line in told), reverse=True)
    assert told[0]["feed"] == "web.order"
    assert told[0]["reached"] == "2026-01-02 01:00:00 UTC"
    assert 0 < told[-1]["done_in_seconds"] < 300
    assert len(told) < len(slow.asked), "a line a page would be a flood"
    (end,) = [line for line in logs if line["event"] == "feed_caught_up"]
    assert end["rows"] == 14
    assert shop.kafka.keys() == [str(number) for number in range(14)]


async def test_a_feed_that_is_hardly_behind_is_read_in_silence(shop: Shop) -> None:
    await shop.poller("a").once()
    for number in range(9):
        shop.feed.change(number, START + timedelta(seconds=number))
    shop.clock.time += timedelta(seconds=60)
    with structlog.testing.capture_logs() as logs:
        await shop.poller("a").once()
    assert logs == []
