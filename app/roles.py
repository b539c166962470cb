"""The roles of a process: what each is made of, and its run from the start to the exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import structlog
import uvloop

from app.balance.kafka import reading
from app.clock import SystemClock
from app.connect.doors import doors_of
from app.connect.watch import WebhookWatch
from app.exit_codes import FAILED, MISCONFIGURED, OFFSETS_LOST, OK
from app.health import Readiness, StatusServer
from app.ingress.handler import Limits
from app.ingress.registered import registered_secrets
from app.ingress.server import IngressConfig
from app.ingress.server import serve as serve_door
from app.ingress.signature import SecretUnreadable
from app.kafka_clients import publisher_of
from app.offsets.kept import OffsetsKeeper
from app.parts import Parts
from app.polling.composed import feeds_of, snapshots, watched
from app.polling.gap_watch import GapWatch
from app.polling.poller import Backoff, Poller
from app.polling.poller import serve as serve_polls
from app.polling.polls import ChangesConfig, ChangesPoll, Poll, SnapshotPoll
from app.polling.publishing import RowPublisher
from app.polling.sources import sources_of
from app.polling.turns import Turns
from app.publisher import KafkaPublisher, PublisherLimits
from app.settings import PollingSettings, Settings
from app.store import Store, migrate
from app.systems import Systems
from app.upkeep.certificates import addresses_of
from app.upkeep.checks_watch import ChecksWatch
from app.upkeep.expiry_watch import ExpiryWatch, secrets_of
from app.upkeep.money_watch import MoneyWatch
from streams.engine.errors import DocumentError
from streams.groups import consumed
from streams.metrics import Metrics
from streams.ports import NOWHERE, Clock, Failpoints, Pulse
from streams.runtime.starting import OffsetsLost

log = structlog.get_logger(__name__)


WORKER_PUBLISH_SECONDS = 30.0
"""How long a worker waits for Kafka's answer."""

Run = Callable[[Parts], Coroutine[Any, Any, None]]


def run(role: str, settings: Settings, target: str | None, *, failpoints: Failpoints = NOWHERE) -> int:
    """Run a role until SIGTERM or SIGINT. Returns 0 after an orderly end, 1 if it must be started again, 2 if settings
    or documents are wrong, 3 if Kafka has lost records that a worker has not processed.

    Args:
        role: ``ingress``, ``poll``, ``normalize``, ``inventory`` or ``deliver``.
        settings: of the process.
        target: connection that ``deliver`` writes to.
        failpoints: told of the moments at which a crash would hurt most; for tests.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(role, settings, target, failpoints))


async def _run(role: str, settings: Settings, target: str | None, failpoints: Failpoints) -> int:
    name = role if target is None else f"{role}-{target}"
    readiness = Readiness(awaited=frozenset({"feeds" if role == "poll" else "kafka"}))
    parts = Parts(settings, name, SystemClock(), Metrics(), readiness, asyncio.Event(), failpoints)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, parts.stop.set)
    structlog.contextvars.bind_contextvars(role=name)
    parts.metrics.upkeep.runs(name)
    status = StatusServer(name, parts.metrics, parts.readiness)
    await status.start(settings.status.host, settings.status.port)
    try:
        await _ROLES.get(role, _worker(role, target))(parts)
    except (SecretUnreadable, DocumentError) as error:
        sys.stderr.write(f"{error}\n")
        return MISCONFIGURED
    except OffsetsLost as error:
        sys.stderr.write(f"{error}. {error.advice}\n")
        return OFFSETS_LOST
    except Exception:
        log.exception("role_failed", role=name)
        return FAILED
    finally:
        await status.stop()
    return OK


# -- The door ----------------------------------------------------------------------------------------------------


async def _ingress(parts: Parts) -> None:
    settings = parts.settings.ingress
    limits = Limits(
        body_bytes=settings.body_cap_bytes,
        requests=settings.buffer_limit,
        retry_after_seconds=settings.retry_after_seconds,
    )
    connections = parts.settings.connections
    # opened when it is first asked: a store that is away keeps no webhook out
    store = Store.open(parts.settings.store.whole_url, role=parts.name, clock=parts.clock, connections=1)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        publisher = await stack.enter_async_context(_publisher(parts, settings.publish_timeout_seconds))
        await serve_door(
            IngressConfig(settings.host, settings.port, limits, codes=parts.settings.gift_cards.codes),
            connections,
            publisher=publisher,
            clock=parts.clock,
            metrics=parts.metrics,
            readiness=parts.readiness,
            stop=parts.stop,
            registered=partial(registered_secrets, connections, store.registrations),
        )


async def _poll(parts: Parts) -> None:
    longest = max(1.0, min(300.0, parts.settings.polling.interval_seconds))
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(_publisher(parts, parts.settings.ingress.publish_timeout_seconds))
        store = await stack.enter_async_context(_store(parts))
        systems = await stack.enter_async_context(_systems(parts))
        rows = RowPublisher(publisher, parts.clock, parts.metrics, codes=parts.settings.gift_cards.codes)
        sources = sources_of(parts.settings)
        turns = Turns(store.cursors, store.leases, parts.owner, parts.settings.polling.lease_seconds)
        polling = parts.settings.polling
        polls = _polls(polling, systems, sources, turns, rows, parts.clock)
        feeds = watched(polling, feeds_of(polling, systems, sources))
        watch = GapWatch(feeds, store.leases, parts.clock, parts.metrics, polling.alarm_seconds)
        period = polling.webhook_check_minutes * 60.0
        doors = doors_of(parts.settings, systems, store.registrations, sources) if period else []
        webhooks = [WebhookWatch(door, turns, parts.clock, parts.metrics, period) for door in doors]
        groups = tuple(consumed(parts.settings.systems))
        keeper = OffsetsKeeper(parts.settings.kafka, groups, turns, parts.clock, polling.interval_seconds)
        beside: list[Poll] = [*webhooks, watch, keeper, *_upkeep(parts, store)]
        poller = Poller([*polls, *beside], parts.clock, parts.metrics, Backoff(longest_seconds=longest))
        await serve_polls(poller, readiness=parts.readiness, stop=parts.stop)


def _polls(
    polling: PollingSettings,
    systems: Systems,
    sources: Collection[tuple[str, str]],
    turns: Turns,
    rows: RowPublisher,
    clock: Clock,
) -> list[Poll]:
    """The changes of every list that a flow takes, and Heartland's whole stock from time to time, by a cursor of its
    own."""
    lists = feeds_of(polling, systems, sources)
    config = ChangesConfig(polling.interval_seconds, polling.overlap_seconds, polling.since, polling.first_poll_rows)
    changes = [ChangesPoll(feed, turns, rows, clock, config) for feed in lists]
    if not polling.snapshot_minutes:
        return [*changes]
    period = polling.snapshot_minutes * 60.0
    return [*changes, *(SnapshotPoll(feed, turns, rows, clock, period) for feed in snapshots(lists))]


def _upkeep(parts: Parts, store: Store) -> list[Poll]:
    """What the poller tells beside, since one always lives: how checks ended, what expires, what money is under way."""
    settings, clock, metrics = parts.settings, parts.clock, parts.metrics
    return [
        ChecksWatch(store.checks, settings.connections, clock, metrics),
        ExpiryWatch(addresses_of(settings), secrets_of(settings), clock, metrics),
        *_money(parts, store),
    ]


def _money(parts: Parts, store: Store) -> list[MoneyWatch]:
    """One look at the orders under way to each point of sale."""
    settings = parts.settings
    kafka = partial(reading, settings.kafka)
    currencies: dict[str, set[str]] = {
        name: set() for name, connection in settings.connections.items() if connection.system == "heartland"
    }
    for channel in settings.channels.values():
        currencies[channel.pos].add(channel.currency)
    return [MoneyWatch(name, known, kafka, store.desk, parts.metrics) for name, known in currencies.items()]


_ROLES: dict[str, Run] = {"ingress": _ingress, "poll": _poll}


def _worker(role: str, target: str | None) -> Run:
    async def work(parts: Parts) -> None:
        from app.workers import gates_of, run_worker  # noqa: PLC0415 - door and poller need neither Faust nor its memory

        gates = gates_of(role, target, parts)
        async with AsyncExitStack() as stack:
            publisher = await stack.enter_async_context(_publisher(parts, WORKER_PUBLISH_SECONDS))
            store = await stack.enter_async_context(_store(parts))
            systems = await stack.enter_async_context(_systems(parts, gates))
            await run_worker(role, target, parts, publisher, store, systems, gates)

    return work


# -- Parts -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _publisher(parts: Parts, timeout: float) -> AsyncIterator[KafkaPublisher]:
    limits = PublisherLimits(timeout_seconds=timeout)
    publisher = publisher_of(parts.settings.kafka, parts.owner, parts.metrics, limits, failpoints=parts.failpoints)
    try:
        yield publisher
    finally:
        await publisher.stop()


@asynccontextmanager
async def _store(parts: Parts) -> AsyncIterator[Store]:
    settings = parts.settings.store
    url = settings.whole_url
    await migrate(url)
    store = Store.open(url, role=parts.name, clock=parts.clock, connections=settings.connections)

    async def reachable() -> str | None:
        await store.ping()
        return None

    parts.readiness.add("store", reachable)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _systems(parts: Parts, pulses: Mapping[str, Pulse] | None = None) -> AsyncIterator[Systems]:
    systems = Systems(parts.settings, parts.clock, parts.metrics, pulses, failpoints=parts.failpoints)
    try:
        yield systems
    finally:
        await systems.close()
