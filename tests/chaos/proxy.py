"""A TCP proxy before a target that cuts connections around an effect.

It reads whole requests and hands answers on byte by byte as they come. A cut that was armed strikes the next request
that changes something; all others pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.local.ports import HOST
from tests.chaos.plan import Blow

HOLD_SECONDS = 7.0
"""Longer than the client waits (5 s); with the sandboxes' own late effects (12 s) within the longest execution (20 s
after the client's time-out)."""
ANSWER_SECONDS = 60.0
"""How long an answer is waited for that nobody will read."""
CHANGING = (b"POST ", b"PUT ", b"DELETE ")
NO_EFFECT = b"/oauth/"
"""A token is asked for by POST."""
LARGEST_HEAD = 64 * 1024


@dataclass(slots=True)
class _Armed:
    cut: Blow
    struck: asyncio.Event


class Proxy:
    """Passes everything on to ``target`` (a port of this machine)."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._armed: _Armed | None = None
        self._refuses = False
        self._clients: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        """Listen on ``port`` within."""
        server = await asyncio.start_server(self._serve, HOST, port, limit=LARGEST_HEAD)
        try:
            yield
        finally:
            server.close()

    def refuse(self) -> None:
        """Cut every connection, and every new one, until `admit`."""
        self._refuses = True
        for client in self._clients:
            _reset(client)

    def admit(self) -> None:
        """Pass everything on again."""
        self._refuses = False

    async def strike(self, cut: Blow, seconds: float) -> bool:
        """Cut around the next request that changes something. Returns when it is done; False if none came in time."""
        armed = self._armed = _Armed(cut, asyncio.Event())
        try:
            await asyncio.wait_for(armed.struck.wait(), seconds)
        except TimeoutError:
            if self._armed is armed:
                self._armed = None
                return False
            await armed.struck.wait()
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            _reset(writer)
            return
        try:
            upstream = await asyncio.open_connection(HOST, self._target)
        except OSError:
            _reset(writer)
            return
        self._clients.add(writer)
        link = _Link(self, reader, writer, *upstream)
        try:
            await link.run()
        finally:
            self._clients.discard(writer)
            writer.close()
            upstream[1].close()

    def take(self, head: bytes) -> _Armed | None:
        """What is armed, if this request changes something; it is armed no longer."""
        armed = self._armed
        if armed is None or not head.startswith(CHANGING) or NO_EFFECT in head.partition(b"\r\n")[0]:
            return None
        self._armed = None
        return armed


class _Link:
    """One connection of the client and its own connection to the target."""

    def __init__(
        self,
        proxy: Proxy,
        from_client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        from_target: asyncio.StreamReader,
        to_target: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._from_client = from_client
        self._to_client = to_client
        self._from_target = from_target
        self._to_target = to_target
        self._armed: _Armed | None = None  # what struck a request here

    async def run(self) -> None:
        """Pass requests and answers until one side hangs up or a cut strikes."""
        answers = asyncio.create_task(self._pass_answers())
        requests = asyncio.create_task(self._pass_requests())
        try:
            await asyncio.wait((answers, requests), return_when=asyncio.FIRST_COMPLETED)
            if requests.done() and not requests.cancelled() and requests.exception() is None:
                await asyncio.wait((answers,), timeout=ANSWER_SECONDS)  # a cut: the target finishes undisturbed
        finally:
            for task in (answers, requests):
                task.cancel()
            await asyncio.gather(answers, requests, return_exceptions=True)
            if self._armed is not None:  # also if the target hung up by itself before there was anything to cut
                self._armed.struck.set()

    async def _pass_requests(self) -> None:
        """Ends by an exception when the client hangs up, and normally after a cut of a request that was forwarded."""
        while True:
            head = await self._from_client.readuntil(b"\r\n\r\n")
            request = head + await self._from_client.readexactly(_length(head))
            armed = self._proxy.take(head)
            if armed is None:
                self._to_target.write(request)
                await self._to_target.drain()
                continue
            await self._strike(armed, request)
            return

    async def _strike(self, armed: _Armed, request: bytes) -> None:
        self._armed = armed
        if armed.cut is Blow.CUT_BEFORE:
            _reset(self._to_client)
            raise ConnectionResetError
        if armed.cut is Blow.HOLD:
            await asyncio.sleep(HOLD_SECONDS)
        self._to_target.write(request)
        await self._to_target.drain()
        if armed.cut is Blow.CUT_SENT:
            _reset(self._to_client)
        if armed.cut is not Blow.CUT_ANSWER:
            armed.struck.set()

    async def _pass_answers(self) -> None:
        while data := await self._from_target.read(LARGEST_HEAD):
            if self._armed is not None and self._armed.cut is Blow.CUT_ANSWER:
                self._to_client.write(data[:1])
                await asyncio.sleep(0)
                _reset(self._to_client)
                return
            with contextlib.suppress(OSError):  # after a cut the client has gone
                self._to_client.write(data)
                await self._to_client.drain()
            if self._armed is not None:
                return


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Cut a connection at once instead of ending it in order."""
    plug: socket.socket | None = writer.get_extra_info("socket")
    if plug is not None:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
