"""A mutation leaves once, whatever the connection does; over a real socket, against a server that counts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Self, cast

import aiohttp
import pytest

from app.connections import Http
from app.http import SEND_SECONDS, HttpClient, Request
from streams.errors import OutcomeUnknown, Transient, Unavailable
from tests.twins.clock import FakeClock

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"
MUTATIONS = ["POST", "PUT", "DELETE"]


class Peer:
    """Answers every request of a connection but the last, on which it hangs up after it has read it whole."""

    def __init__(self, hang_up_on: int = 2, last_words: bytes = b"", silent: bool = False) -> None:
        self.hang_up_on = hang_up_on
        self.last_words = last_words
        self.silent = silent
        self.received: list[str] = []
        self.connections = 0
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/x"
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        await asyncio.gather(*self._talks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(cast("asyncio.Task[None]", asyncio.current_task()))
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(1, self.hang_up_on + 1):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("Content-Length")]
            await reader.readexactly(sum(lengths))
            self.received.append(head.split(" ")[0])
            if number < self.hang_up_on:
                writer.write(OK)
            elif self.silent:
                await reader.read()
            else:
                writer.write(self.last_words)
            await writer.drain()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer() as peer:
        yield peer


@pytest.fixture
async def client(peer: Peer) -> AsyncIterator[HttpClient]:
    async with HttpClient("web", Http(timeout_seconds=5), FakeClock(), chance=random.random) as client:
        yield client


def request(peer: Peer, method: str) -> Request:
    body = None if method in ("GET", "DELETE") else b'{"entity": 1}'
    return Request("set_it", "order 42", method, peer.url, body)  # type: ignore[arg-type]


async def nothing(_request: Request) -> Mapping[str, str]:
    return {}


@pytest.mark.parametrize("method", MUTATIONS)
async def test_a_mutation_on_a_reused_connection_that_breaks_arrives_exactly_once(
    peer: Peer, client: HttpClient, method: str
) -> None:
    await client.send(request(peer, "GET"), nothing)
    with pytest.raises(OutcomeUnknown, match="web: set_it for order 42 was sent and got no answer"):
        await client.send(request(peer, method), nothing)
    assert peer.connections == 1
    assert peer.received == ["GET", method]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_plain_aiohttp_sends_such_a_mutation_twice(peer: Peer, method: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(peer.url) as response:
            await response.read()
        async with session.request(method, peer.url) as response:
            await response.read()
    assert peer.received == ["GET", method, method]


async def test_a_read_on_a_reused_connection_that_breaks_is_sent_again_by_us(peer: Peer, client: HttpClient) -> None:
    await client.send(request(peer, "GET"), nothing)
    answer = await client.send(request(peer, "GET"), nothing)
    assert answer.status == 200
    assert peer.received == ["GET", "GET", "GET"]


async def test_a_read_that_always_breaks_is_transient_and_tried_as_often_as_configured() -> None:
    async with (
        Peer(hang_up_on=1) as peer,
        HttpClient("web", Http(read_retries=2), FakeClock(), chance=random.random) as client,
    ):
        with pytest.raises(Transient, match="the answer did not come"):
            await client.send(request(peer, "GET"), nothing)
    assert peer.received == ["GET", "GET", "GET"]


@pytest.mark.parametrize("method", MUTATIONS)
async def test_a_mutation_that_finds_no_connection_was_not_sent(method: str) -> None:
    async with Peer() as peer:
        pass
    async with HttpClient("web", Http(), FakeClock(), chance=random.random) as client:
        with pytest.raises(Unavailable, match="was not sent, no connection") as caught:
            await client.send(request(peer, method), nothing)
    assert caught.value.code == "no_connection"


@pytest.mark.parametrize("method", MUTATIONS)
async def test_a_process_that_freezes_between_connecting_and_sending_does_not_send(method: str) -> None:
    began, connecting, connected = 0.0, 0.0, 150.0
    readings = iter([began, connecting, connected])
    async with (
        Peer() as peer,
        HttpClient("web", Http(), FakeClock(), chance=random.random, monotonic=lambda: next(readings)) as client,
    ):
        with pytest.raises(Transient, match=r"set_it for order 42 was not sent: 150\.0 s went by") as caught:
            await client.send(request(peer, method), nothing)
    assert caught.value.code == "late"
    assert peer.connections == 1
    assert peer.received == []


@pytest.mark.parametrize("method", MUTATIONS)
async def test_a_process_that_freezes_while_it_signs_does_not_even_connect(peer: Peer, method: str) -> None:
    passed = 0.0

    async def freeze(_request: Request) -> Mapping[str, str]:
        nonlocal passed
        passed = SEND_SECONDS
        return {}

    async with HttpClient("web", Http(), FakeClock(), chance=random.random, monotonic=lambda: passed) as client:
        with pytest.raises(Transient, match="was not sent"):
            await client.send(request(peer, method), freeze)
        assert (await client.send(request(peer, "GET"), nothing)).good
    assert peer.received == ["GET"]


async def test_a_time_out_shorter_than_the_time_to_send_is_the_limit() -> None:
    readings = iter([0.0, 0.5])
    async with (
        Peer() as peer,
        HttpClient(
            "web", Http(timeout_seconds=0.5), FakeClock(), chance=random.random, monotonic=lambda: next(readings)
        ) as client,
    ):
        with pytest.raises(Transient, match=r"0\.5 s is the most"):
            await client.send(request(peer, "POST"), nothing)
    assert peer.received == []


async def test_the_time_before_a_mutation_leaves_is_taken_from_the_wait_for_its_answer() -> None:
    began = asyncio.get_running_loop().time()
    async with (
        Peer(hang_up_on=1, silent=True) as peer,
        HttpClient(
            "web", Http(timeout_seconds=3.2), FakeClock(), chance=random.random, monotonic=lambda: 2.9
        ) as client,
    ):
        with pytest.raises(OutcomeUnknown):
            await client.send(replace(request(peer, "POST"), began=0.0), nothing)
    assert asyncio.get_running_loop().time() - began < 3
    assert peer.received == ["POST"]


@pytest.mark.parametrize("method", ["GET", *MUTATIONS])
async def test_nothing_leaves_after_the_close(peer: Peer, method: str) -> None:
    clock = FakeClock()
    client = HttpClient("web", Http(), clock, chance=random.random)
    await client.send(request(peer, "GET"), nothing)
    await client.close()
    with pytest.raises(Unavailable, match="set_it for order 42 was not sent, the connection is closed") as caught:
        await client.send(request(peer, method), nothing)
    assert (caught.value.code, clock.slept) == ("closed", [])
    assert peer.received == ["GET"]


async def test_a_close_before_the_first_request_is_as_final(peer: Peer) -> None:
    client = HttpClient("web", Http(), FakeClock(), chance=random.random)
    await client.close()
    with pytest.raises(Unavailable, match="closed"):
        await client.send(request(peer, "POST"), nothing)
    assert peer.connections == 0


@pytest.mark.parametrize(("method", "error"), [("POST", OutcomeUnknown), ("GET", Transient)])
async def test_no_answer_in_time_leaves_a_mutation_unknown_and_a_read_transient(
    method: str, error: type[Exception]
) -> None:
    async with (
        Peer(hang_up_on=1, silent=True) as peer,
        HttpClient("web", Http(timeout_seconds=0.2), FakeClock(), chance=random.random) as client,
    ):
        with pytest.raises(error, match="nothing within"):
            await client.send(request(peer, method), nothing)
    assert peer.received == [method]


async def test_an_answer_that_stops_halfway_leaves_a_mutation_unknown() -> None:
    async with (
        Peer(hang_up_on=1, last_words=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as peer,
        HttpClient("web", Http(), FakeClock(), chance=random.random) as client,
    ):
        with pytest.raises(OutcomeUnknown):
            await client.send(request(peer, "POST"), nothing)
    assert peer.received == ["POST"]
