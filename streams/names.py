"""What a name of ours is called in Kafka, where several installations share one cluster.

Code, metrics, logs, the journal and the store speak logical names: ``raw.magento.order``, ``tillstream.normalize``.
Only who hands a name to Kafka, or takes one from it, asks here: `streams.runtime` for the workers, `app.kafka_clients`
and `app.outbox` for everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KafkaNames:
    """The names of one installation.

    Attributes:
        prefix: before the name of every topic, consumer group and client in Kafka; none if empty.
    """

    prefix: str = ""

    def in_kafka(self, name: str) -> str:
        """What Kafka calls a topic, a group or a client of ours."""
        return self.prefix + name

    def logical(self, name: str) -> str:
        """What we call a topic or group of ours that Kafka names."""
        return name.removeprefix(self.prefix)

    def is_ours(self, name: str) -> bool:
        """Whether a name in Kafka may be of this installation."""
        return name.startswith(self.prefix)


PLAIN = KafkaNames()
"""Of an installation that has its Kafka for itself."""
