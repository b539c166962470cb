"""A broker that lets nobody in without a password, and nobody do anything without a right (ACL)."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest

from app.local import kafka_java, prerequisites
from app.local.ports import HOST, free_ports
from app.local.process import ChildProcess
from app.settings import KafkaSettings

MECHANISM = "SCRAM-SHA-512"
SUPERUSER = "admin"
READY_SECONDS = 120.0
LISTENER = "SASL_PLAINTEXT"
SECURED: dict[str, object] = {
    "listener.security.protocol.map": f"{LISTENER}:{LISTENER},CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": LISTENER,
    "sasl.enabled.mechanisms": MECHANISM,
    "sasl.mechanism.inter.broker.protocol": MECHANISM,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{SUPERUSER};User:ANONYMOUS",  # the broker speaks to its own controller without a name
}


class Resource(IntEnum):
    """What a right is about, as Kafka's protocol counts them (ResourceType)."""

    TOPIC = 2
    GROUP = 3


class Operation(IntEnum):
    """What a right allows (AclOperation)."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


PREFIXED, ALLOW, ANY_HOST = 4, 3, "*"
"""PatternType, AclPermissionType, and every host."""


@dataclass(frozen=True, slots=True)
class SecuredBroker:
    """One that runs, and who may log in."""

    bootstrap_servers: str
    passwords: dict[str, str] = field(repr=False)

    def settings(self, user: str, prefix: str) -> KafkaSettings:
        """As an installation of that user has them."""
        return KafkaSettings.model_validate(
            {
                "bootstrap_servers": self.bootstrap_servers,
                "topic_prefix": prefix,
                "security_protocol": LISTENER,
                "sasl_mechanism": MECHANISM,
                "sasl_username": user,
                "sasl_password": self.passwords[user],
                "replication_factor": 1,
                "min_insync_replicas": 1,
            }
        )

    async def allow(self, user: str, resource: Resource, prefix: str, operations: Iterable[Operation]) -> None:
        """Like ``kafka-acls.sh --add --allow-principal ... --resource-pattern-type prefixed``."""
        principal = f"User:{user}"
        admin = AIOKafkaAdminClient(**self.settings(SUPERUSER, "").client_options())
        await admin.start()
        try:
            for operation in operations:
                right = CreateAclsRequest(resource, prefix, PREFIXED, principal, ANY_HOST, operation, ALLOW)
                answer = await admin._send_to_controller(right)
                assert not any(code for code, _message in answer.creation_responses), answer
        finally:
            await admin.close()


def secured_broker(directory: Path, users: Collection[str]) -> Iterator[SecuredBroker]:
    """Body of a fixture; needs Java and Maven, because a broker elsewhere has users of its own."""
    java, maven = prerequisites.java_command(os.environ), shutil.which("mvn")
    if java is None or maven is None:
        pytest.skip("a broker with users of its own needs Java 17+ and Maven")
    libs = kafka_java.fetch_jars(maven, say=lambda _line: None)
    port, controller = free_ports(2)
    passwords = {user: secrets.token_hex(12) for user in (SUPERUSER, *users)}
    process = _started(java, libs, directory, port, controller, passwords)
    try:
        if not kafka_java.accepts(process, port, READY_SECONDS):
            raise kafka_java.KafkaNotStarted(process.last_lines())
        yield SecuredBroker(f"{HOST}:{port}", passwords)
    finally:
        process.stop()


def _started(
    java: str, libs: Path, directory: Path, port: int, controller: int, passwords: dict[str, str]
) -> ChildProcess:
    login = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{SUPERUSER}" password='
    own = SECURED | {
        "listeners": f"{LISTENER}://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"{LISTENER}://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        f"listener.name.{LISTENER.lower()}.{MECHANISM.lower()}.sasl.jaas.config": (f'{login}"{passwords[SUPERUSER]}";'),
    }
    text = kafka_java.properties(directory / "data", port, controller)
    text += "".join(f"{name}={value}\n" for name, value in own.items())  # of two lines Java takes the last
    (directory / "server.properties").write_text(text)
    users = [f"{MECHANISM}=[name={name},password={password}]" for name, password in passwords.items()]
    options = [option for user in users for option in ("--add-scram", user)]
    kafka_java.format_storage(java, libs, directory, kafka_java.cluster_id(), "--standalone", *options)
    return kafka_java.run_node(java, libs, directory)
