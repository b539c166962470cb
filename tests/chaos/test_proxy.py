from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.local.ports import HOST, free_ports
from tests.chaos import proxy as proxies
from tests.chaos.plan import Blow
from tests.chaos.proxy import Proxy
from tests.waiting import eventually


@dataclass
class Target:
    """A server behind a proxy; every request that reached it, and when."""

    proxy: Proxy
    url: str
    reached: list[tuple[str, float]] = field(default_factory=list)
    hangs_up: bool = False

    async def answer(self, request: web.Request) -> web.Response:
        self.reached.append((f"{request.method} {request.path} {await request.text()}", time.monotonic()))
        if self.hangs_up and request.transport is not None:
            request.transport.abort()
        return web.json_response({"id": 1})

    @property
    def requests(self) -> list[str]:
        return [request for request, _ in self.reached]


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    app = web.Application()
    server = TestServer(app)
    (port,) = free_ports(1)
    made = Target(Proxy(0), f"http://{HOST}:{port}")
    app.router.add_route("*", "/{path:.*}", made.answer)
    await server.start_server()
    made.proxy = Proxy(server.port or 0)
    async with made.proxy.serving(port):
        yield made
    await server.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def post(client: aiohttp.ClientSession, target: Target, path: str = "/v1/orders") -> int:
    async with client.post(target.url + path, data=b"order") as response:
        await response.read()
        return response.status


async def test_what_is_not_struck_passes(target: Target, client: aiohttp.ClientSession) -> None:
    assert [await post(client, target) for _ in range(3)] == [200] * 3
    assert target.requests == ["POST /v1/orders order"] * 3


@pytest.mark.parametrize(("cut", "done"), [(Blow.CUT_BEFORE, 0), (Blow.CUT_SENT, 1), (Blow.CUT_ANSWER, 1)], ids=str)
async def test_a_cut_hides_from_the_client_whether_it_was_done(
    target: Target, client: aiohttp.ClientSession, cut: Blow, done: int
) -> None:
    await post(client, target, "/warm")
    striking = asyncio.create_task(target.proxy.strike(cut, 5))
    await asyncio.sleep(0)
    with pytest.raises(aiohttp.ClientError):
        await post(client, target)
    assert await striking
    await eventually(lambda: len(target.reached) >= 1 + done)
    assert await post(client, target, "/after") == 200
    assert target.requests == ["POST /warm order", *["POST /v1/orders order"] * done, "POST /after order"]


async def test_a_held_request_is_done_when_its_client_has_given_up(
    target: Target, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "HOLD_SECONDS", 0.5)
    striking = asyncio.create_task(target.proxy.strike(Blow.HOLD, 5))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await client.post(target.url + "/v1/orders", timeout=aiohttp.ClientTimeout(total=0.1))
    gave_up = time.monotonic()
    assert target.reached == []
    assert await striking
    await eventually(lambda: len(target.reached) >= 1)
    assert target.reached[0][1] > gave_up


@pytest.mark.parametrize("cut", [Blow.CUT_SENT, Blow.CUT_ANSWER], ids=str)
async def test_a_strike_is_over_when_the_target_hangs_up_by_itself(
    target: Target, client: aiohttp.ClientSession, cut: Blow
) -> None:
    target.hangs_up = True
    striking = asyncio.create_task(target.proxy.strike(cut, 0.5))
    await asyncio.sleep(0)
    with pytest.raises(aiohttp.ClientError):
        await post(client, target)
    assert await asyncio.wait_for(striking, 5)


async def test_reads_and_tokens_are_not_struck(target: Target, client: aiohttp.ClientSession) -> None:
    striking = asyncio.create_task(target.proxy.strike(Blow.CUT_BEFORE, 0.3))
    await asyncio.sleep(0)
    async with client.get(target.url + "/v1/orders") as response:
        assert response.status == 200
    assert await post(client, target, "/oauth/token") == 200
    assert not await striking
    assert await post(client, target) == 200


async def test_a_target_that_is_down_is_down_through_the_proxy(client: aiohttp.ClientSession) -> None:
    port, nobody = free_ports(2)
    async with Proxy(nobody).serving(port):
        with pytest.raises(aiohttp.ClientError):
            await client.post(f"http://{HOST}:{port}/v1/orders")


async def test_a_target_that_is_cut_off_is_reached_by_nobody_until_it_is_given_back(
    target: Target, client: aiohttp.ClientSession
) -> None:
    assert await post(client, target) == 200
    target.proxy.refuse()  # the connection that is kept open, too
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await post(client, target)
    assert len(target.requests) == 1
    target.proxy.admit()
    assert await post(client, target) == 200
