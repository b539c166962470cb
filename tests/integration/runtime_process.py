"""A worker in a process of its own, to be killed.

``python -m tests.integration.runtime_process BROKERS GROUP TOPIC OUT NAME SECONDS_PER_RECORD WIDTH``: publishes
``NAME:<value>`` to OUT for every record of TOPIC. Prints ``ready`` once it is, and ``began <value>`` per record.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

import uvloop

from streams.ports import Outgoing, Partition, Record
from streams.runtime.app import Ack, StageApp
from streams.runtime.lanes import Lanes
from streams.runtime.settings import KafkaSettings

DRAIN_SECONDS = 5.0


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - how the test learns what happens


async def main(brokers: str, group: str, topic: str, out: str, name: str, seconds: str, width: str) -> None:
    kafka = KafkaSettings({"bootstrap_servers": brokers}, client_id=name, session_seconds=2.0, commit_seconds=0.2)
    app = StageApp(group=group, kafka=kafka, drain_seconds=DRAIN_SECONDS)

    async def handle(records: Sequence[Record]) -> None:
        for record in records:
            say(f"began {record.value.decode()}")
            await asyncio.sleep(float(seconds))
        await app.publish([Outgoing(out, one.key, f"{name}:".encode() + one.value, one.headers) for one in records])

    lanes = Lanes(handle, width=int(width), capacity=100, on_failure=app.fail)

    async def receive(record: Record, ack: Ack) -> None:
        await lanes.submit(record, record.key, ack)

    async def revoked(partitions: Sequence[Partition]) -> None:
        lanes.drop_unstarted(partitions)
        await lanes.drain(DRAIN_SECONDS)

    async def tell_when_ready() -> None:
        while app.reason() is not None:  # noqa: ASYNC110 - readiness is asked for, as a probe asks
            await asyncio.sleep(0.02)
        say("ready")

    app.consume([topic], receive)
    app.on_revoked(revoked)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    telling = asyncio.create_task(tell_when_ready())
    try:
        await app.run(stop)
    finally:
        telling.cancel()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(*sys.argv[1:]))
