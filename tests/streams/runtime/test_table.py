"""The table of a stage: who may write, from what, and when it is durable. On a stand-in for Faust's table."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from faust.types import TP

from streams.errors import Rejected, Unavailable
from streams.ports import Record
from streams.runtime.consumer import Consumer
from streams.runtime.faust_app import FaustApp
from streams.runtime.settings import KafkaSettings
from streams.runtime.table import PartitionMoved, StageTable
from streams.runtime.watermark import Watermark

HINT = Record("t", 3, 7, b"pos:A", b"", (), 0)


class Changelog:
    """What `StageTable` uses of Faust: its table, and who owns what."""

    changelog_topic_name = "g-units-changelog"
    kafka = KafkaSettings({}, session_seconds=0.02)

    def __init__(self) -> None:
        rows: dict[bytes, bytes] = {}
        self.data = SimpleNamespace(data=rows, _key_partition={}, get=rows.get)
        self.sent: list[tuple[int, bytes, bytes, asyncio.Future[None]]] = []
        self.owned = {("t", 3)}
        self.cut_off = False

    def Table(self, _name: str, **_options: object) -> Changelog:  # noqa: N802 - Faust's name
        return self

    def owns(self, topic: str, partition: int) -> bool:
        return (topic, partition) in self.owned

    def send_no_more(self) -> None:
        self.cut_off = True

    def send_changelog(self, partition: int, key: bytes, value: bytes) -> asyncio.Future[None]:
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent.append((partition, key, value, sent))
        return sent


@pytest.fixture
def faust() -> Changelog:
    return Changelog()


@pytest.fixture
def table(faust: Changelog) -> StageTable:
    return StageTable(cast("FaustApp", faust), "units", partitions=4)


async def test_a_write_goes_to_the_records_partition_and_is_durable_when_kafka_says_so(
    table: StageTable, faust: Changelog
) -> None:
    table.put("pos:A", b"1", HINT, instead_of=None)
    assert table.get("pos:A") == b"1"
    ((partition, key, value, sent),) = faust.sent
    assert (partition, key, value) == (3, b"pos:A", b"1")
    settled = asyncio.create_task(table.settled(HINT))
    await asyncio.sleep(0)
    assert not settled.done()
    sent.set_result(None)
    await settled
    await table.settled(HINT)
    assert table._unsettled == {}


async def test_a_worker_that_has_lost_the_partition_writes_nothing(table: StageTable, faust: Changelog) -> None:
    faust.owned.clear()
    with pytest.raises(PartitionMoved, match="another worker, which works on 'pos:A' now"):
        table.put("pos:A", b"1", HINT, instead_of=None)
    assert faust.sent == []
    assert table.get("pos:A") is None


async def test_what_was_read_before_another_worker_wrote_is_not_written_over_it(
    table: StageTable, faust: Changelog
) -> None:
    before = table.get("pos:A")
    faust.data.data[b"pos:A"] = b"by the owner in between"
    with pytest.raises(PartitionMoved, match="worked on again"):
        table.put("pos:A", b"1", HINT, instead_of=before)
    assert faust.sent == []
    table.put("pos:A", b"2", HINT, instead_of=table.get("pos:A"))
    assert table.get("pos:A") == b"2"


@pytest.mark.parametrize(
    ("said", "raised"), [(KafkaTimeoutError(), Unavailable), (MessageSizeTooLargeError(), Rejected)]
)
async def test_a_write_that_kafka_did_not_take_is_told(
    table: StageTable, faust: Changelog, said: Exception, raised: type[Exception]
) -> None:
    table.put("pos:A", b"1", HINT, instead_of=None)
    faust.sent[0][3].set_exception(said)
    with pytest.raises(raised, match="g-units-changelog"):
        await table.settled(HINT)
    assert table._unsettled == {}


@pytest.mark.parametrize("before", [None, b"durable"])
@pytest.mark.parametrize("answered", [True, False])
async def test_a_write_that_kafka_did_not_take_is_forgotten_so_that_the_next_turn_makes_it_again(
    table: StageTable, faust: Changelog, before: bytes | None, *, answered: bool
) -> None:
    if before is not None:
        faust.data.data[b"pos:A"] = before
    table.put("pos:A", b"1", HINT, instead_of=before)
    if answered:
        faust.sent[0][3].set_exception(KafkaTimeoutError())
    with pytest.raises(Unavailable):
        await table.settled(HINT)
    assert table.get("pos:A") == before
    table.put("pos:A", b"1", HINT, instead_of=before)
    faust.sent[1][3].set_result(None)
    await table.settled(HINT)
    assert table.get("pos:A") == b"1"


async def test_what_another_worker_wrote_meanwhile_is_not_taken_back(table: StageTable, faust: Changelog) -> None:
    table.put("pos:A", b"1", HINT, instead_of=None)
    faust.data.data[b"pos:A"] = b"by the owner in between"
    faust.sent[0][3].set_exception(KafkaTimeoutError())
    with pytest.raises(Unavailable):
        await table.settled(HINT)
    assert table.get("pos:A") == b"by the owner in between"


async def test_a_write_that_is_not_durable_in_time_is_not_sent_later(table: StageTable, faust: Changelog) -> None:
    table.put("pos:A", b"1", HINT, instead_of=None)
    with pytest.raises(Unavailable, match=r"did not acknowledge .* within 0\.01 s"):
        await table.settled(HINT)
    assert faust.cut_off


def consumer(*, owned: TP) -> Any:
    made: Any = Consumer.__new__(Consumer)
    made._reader = SimpleNamespace(session=SimpleNamespace(stands=True))
    made.watermarks = {owned: Watermark(0)}
    made._let_go = False
    made._crashed = SimpleNamespace(is_set=lambda: False)
    return made


def test_a_partition_is_owned_from_its_recovery_until_its_work_had_time_to_end() -> None:
    own = consumer(owned=TP("t", 3))
    assert own.owns(TP("t", 3))
    assert not own.owns(TP("t", 2))
    own._let_go = True
    assert not own.owns(TP("t", 3))


def test_a_worker_that_its_group_may_have_put_out_owns_nothing() -> None:
    own = consumer(owned=TP("t", 3))
    own._reader.session.stands = False
    assert not own.owns(TP("t", 3))


def test_a_consumer_that_has_crashed_owns_nothing() -> None:
    own = consumer(owned=TP("t", 3))
    own._crashed = SimpleNamespace(is_set=lambda: True)
    assert not own.owns(TP("t", 3))
