"""Kafka for the demo and the tests, from wherever this machine has it.

Order of choice: a broker named by KAFKA_BOOTSTRAP_SERVERS; Java 17 or later with Maven; Docker through testcontainers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from app.local import kafka_docker, kafka_java, prerequisites
from app.local.kafka_java import KafkaNotStarted
from app.local.ports import free_ports

__all__ = ["KafkaNotStarted", "RunningKafka", "Way", "choose", "start_kafka"]

READY_SECONDS = 60.0
"""How long a broker may take until it answers; 2.5 s is usual."""


class Way(StrEnum):
    """Where the broker comes from."""

    GIVEN = "KAFKA_BOOTSTRAP_SERVERS"
    JAVA = "local Java and Maven"
    DOCKER = "Docker"


@dataclass(frozen=True, slots=True)
class RunningKafka:
    """A broker that answers.

    Attributes:
        bootstrap_servers: ``host:port``.
        version: of Kafka, and where it runs: ``4.3.1 (local Java and Maven)``.
        way: where it comes from.
        stop: ends it; a broker that was given is left alone.
    """

    bootstrap_servers: str
    version: str
    way: Way
    stop: Callable[[], None] = field(repr=False)


def choose(environ: Mapping[str, str], *, java: int | None, maven: bool, docker: Callable[[], bool]) -> Way:
    """Which way to take. ``java`` is the feature release, None without Java; ``docker`` is asked last: it is slow.

    Raises:
        KafkaNotStarted: there is no way; the message says what to install.
    """
    if environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return Way.GIVEN
    lacking = prerequisites.missing_for_kafka(java, maven)
    if not lacking:
        return Way.JAVA
    if docker():
        return Way.DOCKER
    raise KafkaNotStarted(prerequisites.report(lacking))


def start_kafka(
    data_dir: Path, *, port: int | None = None, say: Callable[[str], None] = print, libs: Path = kafka_java.LIBS
) -> RunningKafka:
    """Start one broker, or take the one that is given. Returns when it answers.

    Call it from a thread that lives as long as the broker shall (see app/local/process.py).

    Args:
        data_dir: the broker's data, log and pid file. Data of an earlier start are used again.
        port: where it listens; any free port if None.
        say: told what happens, in one line each.
        libs: where the jars are kept between starts.

    Raises:
        KafkaNotStarted: with the reason, from the broker's own log where it has one.
    """
    java = prerequisites.java_command(os.environ)
    maven = shutil.which("mvn")
    way = choose(
        os.environ,
        java=prerequisites.java_release(java),
        maven=maven is not None,
        docker=prerequisites.docker_answers,
    )
    say(f"Kafka: {way}")
    if way is Way.GIVEN:
        servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
        return _checked(RunningKafka(servers, f"given by {way}", way, lambda: None))
    if way is Way.DOCKER:
        servers, stop = kafka_docker.start_container(port or free_ports(1)[0])
        return _checked(RunningKafka(servers, f"{kafka_docker.VERSION} ({way})", way, stop))
    if java is None or maven is None:
        raise KafkaNotStarted("Java and Maven have gone since they were looked for; start again")
    jars = kafka_java.fetch_jars(maven, libs=libs, say=say)
    process, servers = kafka_java.start_broker(java, jars, data_dir, port=port, ready_seconds=READY_SECONDS)
    return _checked(RunningKafka(servers, f"{kafka_java.kafka_version(jars)} ({way})", way, process.stop))


def _checked(kafka: RunningKafka) -> RunningKafka:
    """Wait until the cluster names its brokers; a port that accepts is not enough."""
    with ThreadPoolExecutor(1) as thread:  # the caller may have an event loop of its own
        answer = thread.submit(asyncio.run, _brokers(kafka.bootstrap_servers)).result()
    if answer:
        kafka.stop()
        raise KafkaNotStarted(f"Kafka at {kafka.bootstrap_servers} does not answer: {answer}")
    return kafka


async def _brokers(servers: str) -> str:
    """Empty once the cluster has a broker, else what went wrong last."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + READY_SECONDS
    problem = "it names no broker"
    while loop.time() < deadline:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=5000)
        try:
            await admin.start()
            if (await admin.describe_cluster())["brokers"]:
                return ""
        except (KafkaError, OSError) as error:
            problem = str(error)
        finally:
            await admin.close()
        await asyncio.sleep(0.1)
    return problem
