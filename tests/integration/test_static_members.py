"""A worker that keeps its name over a restart keeps its partitions, and nobody else's work is disturbed."""

from __future__ import annotations

from collections.abc import Sequence

from streams.ports import Partition
from streams.runtime.app import StageApp
from tests.integration.runtime_world import produce
from tests.integration.stage_world import Stage, made, running
from tests.integration.test_runtime_table import Summing, changelog_of
from tests.kafka_broker import Topics
from tests.waiting import eventually


def member(topics: Topics, topic: str, stage: Stage, name: str) -> tuple[StageApp, list[list[Partition]]]:
    """A worker, and every assignment that it gets."""
    app = made(topics, topic, stage, instance_id=name, session_seconds=20.0)
    assignments: list[list[Partition]] = []

    async def note(partitions: Sequence[Partition]) -> None:
        assignments.append(sorted(partitions))

    app.on_assigned(note)
    return app, assignments


async def test_a_restart_under_the_same_name_moves_no_partition(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create(partitions=4)
    stays, others = member(kafka_topics, topic, Stage(), "shop.normalize-0")
    leaves, before = member(kafka_topics, topic, Stage(), "shop.normalize-1")
    async with running(stays):
        await eventually(lambda: len(others) >= 1)
        async with running(leaves):
            await eventually(lambda: before != [] and len(before[-1]) == 2 and len(others[-1]) == 2)
        seen = len(others)
        back = Stage()
        again, after = member(kafka_topics, topic, back, "shop.normalize-1")
        async with running(again):
            await eventually(lambda: after == [before[-1]])
            await produce(kafka_topics.bootstrap_servers, topic, [b"1"], partition=after[0][0][1])
            await eventually(lambda: back.seen == [0])
            assert len(others) == seen, "the other worker was asked to hand over"


async def test_a_worker_with_a_table_has_it_again_after_a_restart(kafka_topics: Topics) -> None:
    """What Kafka gives back to a member that it knows, Faust's own assignor must understand."""
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    await changelog_of(kafka_topics, 2)
    stays, leaves = (Summing(kafka_topics, topic, name=name) for name in ("shop.inventory-0", "shop.inventory-1"))
    await eventually(lambda: stays.ready and leaves.ready and len(leaves.app.partitions()) == 1)
    ((_, partition),) = leaves.app.partitions()
    await produce(kafka, topic, [b"a", b"a"], partition=partition)
    await eventually(lambda: leaves.table.get("a") == b"2")
    await leaves.stop()
    back = Summing(kafka_topics, topic, name="shop.inventory-1")
    await eventually(lambda: back.ready and list(back.app.partitions()) == [(topic, partition)])
    await produce(kafka, topic, [b"a"], partition=partition)
    await eventually(lambda: back.table.get("a") == b"3")
    assert stays.seen == []
    await back.stop()
    await stays.stop()
