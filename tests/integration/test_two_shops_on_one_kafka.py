"""Two installations on one Kafka, each under its prefix: every role, every command, and nothing of the other one."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import asyncpg
import orjson
import pytest
from aiohttp import web
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import make_url

from app.clock import SystemClock
from app.commands import balance, dead_letters, offsets, topics
from app.commands.dead_letters import Replay
from app.demo import programs
from app.demo.opening import open_shop
from app.demo.programs import POS, WEB, Addresses
from app.demo.watch import unready
from app.kafka_admin import create_topics, topic_sizes
from app.local.ports import HOST, free_ports
from app.offsets.kafka import read_places
from app.settings import Settings, load_settings
from app.store import Store, migrate
from streams import groups
from streams.ports import HoldReason
from streams.topics import CANONICAL_SALE, TOPICS, WEB_UNITS_CHANGELOG, dead_letter, raw
from tests.app.ingress.signing import standard_headers
from tests.bench import orders, sink
from tests.bench.children import Children
from tests.kafka_broker import Topics
from tests.waiting import eventually

ROLES = {
    "ingress": ("ingress",),
    "normalize": ("worker", "normalize"),
    "deliver": ("worker", "deliver", "--target", POS),
}
READY_SECONDS = 180.0
"""Six processes start at once."""
DEAD_LETTERS = [dead_letter(stage) for stage in ("normalize", "deliver")]
RAW_ORDERS = raw("magento", "order")


@dataclass
class Shop:
    """One installation: its settings, its processes, and the sink that both its systems are."""

    prefix: str
    settings: Settings
    environment: dict[str, str]
    secret: str
    systems: sink.Sink
    ports: dict[str, int]

    async def post(self, order: int, body: bytes) -> None:
        """A webhook that the door takes."""
        headers = standard_headers(self.secret.encode(), body, seconds=int(SystemClock().now().timestamp()))
        url = f"http://{HOST}:{self.ports['door']}/webhooks/{WEB}/order"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=body, headers={"Content-Type": "application/json", **headers}) as answer,
        ):
            assert answer.status == 202, order

    def made(self) -> list[str]:
        """Orders in its point of sale."""
        return sorted(self.systems.orders)

    async def records(self) -> dict[str, int]:
        """What its topics hold."""
        return {size.name: size.records for size in await topic_sizes(self.settings.kafka)}

    async def done(self, group: str, names: Sequence[str]) -> int:
        """Records that a group has finished."""
        return sum(place.committed or 0 for place in await read_places(self.settings.kafka, group, names))

    async def has_two_in_review(self) -> bool:
        """Whether both events that cannot be right wait for a person."""
        return await self.in_review() == 2

    async def in_review(self) -> int:
        """Events that wait for a person."""
        store = Store.open(self.settings.store.whole_url, role="test", clock=SystemClock(), connections=1)
        try:
            counted = [await store.desk.counts(group) for group in (groups.NORMALIZE, groups.deliver(POS))]
            return sum(counts[HoldReason.PERSON] for counts in counted)
        finally:
            await store.close()


@asynccontextmanager
async def opened(prefix: str, kafka: str, postgres: str, directory: Path) -> AsyncIterator[Shop]:
    """A shop whose sink listens and whose roles are started; it is not waited for."""
    async with AsyncExitStack() as stack:
        url = await _database(stack, postgres)
        systems = sink.Sink()
        runner = web.AppRunner(systems.app(), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        names = ("sink", "door", *ROLES)
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        await web.TCPSite(runner, HOST, ports["sink"]).start()
        at = f"http://{HOST}:{ports['sink']}"
        addresses = Addresses(kafka, url, at, at, f"http://{HOST}:{ports['door']}")
        signing = {name: secrets.token_hex(24) for name in (WEB, POS)}
        opened_by = {system: programs.credentials(system) for system in programs.SYSTEMS}
        config = programs.write_settings(directory, programs.settings_toml(addresses, opened_by, signing))
        environment = {
            "TILLSTREAM_CONFIG": str(config),
            "TILLSTREAM_KAFKA__TOPIC_PREFIX": prefix,
            "TILLSTREAM_INGRESS__PORT": str(ports["door"]),
        }
        shop = Shop(prefix, load_settings(environment), environment, signing[WEB], systems, ports)
        await asyncio.gather(create_topics(shop.settings.kafka), _migrated(url))
        stack.push_async_callback(_delete_topics, kafka, prefix)
        children = Children(directory)
        stack.push_async_callback(children.stop)
        for name, arguments in ROLES.items():
            status = {"TILLSTREAM_STATUS__PORT": str(ports[name])}
            children.start(name, ["app.cli", *arguments], environment | status)
        yield shop


async def _migrated(url: str) -> None:
    await migrate(url)
    await open_shop(url)


async def _database(stack: AsyncExitStack, postgres: str) -> str:
    server = await asyncpg.connect(postgres)
    stack.push_async_callback(server.close)
    name = f"tillstream_shop_{uuid.uuid4().hex[:12]}"
    await server.execute(f'CREATE DATABASE "{name}"')
    stack.push_async_callback(server.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


async def _delete_topics(kafka: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_topics([prefix + topic.name for topic in TOPICS])
    await admin.close()


async def _ready(shop: Shop) -> bool:
    roles = {name: f"http://{HOST}:{shop.ports[name]}" for name in ROLES}
    async with aiohttp.ClientSession() as session:
        return not await unready(session, roles, "readyz")


@pytest.fixture
async def shops(kafka_topics: Topics, postgres_url: str, tmp_path: Path) -> AsyncIterator[tuple[Shop, Shop]]:
    kafka = kafka_topics.bootstrap_servers
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = (f"{kafka_topics.prefix}-{name}." for name in ("a", "b"))
    async with (
        opened(first, kafka, postgres_url, tmp_path / "a") as a,
        opened(second, kafka, postgres_url, tmp_path / "b") as b,
    ):
        await eventually(lambda: _ready(a), READY_SECONDS)
        await eventually(lambda: _ready(b), READY_SECONDS)
        yield a, b


def refused(order: int) -> bytes:
    """An order of a SKU that the sink does not know."""
    document = orjson.loads(orders.body_of(order))
    for item in document["items"]:
        item["sku"] = sink.UNKNOWN + item["sku"]
    return orjson.dumps(document)


def unexplained(order: int) -> bytes:
    """An order whose total nobody can explain: it is a dead letter."""
    document = orjson.loads(orders.body_of(order))
    document["base_grand_total"] += 7
    return orjson.dumps(document)


def numbers(*found: int) -> list[str]:
    return [f"{programs.PREFIX}{orders.number_of(order)}" for order in found]


async def test_two_shops_on_one_kafka_see_nothing_of_each_other(
    shops: tuple[Shop, Shop], kafka_bootstrap: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = shops
    for order in (1, 2):
        await a.post(order, orders.body_of(order))
    await b.post(1, orders.body_of(1))  # the same number in both
    await a.post(3, refused(3))
    await a.post(4, unexplained(4))
    await eventually(lambda: (a.made(), b.made()) == (numbers(1, 2), numbers(1)))
    await eventually(a.has_two_in_review)
    assert await b.in_review() == 0

    # what Kafka holds: the same logical topics, one for each shop, and each group has its own offsets
    in_a, in_b = await a.records(), await b.records()
    assert (in_a[RAW_ORDERS], in_b[RAW_ORDERS]) == (4, 1)
    assert [sum(held[name] for name in DEAD_LETTERS) for held in (in_a, in_b)] == [1, 0]
    assert in_a[CANONICAL_SALE] > in_b[CANONICAL_SALE] > 0

    async def committed(shop: Shop, records: int) -> bool:
        return await shop.done(groups.NORMALIZE, groups.RAW_TOPICS) == records

    await eventually(lambda: committed(a, 4))
    await eventually(lambda: committed(b, 1))
    names = await _topics(kafka_bootstrap)
    assert all({shop.prefix + topic.name for topic in TOPICS} <= names for shop in shops)
    assert WEB_UNITS_CHANGELOG in in_a
    assert {a.prefix + groups.NORMALIZE, b.prefix + groups.deliver(POS)} <= await _groups(kafka_bootstrap)

    # the commands speak of one shop, in logical names
    assert await topics.show(a.settings) == 0
    told = capsys.readouterr().out
    assert f"In Kafka each name begins with {a.prefix}" in told
    assert b.prefix not in told
    assert await offsets.show(a.settings, groups.deliver(POS)) == 0
    assert a.prefix not in capsys.readouterr().out
    assert [await balance.run(shop.settings, None) for shop in shops] == [0, 0]

    # a replay in one shop stays in it
    monkeypatch.setattr(sink, "UNKNOWN", "known now")
    assert await dead_letters.replay(a.settings, {"subject": orders.number_of(3)}, Replay(by="test")) == 0
    await eventually(lambda: a.made() == numbers(1, 2, 3))
    assert b.made() == numbers(1)
    assert (await a.in_review(), await b.in_review()) == (1, 0)


async def _topics(kafka: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def _groups(kafka: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return {str(group[0]) for group in await admin.list_consumer_groups()}
    finally:
        await admin.close()
