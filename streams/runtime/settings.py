"""How a stage's Faust app uses Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streams.names import PLAIN, KafkaNames


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How Kafka is reached, and the times that decide about hand-overs and latency.

    Attributes:
        options: how to reach the brokers, as aiokafka's keyword arguments; ``bootstrap_servers`` at least.
        names: what groups and topics are called in Kafka.
        client_id: by which the brokers know this process.
        instance_id: a stable name of this worker, for static membership: a restart within ``session_seconds`` moves
            no partition. None joins as a new member each time.
        session_seconds: after how long a silent worker's partitions go to another.
        rebalance_seconds: how long the group waits for a member to give up partitions; the drain must be shorter.
        commit_seconds: time between two commits; a crash gives at most that much again.
        fetch_wait_seconds: how long a broker holds a fetch without data. A partition that is left out of a fetch,
            because the lanes had enough of it, waits at most this long.
        gather_seconds: records that follow others sooner than this are taken together, so that at a high rate a fetch,
            and every statement and request that it sets off, serves several. A record that comes alone does not wait.
        fetch_partition_bytes: most bytes of one partition in one fetch.
        linger_seconds: how long a record waits for company before it is sent. Under load company comes anyway, while
            the request before it is under way; any linger is paid by every single record.
        publish_seconds: the longest that one publish takes, whatever Kafka does.
        max_record_bytes: largest record, below the broker's ``message.max.bytes`` (1 MiB by default).
        zombie_seconds: a consumer that does not move for so long, though Kafka answers, ends its process.
        buffer_records: fetched records that wait for the stage; bounds memory, together with the lanes' capacity.
        bytes_in_hand: of one topic's records that are taken and not done, which bounds memory if they are large; one
            fetch may exceed it.
        span_records: a partition's records beyond one that is not done: a crash gives them again.
    """

    options: Mapping[str, object]
    names: KafkaNames = PLAIN
    client_id: str = "tillstream"
    instance_id: str | None = None
    session_seconds: float = 15.0
    rebalance_seconds: float = 60.0
    commit_seconds: float = 1.0
    fetch_wait_seconds: float = 0.25
    gather_seconds: float = 0.01
    fetch_partition_bytes: int = 1024 * 1024
    linger_seconds: float = 0.0
    publish_seconds: float = 10.0
    max_record_bytes: int = 1_040_000
    zombie_seconds: float = 120.0
    buffer_records: int = 500
    bytes_in_hand: int = 32 * 1024 * 1024
    span_records: int = 20_000

    @property
    def bootstrap_servers(self) -> str:
        """For messages."""
        return str(self.options["bootstrap_servers"])

    @property
    def lease_seconds(self) -> float:
        """How long after a sign of the group a table may be written, and how long that may take: half the session's
        time each, so that it is over before another worker can have the partition.
        """
        return self.session_seconds / 2

    @property
    def request_seconds(self) -> float:
        """Longest wait for a broker's answer; aiokafka wants it above the session's time."""
        return max(30.0, self.session_seconds + 5.0)
