"""Setting the demo up: Kafka, PostgreSQL, both sandboxes and every role, each as a process of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console

from app.demo import programs
from app.demo.opening import open_shop
from app.demo.options import DemoOptions
from app.demo.processes import Processes
from app.demo.programs import POS, WEB, Addresses
from app.demo.watch import unready
from app.kafka_admin import create_topics
from app.local.kafka import RunningKafka, start_kafka
from app.local.ports import free_ports
from app.local.postgres import RunningPostgres, start_postgres
from app.settings import KafkaSettings
from app.store import migrate

READY_SECONDS = 60.0
"""How long the processes may take until they can do their jobs; a few seconds are usual."""

Credentials = Mapping[str, Mapping[str, str]]


class DemoFailed(Exception):
    """The demo could not be set up; the message says what is missing and shows the log."""


@dataclass(frozen=True, slots=True)
class Theatre:
    """Everything that runs.

    Attributes:
        kafka: version of the broker and where it comes from.
        roles: name -> address of its status server.
        credentials: of the sandboxes, by system.
        secrets: by which webhooks are signed, by connection.
    """

    kafka: str
    addresses: Addresses
    roles: Mapping[str, str]
    processes: Processes
    credentials: Credentials
    secrets: Mapping[str, str]

    @property
    def shown(self) -> dict[str, str]:
        """Addresses for the screen."""
        told = {"magento": self.addresses.magento, "heartland": self.addresses.heartland}
        return {**told, "ingress": self.addresses.ingress, **self.roles}


@asynccontextmanager
async def theatre(options: DemoOptions, console: Console) -> AsyncIterator[Theatre]:
    """Start everything; end everything on the way out. Raises DemoFailed.

    The sandboxes make their catalogues while Kafka starts. The services are started from the calling thread, because
    the kernel ends them with it.
    """
    signing = {name: secrets.token_hex(24) for name in (WEB, POS)}
    credentials = {system: programs.credentials(system) for system in programs.SYSTEMS}
    async with AsyncExitStack() as stack:
        processes = Processes(options.directory, os.environ)
        stack.push_async_callback(processes.stop)
        sandboxes = _sandboxes(options, processes, credentials, signing)
        kafka, postgres = await _services(options.directory, console, stack)
        addresses = Addresses(kafka.bootstrap_servers, postgres.url, *sandboxes)
        roles = _roles(options, processes, addresses, credentials, signing)
        stack.push_async_callback(processes.stop)  # again: the roles end before what they need
        keeper = asyncio.create_task(processes.keep())
        stack.callback(keeper.cancel)
        console.print("sandboxes and roles start ...")
        await until_ready(processes, {"magento": addresses.magento, "heartland": addresses.heartland}, "healthz")
        await until_ready(processes, roles, "readyz")
        yield Theatre(kafka.version, addresses, roles, processes, credentials, signing)


async def _services(directory: Path, console: Console, stack: AsyncExitStack) -> tuple[RunningKafka, RunningPostgres]:
    kafka = start_kafka(directory / "kafka", say=console.print)
    stack.callback(kafka.stop)
    postgres = start_postgres(directory / "postgres")
    stack.callback(postgres.stop)
    console.print(f"Kafka {kafka.version}, PostgreSQL {postgres.version}")
    one_copy = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers, replication_factor=1, min_insync_replicas=1)
    await asyncio.gather(migrate(postgres.url), create_topics(one_copy))
    await open_shop(postgres.url)
    console.print("topics and tables are made, every flow is launched")
    return kafka, postgres


def _sandboxes(
    options: DemoOptions, processes: Processes, credentials: Credentials, signing: Mapping[str, str]
) -> tuple[str, str, str]:
    """Start both sandboxes. Returns the addresses of Magento, Heartland and of the door that they tell."""
    magento, heartland, ingress = (f"http://127.0.0.1:{port}" for port in free_ports(3))
    for system, url, name in (("magento", magento, WEB), ("heartland", heartland, POS)):
        processes.start(
            programs.sandbox_program(
                system, options, url=url, ingress=ingress, opened_by=credentials[system], signing=signing[name]
            )
        )
    return magento, heartland, ingress


def _roles(
    options: DemoOptions,
    processes: Processes,
    addresses: Addresses,
    credentials: Credentials,
    signing: Mapping[str, str],
) -> dict[str, str]:
    text = programs.settings_toml(addresses, credentials, signing)
    config = programs.write_settings(options.directory, text)
    roles = {}
    for program, port in programs.role_programs(options, addresses, config):
        processes.start(program)
        roles[program.name] = f"http://127.0.0.1:{port}"
    programs.write_env(options.directory / "env", config, addresses, roles)
    return roles


async def until_ready(
    processes: Processes, roles: Mapping[str, str], page: str, seconds: float = READY_SECONDS
) -> None:
    """Until each one's ``page`` says yes (see `unready`). Raises DemoFailed with the log of those that do not."""
    deadline = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while reasons := await unready(session, roles, page):
            if time.monotonic() > deadline:
                told = "\n".join(f"{name}: {why}\n{processes.last_words(name)}" for name, why in reasons.items())
                raise DemoFailed(f"not ready within {seconds:.0f} s:\n{told}")
            await asyncio.sleep(0.2)
