"""The stage's handler: published before it is told, and told with the right names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from schemas.dead_letter import DeadLetter, Documents
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.engine import Engine
from streams.errors import Rejected
from streams.normalize.handler import NormalizeHandler
from streams.normalize.normalizer import Normalizer
from streams.ports import HeldRecord, Hold, HoldReason, Outcome, Outgoing, Record
from streams.runtime.work import Arrival, Work
from tests.streams.normalize.bench import KnownLinks, order_to
from tests.streams.sale.real_orders import CHANNEL, engine, raw_order

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("normalise never waits")


class Published:
    def __init__(self) -> None:
        self.batches: list[Sequence[Outgoing]] = []

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.batches.append(records)


def handler(published: Published, made_by: Engine | None = None) -> NormalizeHandler:
    by = Normalizer(made_by or engine(), Channels([CHANNEL]), KnownLinks(), {}, {})
    return NormalizeHandler(by, published, FixedClock())


def work(value: bytes, *, system: str = "magento", native_id: str = "1") -> Work:
    connection = "web" if system == "magento" else "pos"
    envelope = Envelope("r1", connection, system, "order", native_id, 1_000)
    headers = tuple(envelope.to_headers())
    record = Record(f"raw.{system}.order", 0, 5, native_id.encode(), value, headers, 1_000)
    return Work("normalize", [Arrival(record, envelope)])


async def test_everything_is_published_in_one_batch_and_told() -> None:
    published = Published()
    given = work(raw_order("order_discount_tax"))
    (entry,) = await handler(published).handle(given)
    assert [out.topic for out in published.batches[0]] == ["canonical.sale", "hint.stock", "hint.stock"]
    assert (entry.outcome, entry.flow, entry.subject, entry.aggregate, entry.at, entry.offset) == (
        Outcome.PASSED,
        "order",
        "000000001",
        "web:order:1",
        NOW,
        5,
    )
    assert entry.children == ("s0", "s1")
    assert [Envelope.from_headers(out.headers).target for out in published.batches[0]] == [CHANNEL.pos, "", ""]


async def test_a_filtered_event_publishes_nothing_and_keeps_its_raw_key() -> None:
    published = Published()
    body = b'{"OrderID": "9", "Status": "Fulfilled", "LineItems": [], "UpdatedAt": "2026-11-24T10:00:00Z"}'
    (entry,) = await handler(published).handle(work(body, system="heartland", native_id="9"))
    assert published.batches == []
    assert (entry.outcome, entry.aggregate, entry.flow) == (Outcome.FILTERED, "9", "order_status")


async def test_a_refusal_leaves_the_names_in_the_work() -> None:
    given = work(b'{"entity_id": 1}')
    with pytest.raises(Rejected):
        await handler(Published()).handle(given)
    assert (given.flow, given.step, given.subject) == ("order", "read", "1")
    assert given.documents == Documents(2, "magento.order.in", 2)


def test_a_raw_event_never_blocks_later_ones() -> None:
    assert not handler(Published()).blocks(work(b"{}"))


def dead_letter(code: str) -> DeadLetter:
    texts = dict.fromkeys(("stage", "flow", "step", "target", "mapping", "error", "message", "stack", "topic"), "")
    numbers = ("flow_version", "mapping_version", "attempts", "replays", "first_ms", "last_ms", "partition", "offset")
    return DeadLetter.from_json(orjson.dumps({**texts, **dict.fromkeys(numbers, 0), "code": code}).decode())


async def test_a_replay_approves_the_rule_that_held_the_order() -> None:
    given = work(orjson.dumps(order_to("XX")))
    letter = dead_letter("country")
    hold = Hold("1", HoldReason.TIME, "normalize", "r1", letter=letter)
    row = HeldRecord(1, hold, given.last.record, NOW)
    first, again = replace(given.last, row=row), replace(given.last, row=replace(row, replays=1))
    with pytest.raises(Rejected, match="rule 'country'"):
        await handler(Published()).handle(replace(given, arrivals=[first]))
    (entry,) = await handler(Published()).handle(replace(given, arrivals=[again]))
    assert entry.outcome is Outcome.PASSED
