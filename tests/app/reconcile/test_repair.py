"""What a repair publishes, and at what pace."""

from __future__ import annotations

import orjson
import pytest

from app.reconcile.repair import IN_A_BATCH, PER_SECOND, Repair
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.errors import Unavailable
from streams.ports import Outcome, Revision
from streams.reconcile.drift import ReadAgain, Subject
from tests.twins.clock import START, FakeClock
from tests.twins.kafka import MemoryPublisher
from tests.twins.store import MemoryApplied, MemoryJournal


class Desk:
    def __init__(self) -> None:
        self.publisher, self.journal, self.applied = MemoryPublisher(), MemoryJournal(), MemoryApplied()
        self.clock = FakeClock()
        self.told: list[int] = []
        self.repair = Repair(self.publisher, self.journal, self.applied, self.clock)

    async def publish(self, *wanted: ReadAgain) -> None:
        await self.repair.publish(Subject.STOCK, wanted, by="ann", reason="", tell=self.told.append)


def again(sku: str) -> ReadAgain:
    return ReadAgain("pos", "heartland", "inventory", sku, ("web", Ref("pos", "sku", sku)))


async def test_each_event_is_a_hint_with_the_id_alone() -> None:
    desk = Desk()
    await desk.publish(again("A"), ReadAgain("web", "magento", "customer", "1"))
    hints = [(record.topic, record.key, orjson.loads(record.value)) for record in desk.publisher.records]
    assert hints == [
        ("raw.heartland.inventory", b"pos:A", {"SKU": "A"}),
        ("raw.magento.customer", b"web:1", {"id": "1"}),
    ]
    envelope = Envelope.from_headers(desk.publisher.records[0].headers)
    assert (envelope.connection, envelope.native_id, envelope.via) == ("pos", "A", Via.READ_AGAIN)


async def test_the_journal_keeps_who_repaired_what() -> None:
    desk = Desk()
    await desk.publish(again("A"))
    (entry,) = desk.journal.entries
    assert (entry.stage, entry.outcome, entry.subject) == ("reconcile", Outcome.PASSED, "A")
    assert entry.message == "stock drift, repaired by ann"


async def test_a_repair_leaves_room_for_live_traffic() -> None:
    desk = Desk()
    wanted = [again(f"S{number}") for number in range(IN_A_BATCH * 2 + 1)]
    await desk.publish(*wanted)
    assert desk.told == [IN_A_BATCH, IN_A_BATCH * 2, len(wanted)]
    assert (desk.clock.now() - START).total_seconds() == pytest.approx(IN_A_BATCH * 2 / PER_SECOND)
    assert len(desk.publisher.records) == len(wanted)


async def test_what_the_target_lost_no_longer_counts_as_applied() -> None:
    desk = Desk()
    kept = Ref("pos", "sku", "B")
    revision = Revision(START, "x")
    await desk.applied.put("web", {Ref("pos", "sku", "A"): revision, kept: revision})
    await desk.publish(again("A"))
    assert await desk.applied.get("web", [Ref("pos", "sku", "A"), kept]) == {kept: revision}


async def test_what_kafka_did_not_take_is_not_told_as_published() -> None:
    desk = Desk()
    desk.publisher.down = 1
    with pytest.raises(Unavailable):
        await desk.publish(again("A"))
    assert (desk.told, desk.journal.entries) == ([], [])
