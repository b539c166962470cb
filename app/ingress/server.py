"""The ingress role: the HTTP server around the door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from app.connections import Connection
from app.gift_card_codes import LAST_FOUR, CodeMask
from app.health import Readiness, bound_port
from app.ingress.handler import Limits, WebhookHandler, senders_of
from app.ingress.registered import Secrets, SecretsFollower
from app.publisher import KafkaPublisher
from streams.metrics import Metrics
from streams.ports import Clock

KEEPALIVE_SECONDS = 75.0
"""Longer than senders keep idle connections, so that it is they who close them."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IngressConfig:
    """Where the door is and what it takes.

    Attributes:
        host, port: where it listens; port 0 takes a free one.
        limits: what it takes.
        drain_seconds: how long a stop waits for requests in work.
        codes: masks gift cards' codes.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    drain_seconds: float = 10.0
    codes: CodeMask = LAST_FOUR


def build_server(handler: WebhookHandler, limits: Limits) -> web.Server:
    """aiohttp's low-level server: with one route, its router and signals would only cost a tenth of the rate."""

    loop = asyncio.get_running_loop()

    def request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=limits.body_bytes)

    return web.Server(handler.handle, request_factory=request, access_log=None, keepalive_timeout=KEEPALIVE_SECONDS)


async def serve(
    config: IngressConfig,
    connections: Mapping[str, Connection],
    *,
    publisher: KafkaPublisher,
    clock: Clock,
    metrics: Metrics,
    readiness: Readiness,
    stop: asyncio.Event,
    listening: Callable[[int], None] = lambda _port: None,
    registered: Callable[[], Awaitable[Secrets]] | None = None,
) -> None:
    """Run the door until ``stop`` is set, then answer what is in work and return.

    It listens also while Kafka is away, and answers 503 until it comes back.

    Args:
        config: where and how much.
        connections: by name.
        publisher: not started is well; it connects with the first event or readiness check.
        clock: for receipts and the tolerance of signatures.
        metrics: counts.
        readiness: gets the check ``kafka``.
        stop: ends it.
        listening: told the port once it listens.
        registered: reads the secrets of the receivers that were registered; None if there are none but the settings'.

    Raises:
        SecretUnreadable: a webhook secret in the settings is not one.
    """
    handler = WebhookHandler(senders_of(connections), publisher, clock, metrics, config.limits, codes=config.codes)
    follower = None if registered is None else SecretsFollower(handler, connections, registered, clock)
    if follower is not None:
        await follower.first()
    for name in handler.unsigned():
        log.warning("no webhook secret: every webhook of this connection is refused", connection=name)
    readiness.add("kafka", publisher.reason)
    runner = web.ServerRunner(build_server(handler, config.limits), shutdown_timeout=config.drain_seconds)
    await runner.setup()
    following = None if follower is None else asyncio.create_task(follower.run(), name="webhook secrets")
    try:
        await web.TCPSite(runner, config.host, config.port, backlog=1024).start()
        port = bound_port(runner)
        log.info("ingress listens", host=config.host, port=port, connections=sorted(connections))
        listening(port)
        await stop.wait()
    finally:
        log.info("ingress stops: answering what is in work")
        if following is not None:
            following.cancel()
        await runner.cleanup()
