"""A group's offsets in Kafka: read them beside what the logs hold, and set them while nobody works in the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError
from aiokafka.structs import OffsetAndTimestamp

from app.kafka_admin import bounds_of, connected_admin, looking, offsets_since, unusable
from app.kafka_clients import KafkaConsumer
from app.kafka_positions import Position, await_coordinator, positions_of
from app.offsets.plan import Place
from app.settings import KafkaSettings
from streams.errors import Rejected
from streams.ports import Partition
from streams.runtime.starting import noted


async def read_places(kafka: KafkaSettings, group: str, topics: Sequence[str]) -> list[Place]:
    """How a group stands to every partition of those topics that exist. Raises Unavailable."""
    async with looking(kafka) as (admin, consumer):
        positions = await positions_of(admin, consumer, group, topics)
        from_the_first = {at.place: 0 for at in positions}
        oldest = await consumer.offsets_for_times(from_the_first) if positions else {}
    return [_place(at, oldest.get(at.place)) for at in positions]


def _place(at: Position, oldest: OffsetAndTimestamp | None) -> Place:
    return Place(
        at.place.topic,
        at.place.partition,
        at.committed,
        at.first,
        at.end,
        done_at=None if at.committed is None else noted(at.note),
        first_at=None if oldest is None else datetime.fromtimestamp(oldest.timestamp / 1000, UTC),
    )


async def places_at(kafka: KafkaSettings, topics: Sequence[str], at: datetime) -> dict[Partition, int]:
    """The first record of every partition that came at that time or later; the end where there is none since.

    Raises Unavailable.
    """
    async with looking(kafka) as (admin, consumer):
        _, ends = await bounds_of(admin, consumer, topics)
        since = await offsets_since(consumer, ends, at)
    return {(place.topic, place.partition): offset for place, offset in since.items()}


async def require_no_members(kafka: KafkaSettings, group: str) -> None:
    """Only of a group without workers can offsets be set.

    Raises:
        Rejected: it has some.
        Unavailable: Kafka does not answer.
    """
    async with connected_admin(kafka) as admin:
        await await_coordinator(admin, group)
        members = await admin.members(group)
    if members:
        raise _at_work(group, f"workers ({members})")


async def set_offsets(kafka: KafkaSettings, group: str, offsets: Mapping[Partition, int]) -> None:
    """Commit for a group in which nobody works; without offsets nothing is done.

    Raises:
        Rejected: somebody works in it, so Kafka refuses; nothing is changed.
        Unavailable: Kafka does not answer.
    """
    if not offsets:
        return
    wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
    consumer = KafkaConsumer(kafka, group=group)
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
