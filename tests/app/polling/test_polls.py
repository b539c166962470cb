from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
import structlog

from app.polling.cursor import set_back, written_cursor
from app.polling.polls import ChangesConfig, ChangesPoll, SnapshotPoll
from app.polling.publishing import RowPublisher
from app.polling.seen import Seen
from schemas.envelope import Via
from streams.errors import Unavailable
from streams.metrics import Metrics
from streams.ports import Fenced
from tests.app.polling.polling_fakes import START, FakeClock, FakeFeed, FakeKafka, turns_of


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


class Surroundings:
    def __init__(self) -> None:
        self.feed, self.kafka, self.clock = FakeFeed(), FakeKafka(), FakeClock()
        self.cursors, self.turns = turns_of(self.clock)
        self.metrics = Metrics()
        self.rows = RowPublisher(self.kafka, self.clock, self.metrics, entropy=lambda size: b"\x02" * size)

    def changes(self, config: ChangesConfig | None = None, seen: Seen | None = None) -> ChangesPoll:
        config = config or ChangesConfig(interval_seconds=60, overlap_seconds=120)
        return ChangesPoll(self.feed, self.turns, self.rows, self.clock, config, seen)

    def snapshot(self) -> SnapshotPoll:
        return SnapshotPoll(self.feed, self.turns, self.rows, self.clock, period_seconds=3600)

    @property
    def cursor(self) -> str:
        return str(orjson.loads(self.cursors.values[self.feed.name])["at"])


@pytest.fixture
def world() -> Surroundings:
    return Surroundings()


async def test_a_changed_row_becomes_a_receipt_of_its_raw_topic(world: Surroundings) -> None:
    world.feed.change(42, START - seconds(10), base_grand_total=12.34)
    assert await world.changes().once() == 60
    (record,) = world.kafka.records
    assert (record.topic, record.key) == ("raw.magento.order", b"web:42")
    assert orjson.loads(record.value) == {"entity_id": 42, "increment_id": "000000042", "base_grand_total": 12.34}
    (envelope,) = world.kafka.envelopes()
    assert (envelope.via, envelope.connection, envelope.subject) == (Via.POLL, "web", "000000042")
    assert envelope.received_ms == START.timestamp() * 1000
    labels = {"connection": "web", "entity": "order", "via": "poll"}
    assert world.metrics.registry.get_sample_value("tillstream_receipts_total", labels) == 1


async def test_the_first_poll_does_not_flood_with_old_orders(world: Surroundings) -> None:
    world.feed.change(1, START - timedelta(days=300))
    world.feed.change(2, START - seconds(100))
    await world.changes().once()
    assert world.kafka.keys() == ["2"]


async def test_a_first_poll_on_a_shop_with_50_000_old_orders_publishes_none_and_tells_a_person(
    world: Surroundings,
) -> None:
    old = START - timedelta(days=900)
    for number in range(50_000):
        world.feed.change(number, old + timedelta(minutes=20 * number))
    with structlog.testing.capture_logs() as logs:
        await world.changes().once()
        await world.changes().once()
    assert world.kafka.records == []
    assert world.feed.asked == [(START - seconds(120), 1), (START - seconds(240), 1)]
    (told,) = logs
    assert (told["event"], told["log_level"], told["feed"]) == ("feed_begins", "warning", "web.order")
    assert "read from 2026-01-01 11:58 UTC on. What changed before then stays where it is" in told["problem"]


async def test_a_feed_of_which_the_cursor_was_lost_begins_anew_and_tells_so(world: Surroundings) -> None:
    world.feed.change(1, START - timedelta(days=300))
    await world.changes().once()
    world.cursors.values.clear()
    with structlog.testing.capture_logs() as logs:
        await world.changes().once()
    assert world.kafka.records == []
    assert [told["event"] for told in logs] == ["feed_begins"]


async def test_the_first_poll_begins_where_it_is_told_to(world: Surroundings) -> None:
    world.feed.change(1, START - timedelta(days=300))
    world.feed.change(2, START - timedelta(days=200))
    await world.changes(ChangesConfig(since=START - timedelta(days=250))).once()
    assert world.kafka.keys() == ["2"]


async def test_rows_of_the_overlap_are_not_published_again(world: Surroundings) -> None:
    poll = world.changes()
    world.feed.change(1, START - seconds(50))
    await poll.once()
    world.feed.change(2, START + seconds(5))
    world.clock.time += seconds(60)
    await poll.once()
    assert world.kafka.keys() == ["1", "2"]
    labels = {"feed": "web.order", "result": "seen"}
    assert world.metrics.registry.get_sample_value("tillstream_polled_total", labels) == 1


async def test_a_row_that_appears_late_is_found_in_the_overlap(world: Surroundings) -> None:
    poll = world.changes()
    world.feed.change(1, START - seconds(10))
    await poll.once()
    world.feed.change(2, START - seconds(100))
    await poll.once()
    assert world.kafka.keys() == ["1", "2"]


async def test_a_second_change_within_the_same_second_is_news(world: Surroundings) -> None:
    poll = world.changes()
    world.feed.change(1, START, status="pending")
    await poll.once()
    world.feed.change(1, START, status="processing")
    await poll.once()
    assert world.kafka.keys() == ["1", "1"]


async def test_what_the_memory_forgot_is_published_again(world: Surroundings) -> None:
    poll = world.changes(seen=Seen(most=1))
    world.feed.change(1, START - seconds(2))
    world.feed.change(2, START - seconds(1))
    await poll.once()
    await poll.once()
    assert world.kafka.keys() == ["1", "2", "1"]


async def test_all_pages_are_read_and_the_cursor_is_the_last_time(world: Surroundings) -> None:
    for number in range(7):
        world.feed.change(number, START - seconds(100 - number))
    await world.changes().once()
    assert world.kafka.keys() == [str(number) for number in range(7)]
    assert world.cursor == "2026-01-01T11:58:26+00:00"


async def test_the_cursor_does_not_move_past_a_page_that_kafka_does_not_have(world: Surroundings) -> None:
    poll = world.changes()
    await poll.once()
    before = world.cursor
    world.feed.change(1, START)
    world.kafka.error = Unavailable("no broker")
    with pytest.raises(Unavailable):
        await poll.once()
    assert world.cursor == before
    world.kafka.error = None
    await poll.once()
    assert world.kafka.keys() == ["1"]
    assert world.cursor == "2026-01-01T12:00:00+00:00"


async def test_a_restart_goes_on_from_the_cursor_minus_the_overlap(world: Surroundings) -> None:
    await world.changes().once()
    world.clock.time += timedelta(hours=5)
    world.feed.change(1, START + timedelta(hours=1))
    await world.changes().once()
    assert world.kafka.keys() == ["1"]
    assert world.feed.asked[1] == (START - seconds(240), 1)


async def test_one_row_from_the_future_does_not_hide_what_comes(world: Surroundings) -> None:
    poll = world.changes()
    world.feed.change(1, START + timedelta(days=3650))
    await poll.once()
    assert world.cursor == "2026-01-01T12:00:00+00:00"
    world.clock.time += seconds(60)
    world.feed.change(2, START + seconds(30))
    await poll.once()
    assert world.kafka.keys() == ["1", "2"]


async def test_two_pollers_of_one_feed_do_not_move_each_others_cursor(world: Surroundings) -> None:
    await world.changes().once()
    world.feed.change(1, START)

    class Meddling(FakeFeed):
        async def page(self, since: object, number: int) -> object:  # type: ignore[override]
            world.cursors.values["web.order"] = '{"at":"2026-01-01T11:59:30+00:00"}'
            return await FakeFeed.page(self, since, number)  # type: ignore[arg-type]

    world.feed = Meddling(orders=world.feed.orders)
    with pytest.raises(Fenced):
        await world.changes().once()


async def test_card_data_of_a_polled_row_never_reaches_kafka(world: Surroundings) -> None:
    world.feed.change(42, START, payment={"cc_number": "4111111111111111", "method": "cc"})
    await world.cursors.set(world.feed.name, written_cursor(START), previous=None)
    with structlog.testing.capture_logs() as logs:
        await world.changes().once()
    (record,) = world.kafka.records
    assert b"4111111111111111" not in record.value
    assert orjson.loads(record.value)["payment"] == {"cc_number": "[card ...1111]", "method": "cc"}
    assert logs[0]["subject"] == "000000042"
    assert "4111111111111111" not in str(logs)


@pytest.mark.rule("money.gift_card_masked")
async def test_a_gift_cards_code_of_a_polled_row_never_reaches_kafka(world: Surroundings) -> None:
    world.feed.change(42, START, extension_attributes={"gift_cards": [{"id": 3, "code": "GC7K-22PD-0Q91"}]})
    await world.cursors.set(world.feed.name, written_cursor(START), previous=None)
    await world.changes().once()
    (record,) = world.kafka.records
    assert b"GC7K-22PD" not in record.value


async def test_a_snapshot_publishes_everything_also_what_was_seen(world: Surroundings) -> None:
    for number in range(5):
        world.feed.change(number, START - timedelta(days=number))
    assert await world.snapshot().once() == 3600
    assert world.kafka.keys() == list("43210")


async def test_a_snapshot_waits_for_its_period_also_after_a_restart(world: Surroundings) -> None:
    world.feed.change(1, START)
    await world.snapshot().once()
    world.clock.time += seconds(1000)
    assert await world.snapshot().once() == 2600
    assert world.kafka.keys() == ["1"]
    world.clock.time += seconds(2600)
    await world.snapshot().once()
    assert world.kafka.keys() == ["1", "1"]


async def test_a_snapshot_that_failed_is_not_counted(world: Surroundings) -> None:
    world.feed.change(1, START)
    world.kafka.error = Unavailable("no broker")
    with pytest.raises(Unavailable):
        await world.snapshot().once()
    world.kafka.error = None
    await world.snapshot().once()
    assert world.kafka.keys() == ["1"]


async def test_a_feed_that_somebody_has_set_back_is_published_again(world: Surroundings) -> None:
    world.feed.change(1, START - seconds(50))
    poll = world.changes()
    await poll.once()
    await poll.once()
    assert world.kafka.keys() == ["1"]
    await set_back(world.cursors, world.feed.name, START - seconds(3600))
    await poll.once()
    await poll.once()
    assert world.kafka.keys() == ["1", "1"]
