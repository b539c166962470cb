"""The gate that a deliver worker puts before its target: made from the settings, told to those who watch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp import web

from app.clock import SystemClock
from app.connections import Budget, HeartlandConnection, Http, MagentoConnection
from app.health import Readiness
from app.parts import Parts
from app.settings import Settings
from app.systems import Systems
from app.workers import _connections_of, _entrance_of, _lanes_of, _share, gates_of, job_of, width_of
from streams.deliver.breaker import State
from streams.deliver.gate import Gate
from streams.errors import TillstreamError
from streams.metrics import Metrics
from streams.ports import Record
from streams.runtime.bulkheads import Bulkheads
from streams.runtime.lanes import Lanes
from streams.runtime.work import Arrival
from tests.app.stub_server import StubServer
from tests.twins.kafka import envelope, record


def parts_of(url: str = "http://127.0.0.1:9", budget: Budget | None = None) -> Parts:
    pos = HeartlandConnection(base_url=url, client_id="till", client_secret="s", budget=budget or Budget())
    shop = MagentoConnection(base_url=url, bearer_token="t")
    settings = Settings(connections={"pos": pos, "web": shop})
    return Parts(settings, "deliver-pos", SystemClock(), Metrics(), Readiness(), asyncio.Event())


def sample(parts: Parts, name: str) -> float | None:
    return parts.metrics.registry.get_sample_value(name, {"target": "pos"})


async def read(systems: Systems, gate: Gate) -> None:
    async with gate.turn(lambda: True, asyncio.sleep):
        await systems.points_of_sale["pos"].reader.read("order", "1")


async def test_a_worker_has_its_part_of_the_budget_of_its_target() -> None:
    parts = parts_of(budget=Budget(requests_per_second=32.0, burst=4.0))
    gate = gates_of("deliver", "pos", parts)["pos"]
    await _share(gate, 32, [("canonical.sale", n) for n in range(8)])
    assert sample(parts, "tillstream_budget_rate") == 8.0
    assert sample(parts, "tillstream_breaker_state") == State.CLOSED.value


async def test_a_target_that_is_down_is_told_and_leaves_the_worker_ready() -> None:
    parts = parts_of()
    gate = gates_of("deliver", "pos", parts)["pos"]
    systems = Systems(parts.settings, parts.clock, parts.metrics, {"pos": gate})
    try:
        while gate.state is State.CLOSED:
            with pytest.raises(TillstreamError):
                await read(systems, gate)
        assert "was not sent, no connection" in parts.readiness.notes()["pos"]
        assert await parts.readiness.reasons() == {}
        assert sample(parts, "tillstream_breaker_state") == State.OPEN.value
        assert sample(parts, "tillstream_budget_rate") == 0.0
    finally:
        await systems.close()


async def test_refused_credentials_stop_the_target_by_the_connectors_words() -> None:
    refusal = web.json_response({"error": "invalid_client", "error_description": "unknown"}, status=401)
    async with StubServer(refusal) as server:
        parts = parts_of(server.url)
        gate = gates_of("deliver", "pos", parts)["pos"]
        systems = Systems(parts.settings, parts.clock, parts.metrics, {"pos": gate})
        try:
            with pytest.raises(TillstreamError):
                await read(systems, gate)
            assert gate.state is State.STOPPED
            assert "Check client_id and client_secret" in parts.readiness.notes()["pos"]
        finally:
            await systems.close()


async def test_another_connections_requests_say_nothing_about_the_target() -> None:
    parts = parts_of()
    gate = gates_of("deliver", "pos", parts)["pos"]
    systems = Systems(parts.settings, parts.clock, parts.metrics, {"pos": gate})
    try:
        for _ in range(6):
            with pytest.raises(TillstreamError):
                await systems.webs["web"].reader.read("order", "1")
        assert gate.state is State.CLOSED
    finally:
        await systems.close()


def test_a_worker_has_no_more_in_hand_than_its_target_has_connections() -> None:
    settings = parts_of().settings
    pos = settings.connections["pos"]
    narrow = pos.model_copy(update={"http": Http(connections=7)})
    settings = settings.model_copy(update={"connections": {**settings.connections, "pos": narrow}})
    assert (width_of("pos", settings), width_of("web", settings), width_of(None, settings)) == (7, 20, 32)


def test_inventory_waits_for_the_point_of_sale_that_it_reads_and_for_no_other() -> None:
    parts = parts_of()
    gates = gates_of("inventory", None, parts)
    assert set(gates) == {"pos"}
    entrance_of = _entrance_of(job_of("inventory", None, parts.settings), gates)
    headers = envelope(entity="stock_hint")
    assert entrance_of([Arrival(record(b"{}", headers, key="pos:A"), headers)]) is gates["pos"]
    assert not entrance_of([Arrival(record(b"{}", headers, key="gone:A"), headers)]).paused
    assert gates_of("normalize", None, parts) == {}


async def test_a_connection_that_is_down_leaves_the_others_their_lanes() -> None:
    ended: asyncio.Queue[bytes] = asyncio.Queue()

    async def process(records: Sequence[Record]) -> None:
        if records[-1].key.startswith(b"down:"):
            await asyncio.Event().wait()
        ended.put_nowait(records[-1].key)

    async def done() -> None:
        pass

    lanes = _lanes_of(["down", "up"], lambda: Lanes(process, width=4, capacity=16))
    async with asyncio.timeout(5):
        for number in range(16):
            await lanes.submit(record(b"{}", key=f"down:{number}"), b"down:%d" % number, done)
        await lanes.submit(record(b"{}", key="up:A"), b"up:A", done)
        assert await ended.get() == b"up:A"
    await lanes.close()


@pytest.mark.parametrize(
    ("role", "target", "topic", "connections"),
    [
        ("normalize", None, "raw.magento.order", ["web"]),
        ("normalize", None, "raw.heartland.inventory", ["pos"]),
        ("inventory", None, "hint.stock", ["pos"]),
        ("deliver", "pos", "canonical.sale", []),
    ],
)
def test_what_is_read_has_lanes_for_each_connection_that_it_may_wait_for(
    role: str, target: str | None, topic: str, connections: list[str]
) -> None:
    settings = parts_of().settings
    assert _connections_of(job_of(role, target, settings), topic, settings) == connections

    async def process(_records: Sequence[Record]) -> None:
        pass

    lanes = _lanes_of(connections, lambda: Lanes(process, width=4, capacity=16))
    assert isinstance(lanes, Bulkheads if connections else Lanes)
