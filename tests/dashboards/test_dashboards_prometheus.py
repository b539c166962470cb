"""Every query before a real Prometheus that has scraped one process that did nothing yet."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from streams.metrics import Metrics
from tests.dashboards.boards import Asked, asked
from tests.dashboards.prometheus import Prometheus, QueryRefused, installed, prometheus
from tests.dashboards.proof import Proof
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed")


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Prometheus]:
    """Knows one idle process, of the role ``poll``."""
    metrics = Metrics()

    async def told(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4"})

    app = web.Application()
    app.router.add_get("/metrics", told)
    async with (
        TestServer(app) as server,
        prometheus(installed(), tmp_path / "prometheus", {"poll": str(server.make_url("")).rstrip("/")}) as running,
    ):

        async def scraped() -> bool:
            return bool(await running.numbers("tillstream_memory_bytes"))

        await eventually(scraped)
        yield running


async def test_every_query_is_understood_and_what_returns_nothing_stays_open(idle: Prometheus) -> None:
    misspelt = Asked("business", "Misspelt", "A", 'sum(tillstream_memory_byte{namespace=~"$namespace"})')
    right = Asked("business", "Right", "A", 'sum(tillstream_memory_bytes{namespace=~"$namespace"})')
    proof = Proof([misspelt, right, *asked()])

    assert not await proof.look(idle)
    assert right in proof.answered
    assert misspelt in proof.open
    assert proof.empty_variables == [
        "flows: variable of connection",
        "flows: variable of flow",
        "targets: variable of connection",
    ]
    assert any(line.startswith("  NO DATA business: Misspelt (A)") for line in proof.lines())


async def test_a_query_that_is_not_promql_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    async with prometheus(installed(), tmp_path / "prometheus", {}) as running:
        with pytest.raises(QueryRefused, match=r"parse error.*sum by role"):
            await running.numbers("sum by role (up)")
