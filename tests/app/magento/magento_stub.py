"""A client whose Magento is a stub server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import SecretStr

from app.connections import Http, MagentoConnection
from app.magento.client import MagentoClient
from tests.app.stub_server import Seen, StubServer
from tests.twins.clock import FakeClock


@asynccontextmanager
async def stubbed(
    *answers: web.Response,
    answer: Callable[[Seen], web.Response] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    kind: type[MagentoClient] = MagentoClient,
) -> AsyncIterator[tuple[StubServer, MagentoClient]]:
    async with StubServer(*answers, answer=answer) as server:
        settings = MagentoConnection(
            base_url=server.url, bearer_token=SecretStr("token"), http=Http(read_retries=0, timeout_seconds=5)
        )
        async with kind("web", settings, FakeClock(), chance=lambda: 0.0, monotonic=monotonic) as client:
            yield server, client
