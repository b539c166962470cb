"""Composition of the worker roles: a handler in its stage, on lanes, in one Faust App."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from app.kafka_admin import retention_times
from app.parts import Parts
from app.publisher import KafkaPublisher
from app.retention import RetentionWatch
from app.settings import Settings
from app.store import Store
from app.systems import Systems
from streams import groups
from streams.channels import Channels
from streams.deliver.doubts import Doubts
from streams.deliver.effect import Effects, Settling
from streams.deliver.gate import Gate
from streams.deliver.handler import DeliverHandler, Delivery
from streams.deliver.order_status import OrderStatusDelivery
from streams.deliver.sale import Desk, SaleDelivery
from streams.deliver.stock import StockDelivery
from streams.engine import Engine, load
from streams.errors import TillstreamError
from streams.inventory.handler import InventoryHandler
from streams.metrics import Metrics
from streams.normalize.handler import NormalizeHandler
from streams.normalize.normalizer import Normalizer
from streams.ports import Clock, HoldReason, Publisher
from streams.runtime.app import Partition, StageApp
from streams.runtime.entrance import AlwaysOpen, Entrance
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Lanes
from streams.runtime.settings import KafkaSettings
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Handler
from streams.runtime.worker import StageWorker
from streams.topics import CANONICAL_STOCK, HINT_STOCK, PARTITIONS, WEB_UNITS

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often lag and lanes are told to the metrics."""
COUNT_SECONDS = 5.0
"""How often held events are; they are counted in the store."""
COMMIT_SECONDS = 0.5
"""Time between two commits; a crash gives at most that much again."""
YOUNG_OBJECTS = 20_000
"""New objects before Python looks for cycles among them. Its own 700 is less than what one order is made of."""
COALESCED = frozenset({HINT_STOCK, CANONICAL_STOCK})
"""Topics whose records of one key are handed over together: the newest counts."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker is made of."""

    parts: Parts
    publisher: Publisher
    store: Store
    systems: Systems
    engine: Engine
    channels: Channels


def gate_of(target: str, parts: Parts) -> Gate:
    """The gate before a target, watched by metrics and told by ``/readyz``.

    A target that is down does not make its worker unready: another worker could do no better, and a deployment that
    waits for readiness could not bring the version that mends it.
    """
    budget = parts.settings.connections[target].budget
    gate = Gate(target, requests_per_second=budget.requests_per_second, burst=budget.burst)
    parts.metrics.watch_gate(target, lambda: gate.state.value, lambda: gate.rate)
    parts.readiness.add_note("target", gate.note)
    return gate


async def run_worker(
    role: str,
    target: str | None,
    parts: Parts,
    publisher: KafkaPublisher,
    store: Store,
    systems: Systems,
    gate: Gate | None,
) -> None:
    """Run one worker until ``parts.stop``. What it raises ends the process, which must then be started again.

    Its turns wait at ``gate``, which must be told of the requests of ``systems``.
    """
    settings = parts.settings
    tools = Tools(parts, publisher, store, systems, engine_of(settings), Channels(settings.channels.values()))
    if role == "deliver" and target is not None:
        group, topics = groups.deliver(target), groups.DELIVERED[settings.connections[target].system]
    elif role == "inventory":
        group, topics = groups.INVENTORY, (HINT_STOCK,)
    else:
        group, topics = groups.NORMALIZE, groups.RAW_TOPICS
    app = StageApp(
        group=group,
        kafka=_kafka(parts),
        drain_seconds=settings.worker.drain_seconds,
        failpoints=parts.failpoints,
    )
    if gate is not None:
        app.on_assigned(partial(_share, gate, len(topics) * PARTITIONS))
    handler = _handler(role, target, tools, app)
    _leave_lasting_objects_alone()
    beside = [_doubts(target, tools).clear] if target is not None and target in systems.webs else []
    await _run(role, handler, topics, tools, app, group, gate or AlwaysOpen(), width_of(target, settings), *beside)


async def _share(gate: Gate, of: int, partitions: Sequence[Partition]) -> None:
    gate.owns(len(partitions), of)


def engine_of(settings: Settings) -> Engine:
    """The flow and mapping documents, in the modes that the settings say. Raises DocumentError."""
    modes = {flow: chosen.mode for flow, chosen in settings.flows.items()}
    return Engine(load(settings.flows_directory, modes=modes))


def width_of(target: str | None, settings: Settings) -> int:
    """Keys that a worker has in hand at a time. Turns beyond its target's connections would only wait for one, each
    with its promise in the ledger, and would be late."""
    lanes = settings.worker.lanes
    return lanes if target is None else min(lanes, settings.connections[target].http.connections)


def _leave_lasting_objects_alone() -> None:
    """Python looks for cycles among all objects again and again; what exists by now lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def _handler(role: str, target: str | None, tools: Tools, app: StageApp) -> Handler:
    if role == "deliver" and target is not None:
        return deliver_handler(target, tools)
    if role == "inventory":
        table = app.table(WEB_UNITS, partitions=PARTITIONS)
        levels = {name: pos.stock for name, pos in tools.systems.points_of_sale.items()}
        flow = tools.engine.catalog.flows["stock"]
        clock = tools.parts.clock
        return InventoryHandler(table, levels, tools.publisher, clock, channels=tools.channels, flow=flow)
    normalizer = Normalizer(tools.engine, tools.channels, tools.store.links, tools.systems.readers)
    return NormalizeHandler(normalizer, tools.publisher, tools.parts.clock)


def deliver_handler(target: str, tools: Tools) -> DeliverHandler:
    """What delivers to a target connection."""
    parts, store = tools.parts, tools.store
    connection = parts.settings.connections[target]
    http = connection.http
    settling = Settling(http.timeout_seconds, http.longest_execution_seconds, http.lookup_lag_seconds)
    flows = [flow for flow in tools.engine.catalog.flows.values() if flow.deliver.target == connection.system]
    desk = Desk(
        target=target,
        flows={flow.id: flow for flow in flows},
        channels=tools.channels,
        mapper=tools.engine,
        links=store.links,
        applied=store.applied,
        effects=Effects(store.ledger, parts.clock, owner=parts.owner, settling=settling, failpoints=parts.failpoints),
        publisher=tools.publisher,
        clock=parts.clock,
    )
    operations = _operations(target, tools, desk, settling)
    deliveries = {flow.deliver.entity: (flow.id, operations[flow.deliver.operations[0]]) for flow in flows}
    documents = {flow.id: tools.engine.catalog.documents(flow, flow.deliver.mapping) for flow in flows}
    return DeliverHandler(target, deliveries, documents, parts.clock)


def _operations(target: str, tools: Tools, desk: Desk, settling: Settling) -> dict[str, Delivery]:
    """What can be done in a target, by the first operation that a flow document names."""
    web = tools.systems.webs.get(target)
    if web is not None:
        return {
            "set_external_number": OrderStatusDelivery(desk, web.orders),
            "write_source_items": StockDelivery(desk, web.stock, tools.store.writes, settle=settling.total),
        }
    return {"create_order": SaleDelivery(desk, tools.systems.points_of_sale[target].orders)}


def _doubts(target: str, tools: Tools) -> Doubts:
    systems = {name: connection.system for name, connection in tools.parts.settings.connections.items()}
    return Doubts(target, tools.store.writes, tools.publisher, tools.parts.clock, systems=systems)


async def _run(
    role: str,
    handler: Handler,
    topics: Sequence[str],
    tools: Tools,
    app: StageApp,
    group: str,
    entrance: Entrance,
    width: int,
    *beside: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Run the handler's stage, and tell the metrics how it goes, until the stop; ``beside`` runs meanwhile."""
    parts, store = tools.parts, tools.store
    queue = HeldQueue(store.held, group=group, owner=parts.owner, clock=parts.clock, failpoints=parts.failpoints)
    around = Surroundings(queue, store.journal, tools.publisher, parts.clock, parts.metrics, entrance)
    stage = Stage(role, handler, around)
    lanes = {topic: _lanes(stage, topic, parts, app, width) for topic in topics}
    drain_seconds = parts.settings.worker.drain_seconds
    worker = StageWorker(app, stage, queue, lanes, drain_seconds=drain_seconds, failpoints=parts.failpoints)
    parts.readiness.add("kafka", app.reason)
    parts.readiness.add_note("partitions", worker.halts.note)
    held = _tell_held(partial(store.desk.counts, group), parts.metrics, parts.clock)
    kafka = parts.settings.kafka
    retention = RetentionWatch(
        partial(retention_times, kafka, topics), parts.metrics, parts.clock, kafka.bootstrap_servers
    )
    parts.readiness.add_note("retention", retention.note)
    own = [work() for work in beside]
    await worker.run(parts.stop, _tell(role, worker, parts, app, retention), held, retention.keep_current(), *own)


def _kafka(parts: Parts) -> KafkaSettings:
    kafka = parts.settings.kafka
    return KafkaSettings(
        options=kafka.client_options(),
        client_id=parts.owner,
        session_seconds=kafka.session_timeout_seconds,
        commit_seconds=COMMIT_SECONDS,
    )


def _lanes(stage: Stage, topic: str, parts: Parts, app: StageApp, width: int) -> Lanes:
    return Lanes(
        stage.process,
        width=width,
        capacity=parts.settings.worker.capacity,
        coalesce=topic in COALESCED,
        on_failure=app.fail,
    )


async def _tell(role: str, worker: StageWorker, parts: Parts, app: StageApp, retention: RetentionWatch) -> None:
    """Keep the metrics of partitions, of work in hand and of its age true."""
    known: set[Partition] = set()
    while True:
        owned = app.partitions()
        for partition, numbers in owned.items():
            parts.metrics.lag(*partition, numbers.lag)
            parts.metrics.stands_still(*partition, halted=partition in worker.halts)
        for partition in known - set(owned):
            parts.metrics.forget_lag(*partition)
            parts.metrics.forget_partition(*partition)
        known = set(owned)
        retention.look({partition: numbers.oldest_ms for partition, numbers in owned.items()})
        parts.metrics.in_flight(role, worker.in_flight)
        await parts.clock.sleep(LOOK_SECONDS)


async def _tell_held(count: Callable[[], Awaitable[Mapping[HoldReason, int]]], metrics: Metrics, clock: Clock) -> None:
    """Keep the metric of held events true. A store that is down costs only that, and lag is told meanwhile."""
    while True:
        try:
            for reason, records in (await count()).items():
                metrics.held(reason, records)
        except TillstreamError as error:
            log.warning("held_events_uncounted", error=type(error).__name__, problem=str(error))
        await clock.sleep(COUNT_SECONDS)
