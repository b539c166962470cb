"""Composition of the worker roles: a handler in its stage, on lanes, in one Faust App."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from app.handlers import Tools, doubts_of, engine_of, flow_of, handler_of
from app.kafka_admin import retention_times
from app.parts import Parts
from app.publisher import KafkaPublisher
from app.retention import RetentionWatch
from app.settings import Settings
from app.store import Store
from app.systems import Systems
from streams import groups
from streams.channels import Channels
from streams.deliver.gate import Gate
from streams.deliver.stock import SKUS_IN_A_CALL
from streams.errors import TillstreamError
from streams.inventory.handler import SKUS_IN_A_READ
from streams.keys import connection_in
from streams.metrics import Metrics
from streams.normalize.handler import NormalizeHandler
from streams.ports import Clock, HoldReason, Oversells, Partition
from streams.runtime.app import StageApp
from streams.runtime.bulkheads import Bulkheads
from streams.runtime.entrance import EntranceOf, always_open
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Joins, Lanes, always
from streams.runtime.settings import KafkaSettings
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.stops import FlowStops
from streams.runtime.work import Handler
from streams.runtime.worker import StageWorker
from streams.topics import CANONICAL_STOCK, HINT_STOCK, PARTITIONS, system_of

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
IN_BATCHES = {HINT_STOCK: 2 * SKUS_IN_A_READ, CANONICAL_STOCK: 2 * SKUS_IN_A_CALL}
"""How many keys of a topic are in hand at least: their turns share calls, and hold no connection each."""


def gates_of(role: str, target: str | None, parts: Parts) -> dict[str, Gate]:
    """The gates of a worker: before its target, or before each point of sale that inventory reads.

    Normalize has none: most of its events are whole, and need no system to answer. The budget is of deliver.
    """
    connections = parts.settings.connections
    if role == "deliver" and target is not None:
        budget = connections[target].budget
        return {
            target: _watched(Gate(target, requests_per_second=budget.requests_per_second, burst=budget.burst), parts)
        }
    if role == "inventory":
        pos = [name for name, connection in connections.items() if connection.system == "heartland"]
        return {name: _watched(Gate(name), parts) for name in pos}
    return {}


def _watched(gate: Gate, parts: Parts) -> Gate:
    """Shown by the metrics and told by ``/readyz``.

    A system that is down does not make its worker unready: another worker could do no better, and a deployment that
    waits for readiness could not bring the version that mends it.
    """
    parts.metrics.watch_gate(gate.target, lambda: gate.state.value, lambda: gate.rate)
    parts.readiness.add_note(gate.target, gate.note)
    return gate


@dataclass(frozen=True, slots=True)
class Job:
    """What one worker process is for.

    Attributes:
        target: connection that ``deliver`` writes to, None for other roles.
        group: its consumer group.
        topics: what it reads.
    """

    role: str
    target: str | None
    group: str
    topics: Sequence[str]


def job_of(role: str, target: str | None, settings: Settings) -> Job:
    """The job of a role."""
    if role == "deliver" and target is not None:
        return Job(role, target, groups.deliver(target), groups.DELIVERED[settings.connections[target].system])
    if role == "inventory":
        return Job(role, None, groups.INVENTORY, (HINT_STOCK,))
    return Job(role, None, groups.NORMALIZE, groups.RAW_TOPICS)


async def run_worker(
    role: str,
    target: str | None,
    parts: Parts,
    publisher: KafkaPublisher,
    store: Store,
    systems: Systems,
    gates: Mapping[str, Gate],
) -> None:
    """Run one worker until ``parts.stop``. What it raises ends the process, which must then be started again.

    Its turns wait at ``gates``, which must be told of the requests of ``systems``.
    """
    settings = parts.settings
    job = job_of(role, target, settings)
    tools = Tools(parts, publisher, store, systems, engine_of(settings), Channels(settings.channels.values()))
    app = StageApp(
        group=job.group,
        kafka=_kafka(parts),
        drain_seconds=settings.worker.drain_seconds,
        failpoints=parts.failpoints,
    )
    parts.metrics.upkeep.watch_recovery(app.recovering_seconds)
    app.on_assigned(partial(_rebalanced, parts.metrics, job.group))
    if target is not None:
        app.on_assigned(partial(_share, gates[target], len(job.topics) * PARTITIONS))
    handler = handler_of(role, target, tools, app)
    _leave_lasting_objects_alone()
    await _run(job, handler, tools, app, gates)


async def _share(gate: Gate, of: int, partitions: Sequence[Partition]) -> None:
    gate.owns(len(partitions), of)


async def _rebalanced(metrics: Metrics, group: str, _partitions: Sequence[Partition]) -> None:
    metrics.upkeep.rebalanced(group)


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


def _entrance_of(job: Job, gates: Mapping[str, Gate]) -> EntranceOf:
    """Deliver waits for its target, inventory for the point of sale that its key names. What deliver reads for another
    target waits for nothing: it would wait for tokens of a budget that it does not need, before those that do."""
    if job.target is None:
        return lambda arrivals: gates.get(connection_in(arrivals[0].record.key)) or always_open(arrivals)
    target, gate = job.target, gates[job.target]
    return lambda arrivals: gate if any(arrival.is_for(target) for arrival in arrivals) else always_open(arrivals)


async def _run(job: Job, handler: Handler, tools: Tools, app: StageApp, gates: Mapping[str, Gate]) -> None:
    """Run the handler's stage, and what goes on beside it, until the stop."""
    parts, store = tools.parts, tools.store
    stops = _stops(job, tools)
    queue = HeldQueue(store.held, group=job.group, owner=parts.owner, clock=parts.clock, failpoints=parts.failpoints)
    entrance_of = _entrance_of(job, gates)
    around = Surroundings(queue, store.journal, tools.publisher, parts.clock, parts.metrics, entrance_of, stops)
    stage = Stage(job.role, handler, around)
    width = width_of(job.target, parts.settings)
    joins = handler.join if isinstance(handler, NormalizeHandler) else None
    made = partial(_lanes, stage, parts, app, width, joins)
    lanes = {
        topic: _lanes_of(_connections_of(job, topic, parts.settings), partial(made, topic)) for topic in job.topics
    }
    drain_seconds = parts.settings.worker.drain_seconds
    worker = StageWorker(app, stage, queue, lanes, drain_seconds=drain_seconds, failpoints=parts.failpoints)
    retention = _retention(job, parts)
    parts.readiness.add("kafka", app.reason)
    parts.readiness.add_note("partitions", worker.note)
    beside = [
        _tell(job.role, worker, parts, app, retention),
        _tell_held(partial(store.desk.counts, job.group), parts.metrics, parts.clock),
        retention.keep_current(),
        stops.follow(),
    ]
    if job.role == "inventory":
        beside.append(_tell_oversells(store.oversells, parts.metrics, parts.clock))
    if job.target is not None and job.target in tools.systems.webs:
        beside.append(doubts_of(job.target, tools).clear())
    await worker.run(parts.stop, *beside)


def _stops(job: Job, tools: Tools) -> FlowStops:
    """What stops a flow of this worker's group; told to metrics and, as the gate is, beside readiness."""
    parts, target = tools.parts, job.target or ""

    def tell(flow: str, stopped: bool) -> None:
        parts.metrics.flow_stopped(target, flow, stopped=stopped)

    takes = flow_of(job.role, job.target, tools)
    stops = FlowStops(tools.store.stops, group=job.group, target=target, flow_of=takes, clock=parts.clock, tell=tell)
    parts.readiness.add_note("flows", stops.note)
    return stops


def _retention(job: Job, parts: Parts) -> RetentionWatch:
    kafka = parts.settings.kafka
    times = partial(retention_times, kafka, job.topics)
    watch = RetentionWatch(times, parts.metrics, parts.clock, kafka.bootstrap_servers, kafka.names)
    parts.readiness.add_note("retention", watch.note)
    return watch


def _kafka(parts: Parts) -> KafkaSettings:
    kafka = parts.settings.kafka
    return KafkaSettings(
        options=kafka.client_options(),
        names=kafka.names,
        client_id=kafka.names.in_kafka(parts.owner),
        instance_id=parts.settings.worker.instance_id or None,
        session_seconds=kafka.session_timeout_seconds,
        commit_seconds=COMMIT_SECONDS,
    )


def _connections_of(job: Job, topic: str, settings: Settings) -> list[str]:
    """The connections that a turn of a topic may wait for; deliver has but one."""
    if job.target is not None:
        return []
    system = "heartland" if topic == HINT_STOCK else system_of(topic)
    return [name for name, known in settings.systems.items() if known == system]


def _lanes_of(connections: Sequence[str], lanes: Callable[[], Lanes]) -> Lanes | Bulkheads:
    """Each connection that is read has lanes of its own: the turns of one that is down or refuses us wait in theirs."""
    if not connections:
        return lanes()
    return Bulkheads({connection: lanes() for connection in connections}, lanes(), connection_in)


def _lanes(stage: Stage, parts: Parts, app: StageApp, width: int, joins: Joins | None, topic: str) -> Lanes:
    return Lanes(
        stage.process,
        width=max(width, IN_BATCHES.get(topic, 0)),
        capacity=parts.settings.worker.capacity,
        coalesce=topic in COALESCED or joins is not None,
        joins=joins or always,
        on_failure=app.fail,
    )


async def _tell(role: str, worker: StageWorker, parts: Parts, app: StageApp, retention: RetentionWatch) -> None:
    """Keep the metrics of partitions, of work in hand and of its age true."""
    known: set[Partition] = set()
    while True:
        owned = app.partitions()
        for partition, numbers in owned.items():
            parts.metrics.lag(*partition, numbers.lag)
            parts.metrics.partition_halted(*partition, halted=partition in worker.halts)
        for partition in known - set(owned):
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


async def _tell_oversells(oversells: Oversells, metrics: Metrics, clock: Clock) -> None:
    """Keep the metric of oversells true, as `_tell_held` does of held events."""
    while True:
        try:
            metrics.oversells(len(await oversells.waiting()))
        except TillstreamError as error:
            log.warning("oversells_uncounted", error=type(error).__name__, problem=str(error))
        await clock.sleep(COUNT_SECONDS)
