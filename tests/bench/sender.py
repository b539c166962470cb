"""Posts signed webhooks with as little work as possible, because sender and receivers share two cores.

The requests are whole before they are sent and the answers are read just far enough to know them: aiohttp's client
would take more time for a request than the door does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from tests.app.ingress.signing import standard_headers

ACCEPTED = 202


class SenderBroken(Exception):
    """A connection broke, or an answer was none."""


def signed_request(secret: str, order: int, body: bytes, path: str = "/webhooks/web/order") -> bytes:
    """A whole request, signed now; the door takes it for the next five minutes."""
    signature = standard_headers(secret.encode(), body, seconds=int(time.time()), message=f"msg_{order}")
    headers = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **signature,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One kept connection with at most one request on its way."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._received = b""
        self._answer: asyncio.Future[int] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to a server on this machine."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def post(self, request: bytes) -> int:
        """Send, and wait for the answer's status. Raises SenderBroken."""
        if self._transport is None or self._transport.is_closing():
            raise SenderBroken("the server closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand the status on once the whole answer is here."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._received = b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that is still due will not come."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(SenderBroken(str(exc) or "the server closed the connection"))


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


@dataclass(frozen=True, slots=True)
class Acks:
    """What came of sending as fast as answers come."""

    accepted: int
    refused: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Accepted requests in a second."""
        return self.accepted / self.seconds


async def send_back_to_back(port: int, requests: list[bytes], *, connections: int, seconds: float) -> Acks:
    """Keep so many connections busy for a while, with the requests in turn."""
    opened = [await Connection.open(port) for _ in range(connections)]
    statuses: list[int] = []
    began = time.monotonic()

    async def keep_busy(connection: Connection, place: int) -> None:
        while time.monotonic() - began < seconds:
            statuses.append(await connection.post(requests[place % len(requests)]))
            place += connections

    try:
        await asyncio.gather(*(keep_busy(connection, place) for place, connection in enumerate(opened)))
        took = time.monotonic() - began
    finally:
        for connection in opened:
            connection.close()
    accepted = statuses.count(ACCEPTED)
    return Acks(accepted, len(statuses) - accepted, took)


@dataclass(slots=True)
class Sent:
    """What became of each order's webhook; moments on the monotonic clock, which all processes here share.

    Attributes:
        due: when it was to be sent.
        at: when it was sent.
        accepted: when the 202 was here.
        refused: orders that got another answer, with its status; 0 if there was none.
    """

    due: dict[int, float] = field(default_factory=dict)
    at: dict[int, float] = field(default_factory=dict)
    accepted: dict[int, float] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)


class SteadySender:
    """Sends at a fixed rate, whatever becomes of the answers, as a shop's customers do."""

    def __init__(self, port: int, request: Callable[[int], bytes]) -> None:
        self._port = port
        self._request = request
        self._idle: list[Connection] = []
        self._all: list[Connection] = []

    async def run(self, orders: range, per_second: float) -> Sent:
        """Send those orders, one every 1/per_second seconds; returns when all are answered."""
        sent = Sent()
        began = time.monotonic() + 0.05
        posts: set[asyncio.Task[None]] = set()
        for place, order in enumerate(orders):
            sent.due[order] = began + place / per_second
            wait = sent.due[order] - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            post = asyncio.create_task(self._post(order, sent))
            posts.add(post)
            post.add_done_callback(posts.discard)
            if wait <= 0:
                await asyncio.sleep(0)
        await asyncio.gather(*posts)
        return sent

    def close(self) -> None:
        """Hang up."""
        for connection in self._all:
            connection.close()

    async def _post(self, order: int, sent: Sent) -> None:
        request = self._request(order)
        connection = self._idle.pop() if self._idle else await self._open()
        sent.at[order] = time.monotonic()
        try:
            status = await connection.post(request)
        except SenderBroken:
            sent.refused[order] = 0
            return
        self._idle.append(connection)
        if status == ACCEPTED:
            sent.accepted[order] = time.monotonic()
        else:
            sent.refused[order] = status

    async def _open(self) -> Connection:
        connection = await Connection.open(self._port)
        self._all.append(connection)
        return connection
