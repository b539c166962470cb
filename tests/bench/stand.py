"""What a part of the bench stands on: a new Kafka, a new PostgreSQL, and Tillstream's roles, each a process."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import aiohttp
from rich.console import Console

from app.demo import programs
from app.demo.opening import open_shop
from app.demo.programs import WEB, Addresses
from app.demo.watch import unready
from app.kafka_admin import create_topics
from app.local.kafka import RunningKafka, start_kafka
from app.local.ports import free_ports
from app.local.postgres import RunningPostgres, start_postgres
from app.local.process import end_orphans
from app.settings import KafkaSettings
from app.store import migrate
from streams.topics import TOPICS, Topic
from tests.bench.children import BenchFailed, Children

READY_SECONDS = 60.0
"""A few seconds are usual."""
KAFKA_PID = Path("kafka/kafka.pid")
POSTGRES = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Role:
    """One of Tillstream's roles: its command and its name in the tables."""

    name: str
    arguments: tuple[str, ...]


INGRESS = Role("ingress", ("ingress",))
NORMALIZE = Role("normalize", ("worker", "normalize"))
POLL = Role("poll", ("poll",))
INVENTORY = Role("inventory", ("worker", "inventory"))
DELIVER_POS = Role("deliver pos", ("worker", "deliver", "--target", "pos"))
DELIVER_WEB = Role("deliver web", ("worker", "deliver", "--target", "web"))


@dataclass(frozen=True, slots=True)
class Stand:
    """Services that run, and the means to start programs on them.

    Attributes:
        ingress_port, sink_port: where those two listen once they are started.
        secret: signs the web store's webhooks.
        config: the settings file of the roles.
    """

    kafka: RunningKafka
    postgres: RunningPostgres
    children: Children
    ingress_port: int
    sink_port: int
    secret: str
    config: Path

    @property
    def services(self) -> dict[str, int]:
        """Process ids of Kafka (unless it runs in Docker) and of PostgreSQL."""
        kafka = json.loads(pid_file.read_text())["pid"] if (pid_file := self.config.parent / KAFKA_PID).exists() else 0
        return ({"Kafka": int(kafka)} if kafka else {}) | {POSTGRES: self.postgres.pid}

    @property
    def kafka_settings(self) -> KafkaSettings:
        """As the roles have them."""
        return _one_copy(self.kafka)

    async def start(self, *roles: Role, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start roles and return when they can do their jobs.

        Args:
            roles: which.
            settings: variables of theirs, in place of what the settings file says.

        Raises:
            BenchFailed: they are not ready in time.
        """
        addresses = {role.name: port for role, port in zip(roles, free_ports(len(roles)), strict=True)}
        for role in roles:
            environment = {
                "TILLSTREAM_CONFIG": str(self.config.resolve()),
                "TILLSTREAM_INGRESS__PORT": str(self.ingress_port),
                "TILLSTREAM_STATUS__PORT": str(addresses[role.name]),
                **settings,
            }
            self.children.start(role.name, ["app.cli", *role.arguments], environment)
        await self._until_ready({name: f"http://127.0.0.1:{port}" for name, port in addresses.items()})

    async def start_server(self, name: str, arguments: list[str], port: int) -> None:
        """Start another program and return when its port accepts. Raises BenchFailed."""
        self.children.start(name, arguments)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            self.children.check()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if time.monotonic() > deadline:
                    raise BenchFailed(f"{name} does not listen:\n{self.children.tail(name)}") from None
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

    async def _until_ready(self, addresses: dict[str, str]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        async with aiohttp.ClientSession() as session:
            while reasons := await unready(session, addresses, "readyz"):
                self.children.check()
                if time.monotonic() > deadline:
                    told = "\n".join(f"{name}: {why}" for name, why in reasons.items())
                    raise BenchFailed(f"not ready within {READY_SECONDS:.0f} s (logs: {self.config.parent}):\n{told}")
                await asyncio.sleep(0.1)


@asynccontextmanager
async def stand(directory: Path, console: Console, more_topics: tuple[Topic, ...] = ()) -> AsyncIterator[Stand]:
    """Start Kafka and PostgreSQL with the declared topics and tables; end everything on the way out.

    Every part has its own, so that none meets what another left. Call it from the main thread, like `Children`.
    """
    _empty(directory)
    async with AsyncExitStack() as stack:
        kafka = start_kafka(directory / "kafka", say=lambda _line: None)
        stack.callback(kafka.stop)
        postgres = start_postgres(directory / "postgres")
        stack.callback(postgres.stop)
        await asyncio.gather(migrate(postgres.url), create_topics(_one_copy(kafka), [*TOPICS, *more_topics]))
        await open_shop(postgres.url)
        children = Children(directory)
        stack.push_async_callback(children.stop)
        ingress_port, sink_port = free_ports(2)
        secret = secrets.token_hex(24)
        config = _settings(directory, kafka, postgres, ingress_port, sink_port, secret)
        console.print(
            f"Kafka {kafka.version}, PostgreSQL {postgres.version}, load {os.getloadavg()[0]:.1f}", style="dim"
        )
        yield Stand(kafka, postgres, children, ingress_port, sink_port, secret, config)


def _empty(directory: Path) -> None:
    """Nothing of an earlier run, and nothing of it still running."""
    end_orphans(directory)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


def _one_copy(kafka: RunningKafka) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=kafka.bootstrap_servers, replication_factor=1, min_insync_replicas=1)


def _settings(
    directory: Path, kafka: RunningKafka, postgres: RunningPostgres, ingress_port: int, sink_port: int, secret: str
) -> Path:
    """The demo's settings, with the sink in the place of both systems; the sink opens to anything."""
    sink = f"http://127.0.0.1:{sink_port}"
    addresses = Addresses(kafka.bootstrap_servers, postgres.url, sink, sink, f"http://127.0.0.1:{ingress_port}")
    oauth = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    credentials = {
        "magento": {name: secrets.token_hex(16) for name in oauth},
        "heartland": {"client_id": "bench", "client_secret": secrets.token_hex(16)},
    }
    text = programs.settings_toml(addresses, credentials, {WEB: secret, programs.POS: secrets.token_hex(24)})
    return programs.write_settings(directory, text)
