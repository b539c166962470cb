"""The balance on a real Kafka and a real PostgreSQL: what is where, what is nowhere, and what Kafka deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from app.balance import kafka as balance_kafka
from app.balance import take
from app.balance.kafka import reading
from app.balance.sets import Equation
from app.balance.take import Balance, Reader, Way, take_balance
from app.commands import balance as command
from app.settings import KafkaSettings, Settings, StoreSettings
from app.store import Store
from schemas.envelope import Envelope
from streams.ports import CheckNumber, Hold, HoldReason, JournalEntry, Outcome, Record
from tests.integration.stage_world import commit, delete_before
from tests.kafka_broker import Topics
from tests.twins import claims
from tests.twins.clock import START
from tests.twins.kafka import envelope


@dataclass(frozen=True, slots=True)
class Pipe:
    """A way of its own on the shared broker, and a store. Every topic has one partition."""

    topics: Topics
    kafka: KafkaSettings
    store: Store
    raw: str
    hints: str
    stock: str
    way: Way

    async def put(self, topic: str, *envelopes: Envelope | None, at: datetime | None = None) -> None:
        """Records with those envelopes, or without one; a tombstone each, for only headers matter."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap_servers)
        await producer.start()
        try:
            for one in envelopes:
                headers = one.to_headers() if one else []
                moment = None if at is None else int(at.timestamp() * 1000)
                await producer.send_and_wait(topic, None, key=b"k", headers=headers, timestamp_ms=moment)
        finally:
            await producer.stop()

    async def committed(self, group: str, topic: str, offset: int) -> None:
        """Say that a group has finished what is below the offset."""
        await commit(self.topics, topic, offset, group=self.group(group))

    async def deleted(self, topic: str, before: int) -> None:
        """Let Kafka forget what is below the offset."""
        await delete_before(self.topics, topic, before)

    async def told(self, receipt_id: str, outcome: Outcome, *, children: Sequence[str] = ()) -> None:
        """A line of the journal."""
        line = JournalEntry(receipt_id, START, "stage", outcome, children=tuple(children))
        await self.store.journal.write([line])

    async def held(self, group: str, offset: int, hold: Hold, target: str = "") -> None:
        """A row of the held table."""
        headers = tuple(envelope(hold.receipt_id, target=target).to_headers())
        record = Record(self.stock, 0, offset, hold.key.encode(), b"", headers, 0)
        await claims.hold(self.store.held, self.group(group), record, hold)

    async def balance(self, since: datetime | None = None) -> Balance:
        """Taken without pauses."""

        async def sleep(seconds: float) -> None:
            pass

        async with reading(self.kafka) as log:
            return await take_balance(log, self.store.receipts, self.way, sleep, since)

    def group(self, name: str) -> str:
        return f"{self.raw}.{name}"


@pytest.fixture
async def pipe(kafka_topics: Topics, store: Store) -> Pipe:
    raw, hints, stock = [await kafka_topics.create(stem) for stem in ("raw", "hints", "stock")]
    readers = (
        Reader(f"{raw}.normalize", (raw,)),
        Reader(f"{raw}.inventory", (hints,)),
        Reader(f"{raw}.web", (stock,), target="web"),
        Reader(f"{raw}.outlet", (stock,), target="outlet"),
    )
    settings = KafkaSettings(bootstrap_servers=kafka_topics.bootstrap_servers)
    return Pipe(kafka_topics, settings, store, raw, hints, stock, Way((raw,), readers))


async def test_every_place_counts_what_it_has(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, *(envelope(f"r{number}") for number in range(6)))
    await pipe.committed("normalize", pipe.raw, 5)  # r5 is before it
    await pipe.put(pipe.hints, envelope("r4"))
    await pipe.told("r0", Outcome.DELIVERED)
    await pipe.told("r1", Outcome.FILTERED)
    await pipe.held("web", 0, Hold("a", HoldReason.PERSON, "deliver", "r2"), target="web")
    await pipe.held("web", 1, Hold("b", HoldReason.TIME, "deliver", "r3", due_at=START), target="web")
    balance = await pipe.balance()
    ended = {Outcome.DELIVERED: 1, Outcome.FILTERED: 1}
    assert balance.equations.receipts == Equation(6, ended=ended, in_review=1, parked=1, in_flight=2)
    assert balance.holds


async def test_a_receipt_that_nobody_has_is_missing(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, envelope("r1"), envelope("r2"))
    await pipe.committed("normalize", pipe.raw, 2)
    await pipe.told("r1", Outcome.UNCHANGED)
    await pipe.told("r2", Outcome.PASSED)  # and what was passed on is not there
    balance = await pipe.balance()
    assert balance.equations.receipts.missing == ("r2",)
    assert not balance.holds


async def test_a_child_that_is_dropped_from_kafka_is_named_missing(pipe: Pipe) -> None:
    parent = envelope("r1")
    children = [parent.child(suffix, entity="stock_hint", native_id="A") for suffix in ("s0", "s1")]
    await pipe.put(pipe.raw, parent)
    await pipe.committed("normalize", pipe.raw, 1)
    await pipe.put(pipe.hints, *children)
    await pipe.committed("inventory", pipe.hints, 0)
    await pipe.told("r1", Outcome.PASSED, children=("s0", "s1"))
    await pipe.told("r1", Outcome.DELIVERED)
    assert (await pipe.balance()).equations.children == Equation(2, in_flight=2)
    await pipe.deleted(pipe.hints, before=1)
    balance = await pipe.balance()
    assert balance.equations.receipts == Equation(1, ended={Outcome.DELIVERED: 1})
    assert balance.equations.children == Equation(2, in_flight=1, missing=("r1.s0",))
    (place,) = balance.deleted
    assert (place.group, place.deleted) == (pipe.group("inventory"), 1)


async def test_two_targets_of_one_receipt_each_have_to_end(pipe: Pipe) -> None:
    first = envelope("r1", entity="stock", target="web")
    second = first.child("to-outlet", entity="stock", native_id="A", target="outlet")
    await pipe.put(pipe.raw, envelope("r1"))
    await pipe.committed("normalize", pipe.raw, 1)
    await pipe.put(pipe.stock, first, second)
    await pipe.told("r1", Outcome.PASSED, children=["to-outlet"])
    await pipe.told("r1", Outcome.DELIVERED)
    await pipe.committed("web", pipe.stock, 2)
    on_its_way = (await pipe.balance()).equations
    assert on_its_way.receipts == Equation(1, ended={Outcome.DELIVERED: 1})
    assert on_its_way.children == Equation(1, in_flight=1)
    await pipe.committed("outlet", pipe.stock, 2)
    assert (await pipe.balance()).equations.children.missing == ("r1.to-outlet",)
    await pipe.told("r1.to-outlet", Outcome.FILTERED)
    assert (await pipe.balance()).holds


async def test_what_another_target_has_not_read_or_holds_in_its_queue_hides_no_loss(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, envelope("r1"))
    await pipe.committed("normalize", pipe.raw, 1)
    await pipe.put(pipe.stock, envelope("r1", target="web"))
    await pipe.committed("web", pipe.stock, 1)
    await pipe.held("outlet", 0, Hold("k", HoldReason.TIME, "deliver", "r1", due_at=START), target="web")
    assert (await pipe.balance()).equations.receipts == Equation(1, missing=("r1",))


async def test_an_end_beside_a_review_counts_twice_and_one_in_a_queue_does_not(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, envelope("r1"), envelope("r2"))
    await pipe.held("web", 0, Hold("k", HoldReason.PERSON, "deliver", "r1"))
    await pipe.held("web", 1, Hold("k", HoldReason.TIME, "deliver", "r2", due_at=START))
    await pipe.told("r1", Outcome.DELIVERED)
    await pipe.told("r2", Outcome.DELIVERED)
    receipts = (await pipe.balance()).equations.receipts
    assert receipts == Equation(2, ended={Outcome.DELIVERED: 1}, twice=("r1",))


async def test_a_record_without_an_envelope_counts_by_its_place(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, None)
    assert (await pipe.balance()).equations.receipts == Equation(1, in_flight=1)
    await pipe.committed("normalize", pipe.raw, 1)
    place = f"{pipe.raw}-0-0".replace(".", "-")
    assert (await pipe.balance()).equations.receipts.missing == (place,)
    await pipe.held("normalize", 0, Hold("k", HoldReason.PERSON, "normalize", place))
    assert (await pipe.balance()).equations.receipts == Equation(1, in_review=1)


async def test_what_kafka_deleted_after_it_was_read_is_not_missing(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, *(envelope(f"r{number}-") for number in range(4)))
    await pipe.committed("normalize", pipe.raw, 4)
    await pipe.told("r0-", Outcome.DELIVERED, children=["c"])  # whose end has been purged
    await pipe.told("r3-", Outcome.DELIVERED, children=["c"])
    await pipe.told("r3-.c", Outcome.DELIVERED)
    await pipe.deleted(pipe.raw, before=3)
    balance = await pipe.balance()
    assert balance.equations.receipts == balance.equations.children == Equation(1, ended={Outcome.DELIVERED: 1})
    assert balance.deleted == ()


async def test_what_kafka_deleted_unread_is_told_where_no_id_is_left(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, envelope("r1"), envelope("r2"))
    await pipe.committed("normalize", pipe.raw, 0)
    await pipe.deleted(pipe.raw, before=2)
    balance = await pipe.balance()
    assert balance.equations.receipts == Equation()
    assert [(place.group, place.deleted) for place in balance.deleted] == [(pipe.group("normalize"), 2)]
    assert not balance.holds


async def test_what_a_group_holds_that_the_settings_no_longer_have_is_held(pipe: Pipe) -> None:
    await pipe.put(pipe.raw, envelope("r1"))
    await pipe.committed("normalize", pipe.raw, 1)
    await pipe.held("closed-shop", 0, Hold("k", HoldReason.PERSON, "deliver", "r1"), target="closed-shop")
    assert (await pipe.balance()).equations.receipts == Equation(1, in_review=1)


async def test_only_what_came_since_a_moment_counts_if_one_is_given(pipe: Pipe) -> None:
    now = datetime.now(UTC)
    await pipe.put(pipe.raw, envelope("r1"), at=now - timedelta(hours=2))
    await pipe.put(pipe.raw, envelope("r2"), at=now)
    await pipe.committed("normalize", pipe.raw, 2)
    assert (await pipe.balance()).equations.receipts.missing == ("r1", "r2")
    assert (await pipe.balance(now - timedelta(hours=1))).equations.receipts == Equation(1, missing=("r2",))
    assert (await pipe.balance(now + timedelta(hours=1))).equations.receipts == Equation()


async def test_more_than_one_batch_of_records_is_read_to_the_end(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance_kafka, "AT_ONCE", 7)
    await pipe.put(pipe.raw, *(envelope(f"r{number}") for number in range(40)))
    await pipe.committed("normalize", pipe.raw, 12)
    await pipe.put(pipe.hints, *(envelope(f"r{number}") for number in range(11)))
    receipts = (await pipe.balance()).equations.receipts
    assert receipts == Equation(40, in_flight=39, missing=("r11",))


async def test_the_command_names_what_is_missing_and_fails(
    pipe: Pipe, store_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "way_of", lambda _connections: pipe.way)
    monkeypatch.setattr(take, "PAUSE_SECONDS", 0.0)
    settings = Settings(kafka=pipe.kafka, store=StoreSettings(url=SecretStr(store_url)))
    await pipe.put(pipe.raw, envelope("r1"))
    assert await command.run(settings, None) == 0
    assert "balanced" in capsys.readouterr().out
    await pipe.committed("normalize", pipe.raw, 1)
    assert await command.run(settings, None) == 1
    assert "r1 is missing: nobody has it, and it did not end. See `tillstream trace r1`" in capsys.readouterr().out
    (kept,) = await pipe.store.checks.last()
    assert (kept.check, kept.failed, kept.numbers) == ("balance", True, (CheckNumber(("web", "order"), 1),))
