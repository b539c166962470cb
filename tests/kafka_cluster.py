"""Three Kafka brokers of one's own, to be frozen and killed, started from the jars of the single local one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from app.local import kafka_java, prerequisites
from app.local.ports import HOST, free_ports
from app.local.process import ChildProcess

NODES = frozenset({1, 2, 3})
FIRST = min(NODES)
HEAP = "256m"
READY_SECONDS = 120.0
REPLICATED: dict[str, object] = {
    "default.replication.factor": len(NODES),
    "min.insync.replicas": 2,
    "offsets.topic.replication.factor": len(NODES),
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    "num.network.threads": 2,
    "num.io.threads": 2,
}
"""What makes three nodes one cluster, and lets it notice a dead node in seconds."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """A partition's leader and the replicas that have all that it has."""

    leader: int
    in_sync: frozenset[int]


class Cluster:
    """Three nodes, each broker and controller."""

    def __init__(self, java: str, libs: Path, directory: Path) -> None:
        """Prepare the nodes' files; nothing runs yet."""
        self._java = java
        self._libs = libs
        self._directory = directory
        self._processes: dict[int, ChildProcess] = {}
        ports = free_ports(2 * len(NODES))
        self._ports = dict(zip(NODES, ports[: len(NODES)], strict=True))
        controllers = dict(zip(NODES, ports[len(NODES) :], strict=True))
        voters = ",".join(f"{node}@{HOST}:{controllers[node]}" for node in NODES)
        for node in NODES:
            home = self._home(node)
            home.mkdir(parents=True)
            own = {"node.id": node, "controller.quorum.voters": voters} | REPLICATED
            text = kafka_java.properties(home / "data", self._ports[node], controllers[node])
            text += "".join(f"{name}={value}\n" for name, value in own.items())  # of two lines Java takes the last
            (home / "server.properties").write_text(text)
        kafka_java.format_storage(java, libs, self._home(FIRST), kafka_java.cluster_id())
        for node in NODES - {FIRST}:
            self._format_as_first(node)

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"{HOST}:{port}" for port in self._ports.values())

    def start(self) -> None:
        """Start all and wait until they accept. Raises KafkaNotStarted with the end of a node's log."""
        for node in NODES:
            self._processes[node] = kafka_java.run_node(self._java, self._libs, self._home(node), heap=HEAP)
        for node, process in self._processes.items():
            if not kafka_java.accepts(process, self._ports[node], READY_SECONDS):
                raise kafka_java.KafkaNotStarted(f"node {node} did not start:\n{process.last_lines()}")

    def stop(self) -> None:
        """Kill all: their data are not wanted."""
        for node in list(self._processes):
            self.kill(node)

    def kill(self, node: int) -> None:
        """At once, as ``kill -9`` does."""
        process = self._processes.pop(node)
        process.popen.kill()
        process.stop()

    @contextmanager
    def frozen(self, nodes: Collection[int]) -> Iterator[None]:
        """Within: these nodes' sockets accept, and nothing answers."""
        pids = [self._processes[node].popen.pid for node in nodes]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(0.1)  # the kernel stops their threads one by one, and the last ones may still answer
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def create(self, topic: str) -> None:
        """One partition on every node."""
        async with self._admin() as admin:
            response = await admin.create_topics([NewTopic(topic, 1, len(NODES))])
            assert not any(code for _name, code, *_message in response.topic_errors), response

    async def whole(self, topic: str) -> Replicas:
        """Wait until every node has all that the topic's partition has; who leads it then."""
        deadline = time.monotonic() + READY_SECONDS
        replicas: Replicas | None = None
        while time.monotonic() < deadline:
            try:
                replicas = await self._replicas(topic)
            except KafkaError:
                replicas = None
            if replicas is not None and replicas.leader in NODES and replicas.in_sync == NODES:
                return replicas
            await asyncio.sleep(0.2)
        raise AssertionError(f"the cluster did not become whole: {replicas}")

    async def _replicas(self, topic: str) -> Replicas:
        async with self._admin() as admin:
            (described,) = await admin.describe_topics([topic])
            (partition,) = described["partitions"]
            return Replicas(partition["leader"], frozenset(partition["isr"]))

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()

    def _format_as_first(self, node: int) -> None:
        """Give a node the first one's fresh storage with an id of its own: Kafka's tool takes seconds for each."""
        data = self._home(node) / "data"
        shutil.copytree(self._home(FIRST) / "data", data)
        meta = data / "meta.properties"
        kept = [line for line in meta.read_text().splitlines() if not line.startswith(("node.id", "directory.id"))]
        meta.write_text("\n".join([*kept, f"node.id={node}\n"]))

    def _home(self, node: int) -> Path:
        return self._directory / f"node-{node}"


def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Body of a fixture; needs Java and Maven, because brokers elsewhere cannot be killed."""
    java, maven = prerequisites.java_command(os.environ), shutil.which("mvn")
    if java is None or maven is None:
        pytest.skip("killing brokers needs local ones: Java 17+ and Maven")
    libs = kafka_java.fetch_jars(maven, say=lambda _line: None)
    cluster = Cluster(java, libs, tmp_path_factory.mktemp("three-brokers"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
