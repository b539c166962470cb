"""What both HTTP clients stand on: a pool, time limits, retried reads, and mutations that are sent once.

aiohttp resends GET, HEAD, OPTIONS, TRACE, PUT and DELETE by itself when a reused connection breaks, and has no switch
for it. It does so for its own errors only, so a client middleware turns those into `_BrokenError` before aiohttp's loop
sees them. `tests/app/test_http_sent_once.py` proves it over a real socket, and that stock aiohttp fails the same test.

A mutation leaves soon after the call that makes it, or not at all. Whoever called it has told others how long to wait
for its effect; a process that froze for longer, or waited for a token, must not add one that they no longer expect.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Literal, Protocol, Self

import aiohttp
from yarl import URL

from app.connections import Http
from app.http_progress import Progress, tracing
from streams.errors import OutcomeUnknown, TillstreamError, Transient, Unavailable
from streams.ports import NOWHERE, Clock, Failpoint, Failpoints, Pulse

IDLE_SECONDS = 4.0
"""How long an idle connection is kept. Shorter than Apache's five seconds, so that a server rarely closes one just as
we write a mutation to it, which would leave the outcome unknown."""

SEND_SECONDS = 3.0
"""A mutation's first byte leaves within this of its beginning. Reads that it needs first count: token, status."""

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
"""Longest wait between two tries of a read; a ``Retry-After`` beyond it is left to the caller."""

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""A ``Retry-After`` that asks for more is taken as this much."""

NOT_FOUND = 404
TIMED_OUT_THERE = 408
THROTTLED = 429
SERVER_ERROR = 500
REFUSALS = (401, 403)

TIMED_OUT = "timeout"
CLOSED = "closed"
POOL = "pool"


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
        began: when a mutation began, by `HttpClient.begin`; None if `HttpClient.send` is its beginning.
    """

    operation: str
    subject: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    content: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    repeatable: bool = False
    began: float | None = None

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

BeforeMutation = Callable[[Request], None]
"""Told of every mutation before anything of it is sent; it may raise, and then nothing is."""


def let_pass(_request: Request) -> None:
    """Every mutation is sent."""


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
        pulse: Pulse | None = None,
        failpoints: Failpoints = NOWHERE,
        before_mutation: BeforeMutation = let_pass,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened before the first request.

        Args:
            connection: its name, for messages.
            limits: time limits and sizes.
            clock: waits between tries.
            chance: numbers from 0 to 1, for full jitter.
            observe: told about every request.
            pulse: told what each request says about the system.
            failpoints: told how far every mutation has come.
            before_mutation: may stop every mutation, for a run that must write nothing.
            monotonic: seconds that go on while the process is frozen.
        """
        self.connection = connection
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._observe = observe
        self._pulse = pulse
        self._failpoints = failpoints
        self._before_mutation = before_mutation
        self._monotonic = monotonic
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the pool, for good: nothing is sent from now on."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def begin(self) -> float:
        """The beginning of a mutation, for `Request.began`."""
        return self._monotonic()

    async def send(self, request: Request, authorise: Authorise) -> Answer:
        """The answer, whatever its status; a read is tried again on a failed connection, 429 and 5xx.

        It is not while the system is left alone (`Pulse.paused`): whoever asks waits for that elsewhere.

        Raises:
            Unavailable: no connection, or closed; nothing was sent.
            Transient: a read timed out or broke; or a mutation could not leave within `SEND_SECONDS`, or all of our
                connections were taken, and nothing was sent.
            OutcomeUnknown: a mutation timed out or broke after its bytes were written.
        """
        if request.mutates:
            self._before_mutation(request)
        began = self.begin() if request.began is None else request.began
        retries = 0 if request.mutates else self._limits.read_retries
        for attempt in range(retries):
            headers = await authorise(request)
            wait = self._jitter(attempt)
            try:
                answer = await self._try(request, headers, began)
            except (Unavailable, Transient) as error:
                if error.code in (TIMED_OUT, CLOSED, POOL) or self._left_alone:
                    raise
            else:
                if not _worth_repeating(answer) or self._left_alone:
                    return answer
                wait += answer.retry_after or 0.0
            await self._clock.sleep(wait)
        return await self._try(request, await authorise(request), began)

    @property
    def _left_alone(self) -> bool:
        return self._pulse is not None and self._pulse.paused

    def _jitter(self, attempt: int) -> float:
        return self._chance() * min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0**attempt)

    async def _try(self, request: Request, headers: Mapping[str, str], began: float) -> Answer:
        session, seconds = self._open(request), self._seconds_left(request, began)
        progress = Progress(
            has_body=request.content is not None,
            leaving=partial(self._seconds_left, request, began),
            left=partial(self._reached, request, Failpoint.BYTES_SENT),
        )
        status: int | None = None
        tried = time.perf_counter()
        if request.content is not None:
            headers = {**headers, "Content-Type": request.content_type}
        if self._pulse is not None:
            self._pulse.sent()
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),
                data=request.content,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=self._limits.connect_timeout_seconds),
                trace_request_ctx=progress,
            ) as response:
                content = await response.read()
                self._reached(request, Failpoint.RESPONSE_READ)
                status = response.status
                answer = Answer(
                    status,
                    content,
                    response.content_type,
                    self._retry_after(response.headers.get("Retry-After", "")),
                    response.headers.get("Location", ""),
                )
                self._tell_answer(request, answer)
                return answer
        except (aiohttp.ClientError, TimeoutError, _BrokenError) as error:
            failure = self._failure(request, error, progress)
            if self._pulse is not None and failure.code != POOL:
                self._pulse.failed(failure.message, request.subject, down=True)
            raise failure from error
        finally:
            if self._observe is not None:
                self._observe(request.operation, status, time.perf_counter() - tried)

    def _reached(self, request: Request, point: Failpoint) -> None:
        if request.mutates:
            self._failpoints.reach(point)

    def _tell_answer(self, request: Request, answer: Answer) -> None:
        """Tell the pulse. What a refusal of our credentials means is for the connector to say."""
        if self._pulse is None or answer.status in REFUSALS:
            return
        if answer.status == THROTTLED:
            self._pulse.throttled(answer.retry_after)
        elif _is_down(answer) or answer.status == SERVER_ERROR:
            reason = f"{self._place(request)} is answered {answer.status} ({answer.content_type or 'no content type'})."
            self._pulse.failed(reason, request.subject, down=_is_down(answer))
        else:
            self._pulse.answered()

    def _seconds_left(self, request: Request, began: float) -> float:
        """How long the request may take. A mutation is over, for us, one time-out after its beginning.

        Raises:
            Transient: a mutation that should have left by now.
        """
        if not request.mutates:
            return self._limits.timeout_seconds
        waited, most = self._monotonic() - began, min(SEND_SECONDS, self._limits.timeout_seconds)
        if waited < most:
            return self._limits.timeout_seconds - waited
        raise Transient(
            f"{self._place(request)} was not sent: {waited:.1f} s went by before it could leave, and {most:g} s is the "
            "most. It is tried again later; if this goes on, reads or connections there are slow, or this process is.",
            code="late",
        )

    def _open(self, request: Request) -> aiohttp.ClientSession:
        if self._closed:
            raise Unavailable(
                f"{self._place(request)} was not sent, the connection is closed: this process is stopping. It is "
                "done after the next start.",
                code=CLOSED,
            )
        if self._session is None:
            limits = self._limits
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limits.connections, keepalive_timeout=IDLE_SECONDS),
                # Without this Accept, Magento answers errors as HTML with status 500.
                headers={"Accept": "application/json", "User-Agent": "tillstream"},
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_never_resend,),
                trace_configs=[tracing()],
            )
        return self._session

    def _place(self, request: Request) -> str:
        return f"{self.connection}: {request.operation} for {request.subject}"

    def _failure(self, request: Request, error: Exception, progress: Progress) -> TillstreamError:
        place = self._place(request)
        reason = self._reason(error)
        if progress.queued:
            return Transient(
                f"{place} was not sent: all {self._limits.connections} connections were taken all the time. It is "
                f"tried again; if this goes on, {_origin(request.url)} is slow, or http.connections too small.",
                code=POOL,
            )
        if not progress.written:
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


def _is_down(answer: Answer) -> bool:
    """Whether an answer says that the system, not this request, is in trouble. So does one that is not from the API: a
    success, or a 404, that is not JSON."""
    if answer.good or answer.status == NOT_FOUND:
        return bool(answer.content) and not answer.content_type.endswith("json")
    redirected = answer.status < 400  # noqa: PLR2004 - HTTP's classes
    return redirected or answer.status == TIMED_OUT_THERE or answer.status > SERVER_ERROR


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


def _origin(url: str) -> str:
    return str(URL(url, encoded=True).origin())
