"""A mutation that stops at a failpoint has come exactly as far as the point says; over a real socket."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, Self

import pytest
import uvloop

from app.connections import Http
from app.http import Answer, HttpClient, Request
from streams.errors import OutcomeUnknown, Unavailable
from streams.ports import Failpoint
from tests.twins.clock import FakeClock
from tests.twins.failpoints import Reached

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
PATIENCE = 5.0
MUTATIONS: list[tuple[str, bytes | None]] = [
    ("POST", b'{"entity": 1}'),
    ("POST", b"x" * 100_000),
    ("PUT", b"{}"),
    ("DELETE", None),
]
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


class Peer:
    """One request's server, in a thread of its own: it goes on while the client's event loop stands still."""

    def __init__(self) -> None:
        self.has_it_all = threading.Event()
        self.may_answer = threading.Event()
        self.hangs_up = False

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/x"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.may_answer.set()
        self._thread.join(PATIENCE)
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, connection.makefile("rb") as incoming:
            length = 0
            while line := incoming.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            incoming.read(length)
            self.has_it_all.set()
            self.may_answer.wait(PATIENCE)
            if not self.hangs_up:
                connection.sendall(HEAD)
                connection.sendall(b"{}")


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as peer:
        yield peer


async def nothing(_request: Request) -> Mapping[str, str]:
    return {}


def send(
    url: str,
    reached: Reached,
    method: str = "POST",
    body: bytes | None = b"{}",
    *,
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    repeatable: bool = False,
) -> Answer:
    async def run() -> Answer:
        request = Request("set_it", "order 42", method, url, body, repeatable=repeatable)  # type: ignore[arg-type]
        limits = Http(timeout_seconds=PATIENCE, read_retries=0)
        async with HttpClient("web", limits, FakeClock(), chance=random.random, failpoints=reached) as client:
            return await client.send(request, nothing)

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


@pytest.mark.parametrize("loop", LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(("method", "body"), MUTATIONS, ids=["POST", "large POST", "PUT", "DELETE"])
def test_when_its_bytes_are_sent_the_server_has_them_all_and_has_not_answered(
    peer: Peer, method: str, body: bytes | None, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """The client stands still at the point, as if it were stopped there: what the server gets, it had sent before."""
    arrived: dict[Failpoint, bool] = {}

    def stand_still(point: Failpoint) -> None:
        arrived[point] = peer.has_it_all.wait(1.0)
        peer.may_answer.set()

    reached = Reached(stand_still)
    assert send(peer.url, reached, method, body, loop=loop).good
    assert reached.points == [Failpoint.BYTES_SENT, Failpoint.RESPONSE_READ]
    assert arrived[Failpoint.BYTES_SENT]


def test_an_answer_that_breaks_off_was_not_read(peer: Peer) -> None:
    peer.hangs_up = True
    peer.may_answer.set()
    reached = Reached()
    with pytest.raises(OutcomeUnknown):
        send(peer.url, reached)
    assert reached.points == [Failpoint.BYTES_SENT]


def test_a_mutation_that_finds_no_connection_reaches_nothing() -> None:
    reached = Reached()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Unavailable):
        send(f"http://127.0.0.1:{port}/x", reached)
    assert reached.points == []


@pytest.mark.parametrize(("method", "repeatable"), [("GET", False), ("POST", True)])
def test_what_changes_nothing_reaches_nothing(peer: Peer, method: Literal["GET", "POST"], repeatable: bool) -> None:
    peer.may_answer.set()
    reached = Reached()
    assert send(peer.url, reached, method, None if method == "GET" else b"{}", repeatable=repeatable).good
    assert reached.points == []
