"""One Heartland account over ``/v1``: addresses, tokens, and answers as the error tree."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal, Self

from app import exact_json
from app.connections import HeartlandConnection
from app.heartland.errors import body_of, check, is_missing
from app.heartland.oauth import GoodUntil, HeldToken, TokenSource, unheard
from app.http import Answer, BeforeMutation, HttpClient, Observe, Request, let_pass
from app.listing import Listing
from app.urls import query_string
from app.wire import read_as
from schemas.heartland import ErrorBody, Page
from streams.errors import TillstreamError, Transient
from streams.ports import NOWHERE, Clock, Failpoints, Pulse

Query = Sequence[tuple[str, str]]
Explain = Callable[[ErrorBody], TillstreamError | None]
"""A better error for a refusal that an operation understands."""


class HeartlandClient:
    """Sends requests of one connection. Every method raises what `app.http` and `app.heartland.errors` name."""

    def __init__(
        self,
        name: str,
        settings: HeartlandConnection,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        observe: Observe | None = None,
        pulse: Pulse | None = None,
        failpoints: Failpoints = NOWHERE,
        before_mutation: BeforeMutation = let_pass,
        monotonic: Callable[[], float] = time.monotonic,
        token_until: GoodUntil = unheard,
    ) -> None:
        """Nothing is opened before the first request; ``token_until`` is told when each token ends."""
        self.name = name
        self._base = settings.base_url.rstrip("/")
        self._http = HttpClient(
            name,
            settings.http,
            clock,
            chance=chance,
            observe=observe,
            pulse=pulse,
            failpoints=failpoints,
            before_mutation=before_mutation,
            monotonic=monotonic,
        )
        self._tokens = TokenSource(settings, self._http, clock, token_until)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection pool."""
        await self._tokens.close()
        await self._http.close()

    async def scopes(self) -> frozenset[str]:
        """What the client may do, as its token says; empty if it does not. Raises as `TokenSource.token` does."""
        return (await self._tokens.token()).scopes

    async def get(self, operation: str, subject: str, path: str, query: Query = ()) -> bytes:
        """The JSON of a route; ``path`` begins with ``/v1`` and is percent-encoded segment by segment."""
        request = self._reading(operation, subject, path, query)
        answer = await self._send(request)
        check(answer, request, self.name)
        return answer.content

    async def find(self, operation: str, subject: str, path: str) -> bytes | None:
        """As `get`; None if Heartland does not have the resource."""
        request = self._reading(operation, subject, path, ())
        return self._found(await self._send(request), request)

    async def list(self, operation: str, path: str, updated_since: datetime, *, page: int, page_size: int) -> Listing:
        """One page of a list, oldest change first; rows of that moment are in it."""
        since = updated_since.astimezone(UTC).isoformat().replace("+00:00", "Z")
        query = [("updated_since", since), ("page", str(page)), ("per_page", str(page_size))]
        content = await self.get(operation, f"{path} since {since}, page {page}", path, query)
        found = read_as(Page[dict[str, Any]], content, f"{self.name}: the list {path}")
        return Listing(found.results, found.total)

    def begin(self) -> float:
        """The beginning of a mutation that reads something before its `change`."""
        return self._http.begin()

    async def change(
        self,
        method: Literal["POST", "PUT"],
        operation: str,
        subject: str,
        path: str,
        body: Mapping[str, object],
        explain: Explain | None = None,
        *,
        began: float | None = None,
    ) -> bytes:
        """Send a mutation once; Decimals in the body become JSON numbers.

        It began here, or at ``began``; the wait for a token counts against it.
        """
        began = self.begin() if began is None else began
        request = Request(operation, subject, method, self._base + path, exact_json.dumps(body), began=began)
        answer = await self._send(request)
        refusal = body_of(answer) if explain is not None and answer.status == HTTPStatus.BAD_REQUEST else None
        better = explain(refusal) if explain is not None and refusal is not None else None
        if better is not None:
            raise better
        check(answer, request, self.name)
        return answer.content

    async def look_up(self, operation: str, subject: str, path: str, body: Mapping[str, object]) -> bytes | None:
        """The answer of a read whose question is a body and not a URL, which logs keep; None if there is no such."""
        request = Request(operation, subject, "POST", self._base + path, exact_json.dumps(body), repeatable=True)
        return self._found(await self._send(request), request)

    async def remove(self, operation: str, subject: str, path: str) -> bool:
        """Delete a resource, by a request that is sent once; False if Heartland does not have it."""
        request = Request(operation, subject, "DELETE", self._base + path)
        answer = await self._send(request)
        return answer.status == HTTPStatus.NO_CONTENT or self._found(answer, request) is not None

    def _found(self, answer: Answer, request: Request) -> bytes | None:
        if is_missing(answer):
            return None
        check(answer, request, self.name)
        return answer.content

    def _reading(self, operation: str, subject: str, path: str, query: Query) -> Request:
        return Request(operation, subject, "GET", self._base + path + (f"?{query_string(query)}" if query else ""))

    async def _send(self, request: Request) -> Answer:
        """Send with a token. A 401 proves that nothing was done; a token that has served before has only expired."""
        token = await self._tokens.token()
        answer = await self._show(token, request)
        if answer.status != HTTPStatus.UNAUTHORIZED or not token.proven:
            return answer
        token = await self._tokens.token()
        if request.mutates:
            raise Transient(
                f"{self.name}: {request.operation} for {request.subject} was not done, the token had expired. There is "
                "a new one; it is sent again.",
                code="token_expired",
            )
        return await self._show(token, request)

    async def _show(self, token: HeldToken, request: Request) -> Answer:
        """Send, and learn from the answer whether the token is any good."""

        async def shown(_request: Request) -> Mapping[str, str]:
            return {"Authorization": f"Bearer {token.value}"}

        answer = await self._http.send(request, shown)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.drop(token)
        elif answer.good:
            token.proven = True
        return answer
