"""Everything that a run needs: a broker that can be killed, PostgreSQL, both sandboxes behind proxies, and all roles.

It is the demo's cast (app/demo). What differs: addresses and secrets stay the same when a run goes on after an
interruption, because the sandboxes remember where their webhooks go; and every role can be struck at its failpoints.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import aiohttp

from app.demo import programs
from app.demo.faults import Panels
from app.demo.opening import open_shop
from app.demo.options import DemoOptions
from app.demo.processes import Processes, Program
from app.demo.programs import Addresses
from app.demo.watch import unready
from app.kafka_admin import create_topics
from app.local import kafka_java, prerequisites
from app.local.ports import HOST, free_ports
from app.local.postgres import start_postgres
from app.local.process import ChildProcess
from app.settings import KafkaSettings
from app.store import migrate
from tests.chaos.plan import WORKERS
from tests.chaos.proxy import Proxy
from tests.chaos.role import DIRECTORY
from tests.chaos.state import write_durably

READY_SECONDS = 120.0
USUAL, MOST = 2, 3
"""Workers of a role."""
Say = Callable[[str], None]


class NotReady(Exception):
    """Something did not become ready; the message says what and why."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Ports and secrets of one run.

    Attributes:
        ports: by name.
        credentials: of the sandboxes, by system.
        signing: secrets that sign webhooks, by connection.
    """

    ports: Mapping[str, int]
    credentials: Mapping[str, Mapping[str, str]]
    signing: Mapping[str, str]

    @classmethod
    def kept(cls, path: Path) -> Cast:
        """The one of an earlier start of the run, else a new one, kept there."""
        if path.exists():
            return cls(**json.loads(path.read_text()))
        names = ("kafka", "postgres", "ingress", "magento", "heartland", "magento-proxy", "heartland-proxy")
        cast = cls(
            dict(zip(names, free_ports(len(names)), strict=True)),
            {system: programs.credentials(system) for system in programs.SYSTEMS},
            {name: secrets.token_hex(24) for name in programs.CONNECTIONS},
        )
        write_durably(path, asdict(cast))
        return cast

    def url(self, name: str) -> str:
        """HTTP address."""
        return f"http://{HOST}:{self.ports[name]}"


class Broker:
    """One Kafka broker that keeps its data and its address when it is killed. Needs Java and Maven."""

    def __init__(self, directory: Path, port: int) -> None:
        self._directory = directory
        self._port = port
        self._java, maven = prerequisites.java_command(os.environ), shutil.which("mvn")
        if self._java is None or maven is None:
            raise kafka_java.KafkaNotStarted("killing a broker needs a local one: Java 17+ and Maven")
        self._libs = kafka_java.fetch_jars(maven, say=print)
        self._process: ChildProcess | None = None

    @property
    def bootstrap_servers(self) -> str:
        """``host:port``."""
        return f"{HOST}:{self._port}"

    def start(self) -> None:
        """Start it and wait. Raises KafkaNotStarted."""
        self._process, _ = kafka_java.start_broker(
            str(self._java), self._libs, self._directory, port=self._port, ready_seconds=READY_SECONDS
        )

    async def kill_and_restart(self) -> None:
        """``kill -9``, and another start on the same data; returns when it accepts."""
        self.signal(signal.SIGKILL)
        self.stop()
        self._process = kafka_java.run_node(str(self._java), self._libs, self._directory)
        if not await asyncio.to_thread(kafka_java.accepts, self._process, self._port, READY_SECONDS):
            raise kafka_java.KafkaNotStarted(f"it did not start again:\n{self._process.last_lines()}")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.popen.send_signal(number)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stop()
            self._process = None


@dataclass(frozen=True, slots=True)
class World:
    """Everything that runs.

    Attributes:
        roles: name of every process of a role, also of those that do not run -> address of its status server.
        programs: what each of them runs.
        failpoints: directory in which failpoints are armed.
        proxies: by system.
    """

    directory: Path
    cast: Cast
    broker: Broker
    postgres: str
    processes: Processes
    roles: Mapping[str, str]
    programs: Mapping[str, Program]
    failpoints: Path
    proxies: Mapping[str, Proxy]
    panels: Panels
    session: aiohttp.ClientSession

    def processes_of(self, place: str) -> list[str]:
        """The processes that run for a role, or a target's."""
        running = self.processes.pids
        if place in WORKERS:
            return [name for name in running if name.rpartition("-")[0] == place]
        return [place]

    async def until_ready(self, names: list[str], seconds: float = READY_SECONDS) -> None:
        """Wait until these processes can do their job. Raises NotReady."""
        roles = {name: self.roles[name] for name in names if name in self.roles}
        systems = {name: self.cast.url(name) for name in names if name in programs.SYSTEMS}
        deadline = time.monotonic() + seconds
        while True:
            reasons = await unready(self.session, roles, "readyz") | await unready(self.session, systems, "healthz")
            if not reasons:
                return
            if time.monotonic() > deadline:
                told = "; ".join(f"{name}: {why}" for name, why in reasons.items())
                raise NotReady(f"not ready within {seconds:.0f} s: {told}")
            await asyncio.sleep(0.3)

    async def until_all_ready(self) -> None:
        """Wait until every process can do its job. Raises NotReady."""
        await self.until_ready(list(self.processes.pids))


@asynccontextmanager
async def world(options: DemoOptions, say: Say) -> AsyncIterator[World]:
    """Start everything in ``options.directory``, on what is there; end everything on the way out.

    Call it from the main thread, because the kernel ends the processes with the thread that started them.
    """
    directory = options.directory
    cast = Cast.kept(directory / "cast.json")
    failpoints = directory / "failpoints"
    shutil.rmtree(failpoints, ignore_errors=True)
    failpoints.mkdir()
    async with AsyncExitStack() as stack:
        processes = Processes(directory, os.environ | {DIRECTORY: str(failpoints.resolve())})
        _start_sandboxes(options, processes, cast)
        stack.push_async_callback(processes.stop)
        say("Kafka and PostgreSQL start ...")
        broker, postgres = await _services(directory, cast, stack)
        proxies = {system: Proxy(cast.ports[system]) for system in programs.SYSTEMS}
        for system, proxy in proxies.items():
            await stack.enter_async_context(proxy.serving(cast.ports[f"{system}-proxy"]))
        stack.push_async_callback(processes.stop)  # again: the roles end before what they need
        roles, runs = _start_roles(options, processes, cast, postgres)
        keeper = asyncio.create_task(processes.keep())
        stack.callback(keeper.cancel)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        panels = Panels(session, {system: cast.url(system) for system in programs.SYSTEMS})
        whole = World(directory, cast, broker, postgres, processes, roles, runs, failpoints, proxies, panels, session)
        say("sandboxes and roles start ...")
        await whole.until_all_ready()
        yield whole


async def _services(directory: Path, cast: Cast, stack: AsyncExitStack) -> tuple[Broker, str]:
    broker = Broker(directory / "kafka", cast.ports["kafka"])
    broker.start()
    stack.callback(broker.stop)
    postgres = start_postgres(directory / "postgres", port=cast.ports["postgres"])
    stack.callback(postgres.stop)
    one_copy = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, replication_factor=1, min_insync_replicas=1)
    await asyncio.gather(migrate(postgres.url), create_topics(one_copy))
    await open_shop(postgres.url)
    return broker, postgres.url


def _start_sandboxes(options: DemoOptions, processes: Processes, cast: Cast) -> None:
    for name, system in programs.CONNECTIONS.items():
        processes.start(
            programs.sandbox_program(
                system,
                options,
                url=cast.url(system),
                ingress=cast.url("ingress"),
                opened_by=cast.credentials[system],
                signing=cast.signing[name],
            )
        )


def _start_roles(
    options: DemoOptions, processes: Processes, cast: Cast, postgres: str
) -> tuple[dict[str, str], dict[str, Program]]:
    """Start the usual number of workers. Returns all status servers' addresses and all programs."""
    kafka = f"{HOST}:{cast.ports['kafka']}"
    behind = cast.url("magento-proxy"), cast.url("heartland-proxy")
    addresses = Addresses(kafka, postgres, *behind, cast.url("ingress"))
    config = programs.write_settings(
        options.directory, programs.settings_toml(addresses, cast.credentials, cast.signing)
    )
    roles, runs = {}, {}
    for program, port in programs.role_programs(replace(options, workers=MOST), addresses, config):
        strikable = replace(program, module="tests.chaos.role")
        roles[program.name] = f"http://{HOST}:{port}"
        runs[program.name] = strikable
        if not program.name.endswith(f"-{MOST}"):
            processes.start(strikable)
    programs.write_env(options.directory / "env", config, addresses, roles)
    return roles, runs
