"""How far a request has come, as aiohttp tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp


@dataclass(slots=True)
class Progress:
    """One try of one request; given to aiohttp as its ``trace_request_ctx``.

    Attributes:
        has_body: whether anything comes after the headers.
        leaving: called on the open connection, just before the first byte leaves; what it raises stops that.
        left: called once the operating system has the whole request (or as much of it as its buffer takes), before
            anything of an answer is read.
        queued: True while all connections are taken.
        written: True once the first byte is about to leave.
    """

    has_body: bool
    leaving: Callable[[], object]
    left: Callable[[], object]
    queued: bool = False
    written: bool = False


def tracing() -> aiohttp.TraceConfig:
    """What keeps the `Progress` of a session's requests."""
    config = aiohttp.TraceConfig()
    config.on_connection_queued_start.append(_queued)
    config.on_connection_queued_end.append(_not_queued)
    config.on_request_headers_sent.append(_headers)
    config.on_request_chunk_sent.append(_body)
    return config


async def _queued(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceConnectionQueuedStartParams
) -> None:
    _of(context).queued = True


async def _not_queued(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceConnectionQueuedEndParams
) -> None:
    _of(context).queued = False


async def _headers(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    progress = _of(context)
    progress.leaving()
    progress.written = True
    if not progress.has_body:
        _after_the_write(progress.left)


async def _body(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestChunkSentParams
) -> None:
    """A body of bytes is one chunk, and leaves in one write with the headers."""
    _after_the_write(_of(context).left)


def _after_the_write(call: Callable[[], object]) -> None:
    """aiohttp tells of headers and chunks just before it writes them, in the same turn of the event loop, and uvloop
    hands what is written to the operating system at the end of that turn; no answer is read before the next."""
    asyncio.get_running_loop().call_soon(call)


def _of(context: SimpleNamespace) -> Progress:
    progress: Progress = context.trace_request_ctx
    return progress
