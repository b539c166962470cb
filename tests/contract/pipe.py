"""The pipe between both systems without Kafka: normalise and deliver, one event after the other, all flows live but
those that are off by default."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import cast

import orjson

from app.clock import SystemClock
from app.connections import WebhookConnection
from app.handlers import Tools, deliver_handler, doubts_of, normalize_handler
from app.health import Readiness
from app.parts import Parts
from app.settings import Settings
from app.store import Store
from app.store.cutovers import SqlCutovers
from app.systems import Pos, Receiver, Systems, Web
from app.webhook.client import WebhookReceiver
from schemas.documents import Channel, Mode
from schemas.envelope import Envelope
from streams import groups
from streams.channels import Channels
from streams.engine import Catalog, Engine, load
from streams.errors import TillstreamError
from streams.launch.ways import ways_of
from streams.metrics import Metrics
from streams.ports import Cutover, EntityReader, JournalEntry, Outcome, Outgoing, Record
from streams.runtime.work import Arrival, Handler, Work
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.cutovers import ALWAYS, MemoryCutovers
from tests.twins.kafka import MemoryPublisher
from tests.twins.store import MemoryStore

CHANNEL = Channel(
    name="main", web="web", pos="pos", prefix="W-", location="MAIN", sources={"MAIN": "main", "STORE2": "store2"}
)


class Joined:
    """Both systems, as `app.systems.Systems` gives them."""

    def __init__(self, web: WebSystem, pos: PosSystem, receivers: Mapping[str, WebhookReceiver]) -> None:
        self.receivers: Mapping[str, Receiver] = {name: Receiver(client) for name, client in receivers.items()}
        self.webs: Mapping[str, Web] = {"web": web.connector}
        self.points_of_sale: Mapping[str, Pos] = {"pos": pos.connector}
        self.readers: Mapping[str, EntityReader] = {"web": web.connector.reader, "pos": pos.connector.reader}


def _live(directory: Path | None, optional: frozenset[str]) -> Catalog:
    """The documents, with all flows live but those that are off."""
    flows = load(directory).flows
    live = {name for name, flow in flows.items() if flow.mode is not Mode.OFF} | optional
    return load(directory, modes=dict.fromkeys(live, Mode.LIVE))


@cache
def _own(optional: frozenset[str]) -> Catalog:
    """The built-in ones, which take half a second to read."""
    return _live(None, optional)


@dataclass
class Pipe:
    """Both systems, joined.

    Attributes:
        directory: flow documents of the shop's own.
        optional: flows that are off by default, and live here.
        receivers: of webhooks, by connection.
        store: where links and the ledger are; in memory if none is given.
        holds: events are normalised and not delivered, and wait in ``waiting``.
        told: what became of every event, in order.
        failed: what a person or a wait has to mend.
        published: every record that went from one stage to the next.
    """

    web: WebSystem
    pos: PosSystem
    directory: Path | None = None
    optional: Collection[str] = ()
    receivers: Mapping[str, WebhookReceiver] = field(default_factory=dict)
    channel: Channel = CHANNEL
    store: Store | MemoryStore = field(default_factory=lambda: MemoryStore(SystemClock()))
    holds: bool = False
    waiting: list[Record] = field(default_factory=list)
    told: list[JournalEntry] = field(default_factory=list)
    failed: list[TillstreamError] = field(default_factory=list)
    published: list[Outgoing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clock = SystemClock()
        self._publisher = MemoryPublisher()
        own = {name: WebhookConnection(base_url="http://127.0.0.1:1") for name in self.receivers}
        connections = {"web": self.web.settings, "pos": self.pos.settings, **own}
        self.settings = settings = Settings(connections=connections, channels={"main": self.channel})
        optional = frozenset(self.optional)
        catalog = _own(optional) if self.directory is None else _live(self.directory, optional)
        self._tools = tools = Tools(
            parts=Parts(settings, "pipe", self._clock, Metrics(), Readiness(), asyncio.Event()),
            publisher=self._publisher,
            store=self._with_cutovers(),
            systems=cast(Systems, Joined(self.web, self.pos, self.receivers)),
            engine=Engine(catalog),
            channels=Channels(settings.channels.values()),
        )
        self._normalize: Handler = normalize_handler(tools)
        self._deliver: Mapping[str, Handler] = {name: deliver_handler(name, tools) for name in connections}
        self._receipts = 0
        if isinstance(self.store, MemoryStore):
            read = groups.consumed(settings.systems).items()
            self.store.held.epochs |= {(group, topic, 0): 0 for group, topics in read for topic in topics}
        for flow in catalog.flows.values():
            for way in ways_of(flow, catalog.flows, settings.systems, tools.channels):
                self.cutovers.rows[way] = Cutover(way, ALWAYS, ALWAYS, "test")

    def _with_cutovers(self) -> Store:
        """The store, in which every flow is launched; a test may launch others, or none."""
        self.cutovers = MemoryCutovers(self._clock)
        if isinstance(self.store, Store):
            return replace(self.store, cutovers=cast(SqlCutovers, self.cutovers))
        self.store.cutovers = self.cutovers
        return cast(Store, self.store)

    async def changed(self, connection: str, entity: str, native_id: str) -> list[JournalEntry]:
        """A hint that an entity has changed, carried through the pipe. What became of it and all that it caused."""
        return await self.told_of(connection, entity, native_id, {"hint": native_id})

    async def told_of(
        self, connection: str, entity: str, native_id: str, body: Mapping[str, object]
    ) -> list[JournalEntry]:
        """The same of an event with that body."""
        self._receipts += 1
        system = {"web": "magento", "pos": "heartland"}[connection]
        envelope = Envelope(f"r{self._receipts}", connection, system, entity, native_id, 1_000)
        before = len(self.told)
        record = Record("raw", 0, 0, b"", orjson.dumps(body), tuple(envelope.to_headers()), 0)
        await self._handle(self._normalize, record, "normalize")
        await self._carry()
        return self.told[before:]

    async def doubts_cleared(self) -> list[JournalEntry]:
        """What is in doubt about the web store and has settled is read again. What became of it."""
        before = len(self.told)
        await doubts_of("web", self._tools).look()
        await self._carry()
        return self.told[before:]

    async def _carry(self) -> None:
        """From stage to stage until nothing is on its way."""
        while self._publisher.records:
            out = self._publisher.records.pop(0)
            self.published.append(out)
            record = Record(out.topic, 0, 0, out.key, out.value, tuple(out.headers), 0)
            if out.topic.startswith("raw."):
                await self._handle(self._normalize, record, "normalize")
            elif out.topic.startswith("canonical.") and self.holds:
                self.waiting.append(record)
            elif out.topic.startswith("canonical."):
                for handler in self._deliver.values():
                    await self._handle(handler, record, "deliver")

    async def _handle(self, handler: Handler, record: Record, stage: str) -> None:
        arrival = Arrival(record, Envelope.from_headers(record.headers))
        try:
            self.told += await handler.handle(Work(stage, [arrival]))
        except TillstreamError as error:
            self.failed.append(error)


def delivered(entries: list[JournalEntry]) -> list[str]:
    """What was done, in the shop's words."""
    return [entry.message for entry in entries if entry.outcome is Outcome.DELIVERED]
