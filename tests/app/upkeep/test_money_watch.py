"""Following a point of sale's orders through Kafka and what is held."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from app.balance.kafka import Log, Span, Unread
from app.store import Store
from app.upkeep.money_watch import EVERY_SECONDS, MoneyWatch
from streams.errors import Unavailable
from streams.groups import deliver
from streams.metrics import Metrics
from streams.ports import Hold, HoldReason, Record
from streams.topics import CANONICAL_SALE
from tests.app.upkeep.sales import headers, sale
from tests.twins import claims

GROUP = deliver("pos")


class OnePartition(Log):
    """A topic's only partition, and how far the group has come in it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.committed = 0
        self.down = False
        self.read: list[int] = []

    async def unread(self, group: str, topics: Sequence[str]) -> list[Unread]:
        if self.down:
            raise Unavailable("Kafka does not answer")
        assert (group, topics) == (GROUP, (CANONICAL_SALE,))
        return [Unread(group, Span(CANONICAL_SALE, 0, self.committed, len(self.bodies)))]

    async def records(self, spans: Sequence[Span]) -> AsyncIterator[tuple[str, list[Any]]]:
        for span in spans:
            self.read += range(span.start, span.end)
            yield span.topic, [self.record(offset) for offset in range(span.start, span.end)]

    def record(self, offset: int) -> Any:
        body = self.bodies[offset]
        return SimpleNamespace(partition=0, offset=offset, key=b"o%d" % offset, headers=headers(), value=body)


class Watched:
    """A watch and what it has told."""

    def __init__(self, store: Store) -> None:
        self.log, self.store, self.metrics = OnePartition(), store, Metrics()
        self.watch = MoneyWatch("pos", {"USD"}, self.look, store.desk, self.metrics)

    @asynccontextmanager
    async def look(self) -> AsyncIterator[Log]:
        yield self.log

    async def told(self, where: str = "queued") -> float | None:
        assert await self.watch.once() == EVERY_SECONDS
        labels = {"target": "pos", "currency": "USD", "where": where}
        return self.metrics.registry.get_sample_value("tillstream_orders_in_flight_amount", labels)


@pytest.fixture
def watched(store: Store) -> Watched:
    return Watched(store)


async def test_orders_count_until_deliver_has_finished_them(watched: Watched) -> None:
    assert await watched.told() == 0
    watched.log.bodies = [sale("1.50"), sale("2")]
    assert await watched.told() == 3.5
    watched.log.committed = 1
    assert await watched.told() == 2
    watched.log.committed = 2
    assert await watched.told() == 0


async def test_each_record_is_read_once_and_those_that_are_done_never(watched: Watched) -> None:
    watched.log.bodies, watched.log.committed = [sale("1")] * 3, 1
    await watched.told()
    watched.log.bodies += [sale("1")] * 2
    await watched.told()

    assert watched.log.read == [1, 2, 3, 4]


async def test_a_topic_that_was_made_anew_is_read_from_its_start(watched: Watched) -> None:
    watched.log.bodies, watched.log.committed = [sale("1")] * 5, 3
    await watched.told()
    watched.log.bodies, watched.log.committed = [sale("7")], 0

    assert await watched.told() == 7


async def test_while_kafka_does_not_answer_no_amount_is_told_and_the_poller_goes_on(watched: Watched) -> None:
    watched.log.bodies = [sale("1.50")]
    assert await watched.told() == 1.5
    watched.log.down = True
    with structlog.testing.capture_logs() as lines:
        assert await watched.told() is None
    assert [line["event"] for line in lines] == ["orders_in_flight_unknown"]
    watched.log.down = False
    assert await watched.told() == 1.5


async def test_held_orders_count_where_they_wait_until_they_are_done(watched: Watched) -> None:
    hold = Hold("o9", HoldReason.PERSON, "deliver", "r9", flow="order", target="pos")
    record = Record(CANONICAL_SALE, 0, 9, b"o9", sale("9"), headers(), 0)
    await claims.hold(watched.store.held, GROUP, record, hold)
    assert await watched.told("person") == 9
    await claims.remove(watched.store.held, GROUP, record)
    assert await watched.told("person") == 0


async def test_what_somebody_gave_up_or_another_target_holds_is_no_money_in_flight(watched: Watched) -> None:
    record = Record(CANONICAL_SALE, 0, 9, b"o9", sale("9"), headers(), 0)
    hold = Hold("o9", HoldReason.PERSON, "deliver", "r9", target="pos")
    await claims.hold(watched.store.held, GROUP, record, hold)
    await claims.hold(watched.store.held, deliver("outlet"), record, hold)
    await claims.give_up(watched.store, GROUP, record, "not wanted")

    assert await watched.told("person") is None
