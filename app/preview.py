"""What the pipeline would do with rows that nobody has published: normalise and deliver, observing, without Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from app.clock import SystemClock
from app.dry_run import unwritten
from app.handlers import Tools, deliver_handler, engine_of, normalize_handler
from app.health import Readiness
from app.http import Request
from app.parts import Parts
from app.settings import Settings
from app.store import Store
from app.store.cutovers import SqlCutovers
from app.systems import Systems
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.errors import TillstreamError
from streams.launch.report import Line
from streams.metrics import Metrics
from streams.ports import Cutover, Outcome, Outgoing, Record
from streams.runtime.work import Arrival, Handler, Work


class Preview:
    """Runs raw events as if no flow were launched: every write is told, and none is made.

    Args:
        settings: name the systems, which are asked what they have.
        store: is read.
        systems: their connectors.
    """

    def __init__(self, settings: Settings, store: Store, systems: Systems) -> None:
        clock = SystemClock()
        self._published: list[Outgoing] = []
        observing = replace(unwritten(store, clock), cutovers=_NothingLaunched(store.database, clock))
        tools = Tools(
            parts=Parts(settings, "preview", clock, Metrics(), Readiness(), asyncio.Event()),
            publisher=self,
            store=observing,
            systems=systems,
            engine=engine_of(settings),
            channels=Channels(settings.channels.values()),
        )
        self._normalize: Handler = normalize_handler(tools)
        self._deliver = {name: deliver_handler(name, tools) for name in settings.connections}

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Keep what a stage would publish for the next one; see `streams.ports.Publisher`."""
        self._published += records

    async def tell(self, raw: Outgoing) -> list[Line]:
        """What would become of a raw event, a line for each end. Stock is read by its worker, and not foreseen here."""
        self._published.clear()
        lines = await self._run(self._normalize, raw, "normalize")
        for record in [record for record in self._published if record.topic.startswith("canonical.")]:
            for handler in self._deliver.values():
                lines += await self._run(handler, record, "deliver")
        return lines

    async def _run(self, handler: Handler, out: Outgoing, stage: str) -> list[Line]:
        record = Record(out.topic, 0, 0, out.key, out.value, tuple(out.headers), 0)
        work = Work(stage, [Arrival(record, Envelope.from_headers(record.headers))])
        try:
            entries = await handler.handle(work)
        except TillstreamError as error:
            found = work.entry(work.last, Outcome.IN_REVIEW, SystemClock().now(), error.message)
            entries = [found]
        return [
            Line(each.flow, each.target, each.aggregate, each.subject, each.step, each.outcome, each.message)
            for each in entries
            if each.outcome is not Outcome.PASSED
        ]


class ReadOnly(Systems):
    """The connectors of a command that only looks: whatever asks for a change, none of it leaves this process."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, SystemClock(), Metrics(), before_mutation=_refuse)


def _refuse(request: Request) -> None:
    raise RuntimeError(f"{request.operation} ({request.subject}) was about to be sent by a command that only looks")


class _NothingLaunched(SqlCutovers):
    """Reads as if every flow only observed."""

    async def current(self) -> Sequence[Cutover]:
        return ()
