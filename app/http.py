"""What both HTTP clients stand on: a pool, time limits, retried reads, and mutations that are sent once.

aiohttp resends GET, HEAD, OPTIONS, TRACE, PUT and DELETE by itself when a reused connection breaks, and has no switch
for it. It does so for its own errors only, so a client middleware turns those into `_BrokenError` before aiohttp's loop
sees them. `tests/app/test_http_sent_once.py` proves it over a real socket, and that stock aiohttp fails the same test.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Literal, Protocol, Self

import aiohttp
from yarl import URL

from app.connections import Http
from streams.errors import OutcomeUnknown, TillstreamError, Transient, Unavailable
from streams.ports import Clock

IDLE_SECONDS = 4.0
"""How long an idle connection is kept. Shorter than Apache's five seconds, so that a server rarely closes one just as
we write a mutation to it, which would leave the outcome unknown."""

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
"""Longest wait between two tries of a read; a ``Retry-After`` beyond it is left to the caller."""

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""A ``Retry-After`` that asks for more is taken as this much."""

THROTTLED = 429
SERVER_ERROR = 500

TIMED_OUT = "timeout"


class Observe(Protocol):
    """Told about every request; the composition root passes it to the metrics."""

    def __call__(self, operation: str, status: int | None, seconds: float) -> None:
        """One request took so long; ``status`` is None if no answer came."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as its operation means it.

    Attributes:
        operation: the port's method, as in logs and journal.
        subject: what a person calls the thing: ``order 000000042``.
        method: HTTP method.
        url: complete and percent-encoded; it is sent byte for byte.
        content: JSON body of a mutation.
        content_type: of the body.
        repeatable: a POST that makes nothing, such as the request of a token.
    """

    operation: str
    subject: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    content: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    repeatable: bool = False

    @property
    def mutates(self) -> bool:
        """True if a repeat could act twice."""
        return self.method != "GET" and not self.repeatable


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. ``retry_after`` is in seconds, None if not named."""

    status: int
    content: bytes = field(repr=False)
    content_type: str = ""
    retry_after: float | None = None
    location: str = ""

    @property
    def good(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's classes


Authorise = Callable[[Request], Awaitable[Mapping[str, str]]]
"""Makes the headers of one try; called again for every try, since a signature is good for one."""


class HttpClient:
    """The connection pool of one connection (`app.connections`)."""

    def __init__(
        self,
        connection: str,
        limits: Http,
        clock: Clock,
        *,
        chance: Callable[[], float],
        observe: Observe | None = None,
    ) -> None:
        """Nothing is opened before the first request.

        Args:
            connection: its name, for messages.
            limits: time limits and sizes.
            clock: waits between tries.
            chance: numbers from 0 to 1, for full jitter.
            observe: told about every request.
        """
        self.connection = connection
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._observe = observe
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request, authorise: Authorise) -> Answer:
        """The answer, whatever its status; a read is tried again on a failed connection, 429 and 5xx.

        Raises:
            Unavailable: no connection; nothing was sent.
            Transient: a read timed out or broke.
            OutcomeUnknown: a mutation timed out or broke after its bytes were written.
        """
        retries = 0 if request.mutates else self._limits.read_retries
        for attempt in range(retries):
            headers = await authorise(request)
            wait = self._jitter(attempt)
            try:
                answer = await self._try(request, headers)
            except (Unavailable, Transient) as error:
                if error.code == TIMED_OUT:
                    raise
            else:
                if not _worth_repeating(answer):
                    return answer
                wait += answer.retry_after or 0.0
            await self._clock.sleep(wait)
        return await self._try(request, await authorise(request))

    def _jitter(self, attempt: int) -> float:
        return self._chance() * min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0**attempt)

    async def _try(self, request: Request, headers: Mapping[str, str]) -> Answer:
        progress = SimpleNamespace(written=False)
        status: int | None = None
        began = time.perf_counter()
        if request.content is not None:
            headers = {**headers, "Content-Type": request.content_type}
        try:
            async with self._open().request(
                request.method,
                URL(request.url, encoded=True),
                data=request.content,
                headers=headers,
                allow_redirects=False,
                trace_request_ctx=progress,
            ) as response:
                content = await response.read()
                status = response.status
                return Answer(
                    status,
                    content,
                    response.content_type,
                    self._retry_after(response.headers.get("Retry-After", "")),
                    response.headers.get("Location", ""),
                )
        except (aiohttp.ClientError, TimeoutError, _BrokenError) as error:
            raise self._failure(request, error, written=progress.written) from error
        finally:
            if self._observe is not None:
                self._observe(request.operation, status, time.perf_counter() - began)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            limits = self._limits
            tracing = aiohttp.TraceConfig()
            tracing.on_request_headers_sent.append(_mark_written)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limits.connections, keepalive_timeout=IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(
                    total=limits.timeout_seconds, sock_connect=limits.connect_timeout_seconds
                ),
                # Without this Accept, Magento answers errors as HTML with status 500.
                headers={"Accept": "application/json", "User-Agent": "tillstream"},
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_never_resend,),
                trace_configs=[tracing],
            )
        return self._session

    def _failure(self, request: Request, error: Exception, *, written: bool) -> TillstreamError:
        place = f"{self.connection}: {request.operation} for {request.subject}"
        reason = self._reason(error)
        if not written:
            return Unavailable(
                f"{place} was not sent, no connection: {reason}. Check that {_origin(request.url)} is up and reachable "
                "from here.",
                code="no_connection",
            )
        code = TIMED_OUT if isinstance(error, TimeoutError) else "broken_off"
        if request.mutates:
            return OutcomeUnknown(
                f"{place} was sent and got no answer ({reason}): it may have been done. It is looked up before "
                "anything is sent again.",
                code=code,
            )
        return Transient(f"{place}: the answer did not come ({reason}). It is read again later.", code=code)

    def _reason(self, error: Exception) -> str:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return f"no connection within {self._limits.connect_timeout_seconds:g} s"
        if isinstance(error, TimeoutError):
            return f"nothing within {self._limits.timeout_seconds:g} s"
        return str(error) or type(error).__name__

    def _retry_after(self, text: str) -> float | None:
        """Seconds, from either form of the header; None if it is absent or nonsense."""
        if text.strip().isdigit():
            return min(float(text), LONGEST_RETRY_AFTER_SECONDS)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - self._clock.now()).total_seconds()
        return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


class _BrokenError(Exception):
    """The connection broke under a request. No `aiohttp.ClientError`, so that aiohttp does not send it again."""


def _worth_repeating(answer: Answer) -> bool:
    """Whether another try of a read may help soon."""
    if answer.status != THROTTLED and answer.status < SERVER_ERROR:
        return False
    return (answer.retry_after or 0.0) <= LONGEST_WAIT_SECONDS


async def _never_resend(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokenError(str(error) or type(error).__name__) from error


async def _mark_written(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """aiohttp tells this just before the first byte leaves."""
    context.trace_request_ctx.written = True


def _origin(url: str) -> str:
    return str(URL(url, encoded=True).origin())
