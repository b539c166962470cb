from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.health import Readiness, StatusServer
from schemas.envelope import Via
from streams.metrics import Metrics


class Status:
    def __init__(self) -> None:
        self.metrics = Metrics()
        self.readiness = Readiness(timeout_seconds=0.05)
        self.server = StatusServer("ingress", self.metrics, self.readiness)
        self.port = 0

    async def get(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}{path}") as answer:
            return answer.status, await answer.text()

    async def ready(self) -> tuple[int, Any]:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def status() -> AsyncIterator[Status]:
    status = Status()
    status.port = await status.server.start("127.0.0.1", 0)
    yield status
    await status.server.stop()


async def test_port_zero_takes_a_free_port_and_reports_it(status: Status) -> None:
    assert status.port > 1023
    assert (await status.get("/healthz"))[0] == 200


async def test_metrics_are_served_in_the_prometheus_format(status: Status) -> None:
    status.metrics.received("web", "order", Via.WEBHOOK)
    code, text = await status.get("/metrics")
    assert code == 200
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["tillstream_receipts"].samples[0].value == 1


async def test_ready_with_no_reason_against_it(status: Status) -> None:
    status.readiness.add("kafka", lambda: None)
    assert await status.ready() == (200, {"status": "ready", "role": "ingress", "reasons": {}})


async def test_a_note_is_told_and_leaves_the_role_ready(status: Status) -> None:
    told: list[str | None] = ["pos is paused", None]
    status.readiness.add_note("target", lambda: told.pop(0))
    assert await status.ready() == (
        200,
        {"status": "ready", "role": "ingress", "reasons": {}, "notes": {"target": "pos is paused"}},
    )
    assert "notes" not in (await status.ready())[1]


async def test_not_ready_says_why_for_each_check(status: Status) -> None:
    async def store() -> str | None:
        return "PostgreSQL refuses connections: check TILLSTREAM_STORE__URL"

    status.readiness.add("kafka", lambda: "no broker answers")
    status.readiness.add("store", store)
    status.readiness.add("fine", lambda: None)
    code, answer = await status.ready()
    assert code == 503
    assert answer["reasons"] == {
        "kafka": "no broker answers",
        "store": "PostgreSQL refuses connections: check TILLSTREAM_STORE__URL",
    }


async def test_a_check_that_raises_or_hangs_is_a_reason_and_not_an_error(status: Status) -> None:
    def broken() -> str | None:
        raise ConnectionRefusedError("nobody listens")

    async def hangs() -> str | None:
        await asyncio.sleep(60)
        return None

    status.readiness.add("broken", broken)
    status.readiness.add("hangs", hangs)
    code, answer = await status.ready()
    assert code == 503
    assert answer["reasons"] == {
        "broken": "ConnectionRefusedError: nobody listens",
        "hangs": "no answer within 0.05 s",
    }


async def test_a_role_becomes_ready_again(status: Status) -> None:
    reason: list[str | None] = ["starting"]
    status.readiness.add("kafka", lambda: reason[0])
    assert (await status.ready())[0] == 503
    reason[0] = None
    assert (await status.ready())[0] == 200


async def test_a_role_is_not_ready_before_it_has_started(status: Status) -> None:
    status.readiness.awaited = frozenset({"kafka"})
    status.readiness.add("store", lambda: None)
    assert await status.ready() == (
        503,
        {"status": "not ready", "role": "ingress", "reasons": {"kafka": "this role is starting"}},
    )
    status.readiness.add("kafka", lambda: None)
    assert (await status.ready())[0] == 200
