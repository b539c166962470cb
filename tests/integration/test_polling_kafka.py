"""The poller from a sandbox's list, through the real connector, into a real Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import HeartlandConnection
from app.heartland.client import HeartlandClient
from app.heartland.stock import HeartlandStock
from app.polling.feeds import heartland_feed
from app.polling.polls import EVERYTHING, ChangesConfig, ChangesPoll, SnapshotPoll
from app.polling.publishing import RowPublisher
from app.polling.turns import Turns
from app.publisher import KafkaPublisher, PublisherLimits
from app.sandbox.run import start_heartland
from app.sandbox.server import SandboxHandle, SandboxOptions
from schemas.envelope import Envelope
from streams.errors import Unavailable
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import turns_of
from tests.integration.freezable import FreezableBroker, freezable_broker
from tests.twins.feeds import MemoryCursors

pytestmark = pytest.mark.kafka

own_broker = pytest.fixture(scope="module")(freezable_broker)

TOPIC = "raw.heartland.inventory"


@pytest.fixture(scope="module")
def broker(own_broker: FreezableBroker) -> FreezableBroker:
    async def create() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=own_broker.bootstrap_servers)
        await admin.start()
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
        await admin.close()

    asyncio.run(create())
    return own_broker


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[SandboxHandle]:
    handle = await start_heartland(SandboxOptions(database=tmp_path / "heartland.sqlite", skus=150))
    yield handle
    await handle.stop()


@dataclass
class Polling:
    stock: HeartlandStock
    publisher: KafkaPublisher
    cursors: MemoryCursors
    turns: Turns
    rows: RowPublisher
    broker: FreezableBroker

    def changes(self) -> ChangesPoll:
        feed = heartland_feed("pos", "inventory", self.stock.list_inventory, 40)
        return ChangesPoll(feed, self.turns, self.rows, SystemClock(), ChangesConfig(overlap_seconds=30))

    def snapshot(self) -> SnapshotPoll:
        feed = heartland_feed("pos", "inventory", self.stock.list_inventory, 40)
        return SnapshotPoll(feed, self.turns, self.rows, SystemClock(), 3600)

    async def published(self, after: int = 0) -> list[tuple[str, str, float]]:
        """SKU, location and on hand of every record behind the first ``after``."""
        partition = TopicPartition(TOPIC, 0)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.broker.bootstrap_servers, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([partition])
            end = (await consumer.end_offsets([partition]))[partition]
            consumer.seek(partition, after)
            found = []
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(partition, timeout_ms=500)).get(partition, []):
                    row = orjson.loads(record.value)
                    envelope = Envelope.from_headers(record.headers)
                    assert record.key.decode().partition(":")[2] == envelope.native_id == envelope.subject == row["SKU"]
                    found.append((row["SKU"], row["LocationID"], float(row["OnHand"])))
            return found
        finally:
            await consumer.stop()


@pytest.fixture
async def polling(broker: FreezableBroker, sandbox: SandboxHandle) -> AsyncIterator[Polling]:
    clock, metrics = SystemClock(), Metrics()
    publisher = KafkaPublisher(
        {"bootstrap_servers": broker.bootstrap_servers},
        "poll-test",
        metrics,
        PublisherLimits(timeout_seconds=1.0, close_seconds=1.0),
    )
    settings = HeartlandConnection(
        base_url=sandbox.url,
        client_id=sandbox.credentials["client_id"],
        client_secret=SecretStr(sandbox.credentials["client_secret"]),
    )
    async with HeartlandClient("pos", settings, clock) as client:
        rows = RowPublisher(publisher, clock, metrics)
        yield Polling(HeartlandStock(client), publisher, *turns_of(clock), rows, broker)
    await publisher.stop()


async def set_on_hand(sandbox: SandboxHandle, sku: str, quantity: int) -> None:
    async with aiohttp.ClientSession(sandbox.url) as session:
        form = {"grant_type": "client_credentials", **sandbox.credentials}
        async with session.post("/oauth/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        body = {"SKU": sku, "LocationID": "MAIN", "OnHand": quantity}
        async with session.put("/v1/inventory", json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


async def test_a_snapshot_brings_every_row_of_a_list_whose_rows_share_one_time(
    polling: Polling, sandbox: SandboxHandle
) -> None:
    await polling.snapshot().once()
    found = await polling.published()
    whole = await polling.stock.levels({sku for sku, _, _ in found})
    assert len(found) == len(set(found)) == (await polling.stock.list_inventory(EVERYTHING, page_size=1)).total_count
    assert set(found) == {(sku, row.location, float(row.on_hand)) for sku, rows in whole.items() for row in rows}


async def test_the_cursor_waits_for_kafka_and_nothing_is_missing_after_an_outage(
    polling: Polling, sandbox: SandboxHandle
) -> None:
    poll = polling.changes()
    await poll.once()
    cursor = polling.cursors.values["pos.inventory"]
    before = len(await polling.published())
    await set_on_hand(sandbox, "SKU-00002", 777)
    with polling.broker.frozen():
        with pytest.raises(Unavailable):
            await poll.once()
        assert polling.cursors.values["pos.inventory"] == cursor
    for _ in range(100):
        if await polling.publisher.reason() is None:
            break
        await asyncio.sleep(0.05)
    await poll.once()
    assert polling.cursors.values["pos.inventory"] > cursor
    assert ("SKU-00002", "MAIN", 777.0) in await polling.published(before)
