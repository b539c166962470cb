"""A Kafka broker in Docker, through testcontainers, for machines without Java."""

from __future__ import annotations

from collections.abc import Callable

VERSION = "4.3.1"
IMAGE = f"apache/kafka:{VERSION}"


def environment(port: int) -> dict[str, str]:
    """The image's settings: its own defaults are lost as soon as one is set, so all that it needs are here.

    ``port`` is the same inside and outside, so that the address that the broker tells its clients is right.
    """
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:29093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:29093",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_HEAP_OPTS": "-Xmx512m",
    }


def start_container(port: int) -> tuple[str, Callable[[], None]]:
    """Start the image with ``port`` open on this machine; returns ``host:port`` and what ends it.

    The container is removed by testcontainers' own reaper if this process is killed.
    """
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - a development extra, only needed here

    container = DockerContainer(IMAGE).with_bind_ports(port, port)
    for name, value in environment(port).items():
        container = container.with_env(name, value)
    container.start()
    return f"127.0.0.1:{port}", container.stop
