"""A group's offsets in Kafka: read them beside what the logs hold, and set them while nobody works in the group."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, GroupCoordinatorNotAvailableError, KafkaError
from aiokafka.structs import OffsetAndMetadata, OffsetAndTimestamp

from app.kafka_admin import admin_options, connected_admin, described_topics, unusable
from app.offsets.plan import Place
from app.settings import KafkaSettings
from streams.errors import Rejected
from streams.ports import Partition
from streams.runtime.starting import noted

COORDINATOR_TRIES = 50
COORDINATOR_PAUSE = 0.2
"""How often a group's coordinator is asked for, and seconds between."""


async def read_places(kafka: KafkaSettings, group: str, topics: Sequence[str]) -> list[Place]:
    """How a group stands to every partition of those topics that exist. Raises Unavailable."""
    async with connected_admin(kafka) as admin:
        described = await described_topics(admin, topics)
        await _await_coordinator(admin, group)
        committed = await admin.list_consumer_group_offsets(group)
    partitions = sorted(
        TopicPartition(name, number) for name, topic in described.items() for number in range(len(topic["partitions"]))
    )
    consumer = AIOKafkaConsumer(**admin_options(kafka))
    try:
        await consumer.start()
        first = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        oldest = await consumer.offsets_for_times(dict.fromkeys(partitions, 0)) if partitions else {}
    except (KafkaError, OSError) as error:
        raise unusable(kafka, error) from error
    finally:
        await consumer.stop()
    return [_place(tp, committed.get(tp), first[tp], end[tp], oldest.get(tp)) for tp in partitions]


async def _await_coordinator(admin: AIOKafkaAdminClient, group: str) -> None:
    """The first group that a cluster is ever asked for has none until Kafka has made its topic of offsets."""
    for _ in range(COORDINATOR_TRIES):
        with suppress(GroupCoordinatorNotAvailableError):
            await admin.find_coordinator(group)
            return
        await asyncio.sleep(COORDINATOR_PAUSE)
    await admin.find_coordinator(group)


def _place(
    tp: TopicPartition, committed: OffsetAndMetadata | None, first: int, end: int, oldest: OffsetAndTimestamp | None
) -> Place:
    if committed is not None and committed.offset < 0:
        committed = None
    return Place(
        tp.topic,
        tp.partition,
        None if committed is None else committed.offset,
        first,
        end,
        done_at=None if committed is None else noted(committed.metadata),
        first_at=None if oldest is None else datetime.fromtimestamp(oldest.timestamp / 1000, UTC),
    )


async def require_no_members(kafka: KafkaSettings, group: str) -> None:
    """Only of a group without workers can offsets be set.

    Raises:
        Rejected: it has some.
        Unavailable: Kafka does not answer.
    """
    async with connected_admin(kafka) as admin:
        await _await_coordinator(admin, group)
        members = await _members(admin, group)
    if members:
        raise _at_work(group, f"workers ({members})")


async def _members(admin: AIOKafkaAdminClient, group: str) -> int:
    responses = await admin.describe_consumer_groups([group])
    return sum(len(found[5]) for response in responses for found in response.groups)


async def set_offsets(kafka: KafkaSettings, group: str, offsets: Mapping[Partition, int]) -> None:
    """Commit for a group in which nobody works.

    Raises:
        Rejected: somebody works in it, so Kafka refuses; nothing is changed.
        Unavailable: Kafka does not answer.
    """
    wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
    consumer = AIOKafkaConsumer(**admin_options(kafka), group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(list(wanted))
        await consumer.commit(wanted)
    except CommitFailedError as error:
        raise _at_work(group, "workers") from error
    except (KafkaError, OSError) as error:
        raise unusable(kafka, error) from error
    finally:
        await consumer.stop()


def _at_work(group: str, who: str) -> Rejected:
    return Rejected(
        f"the group {group} still has {who}: stop them all first, and wait for the session's time "
        "(kafka.session_timeout_seconds) if one was killed. Nothing is changed",
        code="group_at_work",
    )
