"""One real Kafka broker for the whole test run."""

from __future__ import annotations

import itertools
import sys
import uuid
from collections.abc import Iterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.local.kafka import start_kafka
from tests.servers import VERSIONS
from tests.waiting import eventually


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port`` of a real broker that is shared by all tests: make topics and groups of your own."""
    kafka = start_kafka(tmp_path_factory.mktemp("kafka"), say=_tell)
    VERSIONS["kafka"] = kafka.version
    yield kafka.bootstrap_servers
    kafka.stop()


class Topics:
    """Makes topics with names that no other test uses."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.prefix = f"t{uuid.uuid4().hex[:8]}"
        """Unique to the test; use it for groups and for topics that the code under test makes."""
        self._numbers = itertools.count(1)

    async def create(self, stem: str = "topic", *, partitions: int = 1, **config: str) -> str:
        """A new topic that the broker knows; ``config`` in Kafka's words with ``_`` for dots. Returns its name."""
        name = f"{self.prefix}.{stem}.{next(self._numbers)}"
        settings = {key.replace("_", "."): value for key, value in config.items()}
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            response = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=settings)])
            assert not any(code for _name, code, *_message in response.topic_errors), response

            async def is_known() -> bool:
                (found,) = await admin.describe_topics([name])
                return not found["error_code"]

            await eventually(is_known)  # the broker answers before its metadata has the topic
        finally:
            await admin.close()
        return name


@pytest.fixture
def kafka_topics(kafka_bootstrap: str) -> Topics:
    """Makes uniquely named topics on the shared broker."""
    return Topics(kafka_bootstrap)
