"""A burst of hints about one entity is one read, and what is refused alone stays alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from schemas.envelope import Envelope
from streams.channels import Channels
from streams.normalize.handler import NormalizeHandler
from streams.normalize.normalizer import Normalizer
from streams.ports import JournalEntry, Outcome, Record
from streams.runtime.lanes import Lanes
from streams.runtime.work import Arrival, Work
from tests.streams.normalize.bench import SYSTEMS, KnownLinks
from tests.streams.sale.real_orders import CHANNEL, engine, raw_order
from tests.twins.clock import FakeClock
from tests.twins.kafka import MemoryPublisher

WHOLE = raw_order("order_discount_tax")
HINT = b'{"entity_id": 1}'


@dataclass
class SlowWeb:
    """A web store that answers when it is told to, and counts."""

    reads: list[tuple[str, str]] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, entity: str, native_id: str) -> bytes | None:
        self.reads.append((entity, native_id))
        await self.answers.wait()
        return WHOLE


class Stage:
    """The normalise stage without Kafka: lanes, its handler, and what they told."""

    def __init__(self) -> None:
        self.web, self.kafka = SlowWeb(), MemoryPublisher()
        normalizer = Normalizer(engine(), Channels([CHANNEL]), KnownLinks(), {"web": self.web}, SYSTEMS)
        self.handler = NormalizeHandler(normalizer, self.kafka, FakeClock())
        self.told: list[JournalEntry] = []
        self.turns: list[int] = []
        self.lanes = Lanes(self.process, width=4, capacity=1000, coalesce=True, joins=self.handler.join)
        self.done: list[int] = []
        self._offset = 0

    async def process(self, records: Sequence[Record]) -> None:
        self.turns.append(len(records))
        arrivals = [Arrival(record, Envelope.from_headers(record.headers)) for record in records]
        self.told += await self.handler.handle(Work("normalize", arrivals))

    async def came(self, value: bytes, *, native_id: str = "1", connection: str = "web") -> str:
        """An event comes in; its receipt."""
        self._offset += 1
        record = raw(value, self._offset, native_id, connection)

        async def done() -> None:
            self.done.append(record.offset)

        await self.lanes.submit(record, native_id.encode(), done)
        return f"r{self._offset}"

    async def finish(self) -> dict[str, Outcome]:
        """Let the web store answer; what became of each receipt."""
        self.web.answers.set()
        assert await self.lanes.drain(5)
        assert self.lanes.failure is None
        assert self.done == sorted(self.done)
        assert len(self.done) == self._offset
        return {entry.receipt_id: entry.outcome for entry in self.told}


def raw(value: bytes, offset: int = 1, native_id: str = "1", connection: str = "web") -> Record:
    envelope = Envelope(f"r{offset}", connection, "magento", "order", native_id, 1_000)
    return Record("raw.magento.order", 0, offset, native_id.encode(), value, tuple(envelope.to_headers()), 1_000)


async def test_a_burst_of_hints_about_one_order_is_one_more_read_than_the_one_under_way() -> None:
    stage = Stage()
    first = await stage.came(HINT)
    while not stage.web.reads:  # noqa: ASYNC110 - the lane's task takes it in some turns of the loop
        await asyncio.sleep(0)
    burst = [await stage.came(HINT) for _ in range(50)]
    outcomes = await stage.finish()
    assert stage.web.reads == [("order", "1")] * 2, "the first could not know what came while it was read"
    assert outcomes == (
        {first: Outcome.PASSED} | dict.fromkeys(burst[:-1], Outcome.SUPERSEDED) | {burst[-1]: Outcome.PASSED}
    )
    sales = [record for record in stage.kafka.records if record.topic == "canonical.sale"]
    assert len(sales) == 2
    (told,) = {entry.message for entry in stage.told if entry.outcome is Outcome.SUPERSEDED}
    assert told == f"a later hint about it came before it was read: {burst[-1]} tells it"


async def test_hints_about_different_orders_are_read_each() -> None:
    stage = Stage()
    for number in ("1", "2", "3"):
        await stage.came(HINT, native_id=number)
    outcomes = await stage.finish()
    assert sorted(stage.web.reads) == [("order", "1"), ("order", "2"), ("order", "3")]
    assert set(outcomes.values()) == {Outcome.PASSED}


async def test_whole_events_go_one_by_one_and_divide_a_burst() -> None:
    stage = Stage()
    for value in (HINT, HINT, WHOLE, WHOLE, HINT, HINT, HINT):
        await stage.came(value)
    outcomes = await stage.finish()
    assert stage.turns == [2, 1, 1, 3]
    assert len(stage.web.reads) == 2
    assert len([outcome for outcome in outcomes.values() if outcome is Outcome.PASSED]) == 4


@pytest.mark.parametrize(
    ("earlier", "later", "joined"),
    [
        (raw(HINT), raw(HINT, 2), True),
        (raw(HINT), raw(b'{"data": {"entity_id": 1}}', 2), True),
        (raw(HINT), raw(HINT, 2, connection="web2"), False),
        (raw(HINT), raw(HINT, 2, native_id="2"), False),
        (raw(HINT, native_id=""), raw(HINT, 2, native_id=""), False),
        (raw(WHOLE), raw(WHOLE, 2), False),
        (raw(HINT), raw(WHOLE, 2), False),
        (raw(b"{"), raw(b"{", 2), False),
        (raw(b"[]"), raw(b"[]", 2), False),
        (Record("raw", 0, 1, b"1", HINT, (), 0), Record("raw", 0, 2, b"1", HINT, (), 0), False),
    ],
    ids=["hints", "wrapped", "other store", "other order", "no id", "whole", "whole after", "broken", "list", "bare"],
)
def test_only_hints_about_one_entity_are_joined(earlier: Record, later: Record, joined: bool) -> None:
    assert Stage().handler.join(earlier, later) is joined
