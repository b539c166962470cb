"""An ingress in a process of its own, to be killed: ``python -m tests.integration.ingress_process BROKERS SECRET``."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import MagentoConnection, Webhooks
from app.health import Readiness
from app.ingress.server import IngressConfig, serve
from app.logging import configure_logging
from app.publisher import KafkaPublisher
from streams.metrics import Metrics


async def main(brokers: str, secret: str) -> None:
    metrics = Metrics()
    web = MagentoConnection(base_url="http://web", webhooks=Webhooks(secrets=(SecretStr(secret),)))
    await serve(
        IngressConfig(port=0),
        {"web": web},
        publisher=KafkaPublisher({"bootstrap_servers": brokers}, "ingress-process", metrics),
        clock=SystemClock(),
        metrics=metrics,
        readiness=Readiness(),
        stop=asyncio.Event(),
        listening=lambda port: print(port, flush=True),  # noqa: T201 - how the test learns the port
    )


if __name__ == "__main__":
    configure_logging("WARNING")
    uvloop.run(main(*sys.argv[1:]))
