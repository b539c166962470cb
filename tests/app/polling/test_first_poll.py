"""A first poll on a shop with years of orders changes nothing, and shows a person why."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.polling.first_poll import FirstPollHeld
from app.polling.poller import Poller
from app.polling.polls import ChangesConfig, ChangesPoll
from app.polling.publishing import RowPublisher
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import START, FakeClock, FakeFeed, FakeKafka, turns_of

OLD_ORDERS = 50_000


class Shop:
    """Old orders, one a minute until now, and a poller that has never read them."""

    def __init__(self, orders: int, config: ChangesConfig) -> None:
        self.feed, self.kafka, self.clock = FakeFeed(page_size=100), FakeKafka(), FakeClock()
        self.cursors, turns = turns_of(self.clock)
        for number in range(orders):
            self.feed.change(number, START - timedelta(minutes=number + 10))
        rows = RowPublisher(self.kafka, self.clock, Metrics())
        self.poll = ChangesPoll(self.feed, turns, rows, self.clock, config)


class Tired(FakeClock):
    """Whoever sleeps does not wake up."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        del seconds
        self.sleeps.set()
        await asyncio.Event().wait()


async def test_by_itself_it_begins_now_and_says_that_what_is_older_stays() -> None:
    shop = Shop(OLD_ORDERS, ChangesConfig())
    with capture_logs() as told:
        await shop.poll.once()
    assert shop.kafka.records == []
    assert "What changed before then stays where it is" in told[0]["problem"]


@pytest.mark.rule("guards.on_by_default")
async def test_told_to_begin_years_ago_it_publishes_nothing_and_waits_for_a_person() -> None:
    shop = Shop(OLD_ORDERS, ChangesConfig(since=START - timedelta(days=365)))
    for _ in range(3):
        with pytest.raises(FirstPollHeld) as held:
            await shop.poll.once()
    assert shop.kafka.records == []
    assert shop.cursors.values == {}
    assert f"would take in {OLD_ORDERS} rows that changed since 2025-01-01 12:00 UTC" in held.value.message
    assert "tillstream backfill FLOW --since" in held.value.message


async def test_a_list_that_ignores_where_it_was_asked_to_begin_is_held_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(2_000, ChangesConfig())
    page = shop.feed.page
    monkeypatch.setattr(shop.feed, "page", lambda _since, number: page(START - timedelta(days=99), number))
    with pytest.raises(FirstPollHeld):
        await shop.poll.once()
    assert shop.kafka.records == []


async def test_a_person_may_allow_it() -> None:
    shop = Shop(1_200, ChangesConfig(since=START - timedelta(days=365), first_poll_rows=1_200))
    await shop.poll.once()
    assert len(shop.kafka.records) == 1_200


async def test_later_polls_are_not_held_however_much_has_changed() -> None:
    shop = Shop(0, ChangesConfig())
    shop.feed.change(0, START)
    await shop.poll.once()
    for number in range(1, 1_500):
        shop.feed.change(number, START + timedelta(seconds=1))
    shop.clock.time += timedelta(minutes=1)
    await shop.poll.once()
    assert len(shop.kafka.records) == 1_500


async def test_it_is_an_alarm_at_once_and_the_role_is_not_ready() -> None:
    shop = Shop(2_000, ChangesConfig(since=START - timedelta(days=365)))
    tired = Tired()
    poller = Poller([shop.poll], tired, Metrics())
    with capture_logs() as told:
        running = asyncio.create_task(poller.run())
        await tired.sleeps.wait()
    running.cancel()
    (alarm,) = [line for line in told if line["event"] == "first_poll_held"][:1]
    assert alarm["log_level"] == "error"
    assert poller.reason() == alarm["problem"]
