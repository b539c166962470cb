"""A stage at work: records go through lanes into it, held events go on, and partitions are handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from streams.ports import NOWHERE, Failpoint, Failpoints, Partition, Record
from streams.runtime.app import Ack, Receive, StageApp
from streams.runtime.bulkheads import Bulkheads
from streams.runtime.halts import Halts
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Lanes
from streams.runtime.stage import Stage


class StageWorker:
    """Runs one stage on one app.

    Args:
        app: not started yet.
        stage: what records go into.
        queue: the stage's.
        lanes: for every topic that is read; they call ``stage.process``.
        drain_seconds: how long started work may take when partitions go.
        failpoints: told whenever partitions go.
    """

    def __init__(
        self,
        app: StageApp,
        stage: Stage,
        queue: HeldQueue,
        lanes: Mapping[str, Lanes | Bulkheads],
        *,
        drain_seconds: float,
        failpoints: Failpoints = NOWHERE,
    ) -> None:
        self.lanes = lanes
        self._app = app
        self._stage = stage
        self._queue = queue
        self._drain_seconds = drain_seconds
        self._failpoints = failpoints
        for topic, own in lanes.items():
            app.consume([topic], _receiver(own))
        app.on_assigned(queue.assigned)
        queue.claims.halts.on_halt(app.halt)
        app.on_revoked(self._release)

    @property
    def halts(self) -> Halts:
        """Partitions that are halted."""
        return self._queue.claims.halts

    def note(self) -> str | None:
        """For readiness: which partitions are not worked on, and what to do; None if all are."""
        claims = self._queue.claims
        return "; ".join(note for note in (claims.halts.note(), claims.note()) if note) or None

    @property
    def in_flight(self) -> int:
        """Records in the lanes."""
        return sum(own.pending for own in self.lanes.values())

    async def run(self, stop: asyncio.Event, *beside: Coroutine[Any, Any, None]) -> None:
        """Work until ``stop`` is set; raises what ended it otherwise, which must end the process.

        Args:
            stop: ends it.
            beside: run meanwhile; one that fails ends the worker.
        """
        tidying = self._queue.keep_tidy(self._app.committed)
        watching = self._queue.claims.watch(self._app.session_seconds)
        background = [asyncio.create_task(work) for work in (self._go_on(), tidying, watching, *beside)]
        for task in background:
            task.add_done_callback(self._ended)
        try:
            await self._app.run(stop)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            for own in self.lanes.values():
                await own.close()

    async def _go_on(self) -> None:
        await self._queue.drain(self._in_lane, self._stage.process_held)

    async def _in_lane(self, topic: str, key: bytes, work: Callable[[], Awaitable[None]]) -> None:
        await self.lanes[topic].run_in_lane(key, work)

    async def _release(self, partitions: Sequence[Partition]) -> None:
        """Partitions leave: drop what has not started, give up what waits for a next try, let the rest end."""
        self._queue.claims.leaving(partitions)
        for own in self.lanes.values():
            own.drop_unstarted(partitions)
        self._failpoints.reach(Failpoint.MID_REVOKE)
        await asyncio.gather(*(own.drain(self._drain_seconds) for own in self.lanes.values()))
        self._queue.revoked(partitions)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """What runs beside takes the worker with it if it fails: held events would wait for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._app.fail(error)


def _receiver(lanes: Lanes | Bulkheads) -> Receive:
    return partial(_submit, lanes)


async def _submit(lanes: Lanes | Bulkheads, record: Record, ack: Ack) -> None:
    await lanes.submit(record, record.key, ack)
