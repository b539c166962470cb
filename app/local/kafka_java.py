"""A Kafka broker as a child process: Maven fetches its jars, Java runs them. One node, KRaft, nothing replicated."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

from app.local.ports import HOST, free_ports
from app.local.process import ChildProcess, end_orphan

ROOT = Path(__file__).parents[2]
POM = ROOT / "docker" / "kafka" / "pom.xml"
LIBS = ROOT / ".tillstream" / "kafka" / "libs"
_LOG4J = Path(__file__).with_name("kafka-log4j2.xml")
_CONFIG, _LOG, _PID_FILE = "server.properties", "broker.log", "kafka.pid"
HEAP = "512m"
_ATTEMPTS = 3
"""Starts that are tried, because another program may take a free port before the broker does."""


class KafkaNotStarted(RuntimeError):
    """No broker; the message holds the reason that the broker or Maven gave."""


def fetch_jars(maven: str, *, libs: Path = LIBS, pom: Path = POM, say: Callable[[str], None]) -> Path:
    """The folder with the broker's jars; fetched when the pom has changed since. Safe to call from two processes.

    Raises:
        KafkaNotStarted: Maven failed, or this is no checkout of the project.
    """
    if not pom.is_file():
        raise KafkaNotStarted(f"{pom} is not there: a local broker needs a checkout of the project")
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()
    stamp = libs / ".pom-sha256"
    libs.parent.mkdir(parents=True, exist_ok=True)
    with (libs.parent / "libs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == digest:
            return libs
        say("fetching Kafka with Maven (46 jars, 44 MB) ...")
        shutil.rmtree(libs, ignore_errors=True)
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime"]
        shown = subprocess.run(  # noqa: S603 - the command is ours
            [*command, f"-DoutputDirectory={libs}"], capture_output=True, text=True, check=False
        )
        if shown.returncode != 0:
            raise KafkaNotStarted(f"Maven could not fetch Kafka:\n{(shown.stdout + shown.stderr)[-2000:]}")
        stamp.write_text(digest)
    return libs


def kafka_version(libs: Path) -> str:
    """The version that the jars are of."""
    return next(jar.stem.removeprefix("kafka_2.13-") for jar in libs.glob("kafka_2.13-*.jar"))


def properties(data: Path, port: int, controller_port: int) -> str:
    """The broker's configuration."""
    settings: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": f"{HOST}:{controller_port}",
        "log.dirs": data,
        "auto.create.topics.enable": "false",  # a mistyped topic shall fail, not appear
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def start_broker(
    java: str, libs: Path, directory: Path, *, port: int | None, ready_seconds: float, heap: str = HEAP
) -> tuple[ChildProcess, str]:
    """Format ``directory`` if it is new, start the broker and wait until it answers.

    Returns:
        the process and its ``host:port``.

    Raises:
        KafkaNotStarted: it ended or did not answer in time; the message has the end of its log.
    """
    directory.mkdir(parents=True, exist_ok=True)
    end_orphan(directory / _PID_FILE)
    for attempt in range(1, _ATTEMPTS + 1):
        broker_port, controller_port = (port or free_ports(1)[0]), free_ports(1)[0]
        log = directory / _LOG
        log.unlink(missing_ok=True)
        (directory / _CONFIG).write_text(properties(directory / "data", broker_port, controller_port))
        format_storage(java, libs, directory, cluster_id(), "--standalone")
        process = run_node(java, libs, directory, heap=heap)
        if accepts(process, broker_port, ready_seconds):
            return process, f"{HOST}:{broker_port}"
        process.stop(grace_seconds=2)
        reason = process.last_lines()
        if attempt == _ATTEMPTS or "already in use" not in reason:
            break
    raise KafkaNotStarted(f"Kafka did not start; the end of {log}:\n{reason or '(nothing was written)'}")


def cluster_id() -> str:
    """A new one."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")  # "-..." reads as an option


def format_storage(java: str, libs: Path, directory: Path, cluster: str, *options: str) -> None:
    """Prepare the data of the node whose ``server.properties`` is in ``directory``, unless they are there.

    Raises:
        KafkaNotStarted: with what Kafka's tool said.
    """
    if (directory / "data" / "meta.properties").is_file():
        return
    tool = ["kafka.tools.StorageTool", "format", *options, "-t", cluster, "-c", str(directory / _CONFIG)]
    command = [*_java(java, libs), *tool]
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())  # noqa: S603
    if shown.returncode != 0:
        raise KafkaNotStarted(f"Kafka's storage could not be formatted:\n{(shown.stdout + shown.stderr)[-2000:]}")


def run_node(java: str, libs: Path, directory: Path, *, heap: str = HEAP) -> ChildProcess:
    """Start the node whose ``server.properties`` and formatted data are in ``directory``; does not wait for it."""
    command = [*_java(java, libs, f"-Xmx{heap}"), "kafka.Kafka", str(directory / _CONFIG)]
    return ChildProcess.start(command, log=directory / _LOG, pid_file=directory / _PID_FILE, env=_environment())


def _java(java: str, libs: Path, *options: str) -> list[str]:
    return [java, *options, "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={_LOG4J}", "-cp", f"{libs}/*"]


def _environment() -> dict[str, str]:
    """Ours without what would make Java print to the log."""
    return {name: value for name, value in os.environ.items() if name not in {"JAVA_TOOL_OPTIONS", "CLASSPATH"}}


def accepts(process: ChildProcess, port: int, seconds: float) -> bool:
    """True once the port accepts; False if the process ended or the time is up."""
    deadline = time.monotonic() + seconds
    while process.exit_code is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
