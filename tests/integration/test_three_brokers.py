"""Accepted is durable, on three brokers: no event that was answered 2xx is lost with the broker that took it.

Two doors live through the death of the same leader. The one that runs in production loses nothing; its twin, which
differs in ``acks=1`` alone, loses what it had accepted, so the proof can fail.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.envelope import Envelope
from tests.app.ingress.signing import standard_headers
from tests.kafka_cluster import NODES, Cluster, three_brokers

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

cluster = pytest.fixture(scope="module")(three_brokers)

KEY = b"a key for the tests of the door"
TOPIC = "raw.magento.order"
REPOSITORY = Path(__file__).parents[2]
CAREFUL = "tests.integration.ingress_process"
CARELESS = "tests.integration.careless_ingress_process"
RECOVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    receipt: str
    retry_after: str


@dataclass(frozen=True, slots=True)
class Door:
    """An ingress process of its own."""

    session: aiohttp.ClientSession
    port: int

    async def post(self, entity_id: int, *, after: float = 0.0) -> Answer:
        await asyncio.sleep(after)
        body = orjson.dumps({"entity_id": entity_id, "increment_id": f"{entity_id:09}"})
        headers = {"Content-Type": "application/json"} | standard_headers(KEY, body, seconds=int(time.time()))
        url = f"http://127.0.0.1:{self.port}/webhooks/web/order"
        async with self.session.post(url, data=body, headers=headers) as answer:
            document = await answer.json()
            return Answer(answer.status, document.get("receipt_id", ""), answer.headers.get("Retry-After", ""))

    async def post_many(self, count: int, *, apart: float) -> list[Answer]:
        return await asyncio.gather(*(self.post(number, after=number * apart) for number in range(count)))

    async def takes_again(self) -> str:
        """Post until one is accepted; its receipt, which is behind all earlier ones in the topic's one partition."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < deadline:
            answer = await self.post(1_000_000)
            if answer.status == 202:
                return answer.receipt
            await asyncio.sleep(0.2)
        raise AssertionError("the door did not take events again")


@asynccontextmanager
async def door(module: str, cluster: Cluster) -> AsyncIterator[Door]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cluster.bootstrap_servers,
        KEY.decode(),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield Door(session, port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def receipts_until(last: str, cluster: Cluster) -> set[str]:
    """The receipts of everything in the topic, up to the one that is known to be its last."""
    consumer = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    found: set[str] = set()
    async with asyncio.timeout(RECOVERY_SECONDS), consumer:
        consumer.assign([TopicPartition(TOPIC, 0)])
        while last not in found:
            found.add(Envelope.from_headers((await consumer.getone()).headers).receipt_id)
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What a door answered while its Kafka was whole and while only the leader lived, and what of it is gone after."""

    whole: list[Answer]
    alone: list[Answer]
    lost: set[str]


async def leader_dies_with_what_it_alone_has(cluster: Cluster, modules: Sequence[str]) -> dict[str, Told]:
    """One leader and one death for all doors: what they lose differs by how they publish alone."""
    await cluster.create(TOPIC)
    leader = (await cluster.whole(TOPIC)).leader
    async with AsyncExitStack() as open_doors:
        doors = {module: await open_doors.enter_async_context(door(module, cluster)) for module in modules}

        async def post_to_all(apart: float) -> list[list[Answer]]:
            return await asyncio.gather(*(one.post_many(40, apart=apart) for one in doors.values()))

        whole = await post_to_all(0.01)
        with cluster.frozen(NODES - {leader}):
            alone = await post_to_all(0.05)
            cluster.kill(leader)
        for one in doors.values():
            last = await one.takes_again()
        kept = await receipts_until(last, cluster)
    return {
        module: Told(before, during, {answer.receipt for answer in before + during if answer.status == 202} - kept)
        for module, before, during in zip(modules, whole, alone, strict=True)
    }


@pytest.fixture(scope="module")
def told(cluster: Cluster) -> Mapping[str, Told]:
    """What each door told, by its module; played once for both tests."""
    return asyncio.run(leader_dies_with_what_it_alone_has(cluster, [CAREFUL, CARELESS]))


async def test_no_accepted_event_is_lost_with_the_leader(told: Mapping[str, Told]) -> None:
    careful = told[CAREFUL]
    assert {answer.status for answer in careful.whole} == {202}
    assert {(answer.status, answer.retry_after) for answer in careful.alone} == {(503, "2")}
    assert careful.lost == set()


async def test_the_leaders_word_alone_loses_accepted_events(told: Mapping[str, Told]) -> None:
    """The twin with ``acks=1``: if nothing were lost here, the test above would prove nothing."""
    careless = told[CARELESS]
    assert {answer.status for answer in careless.alone} == {202}
    assert careless.lost
