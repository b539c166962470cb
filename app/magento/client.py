"""One Magento instance over REST: addresses, authorisation, and answers as the error tree."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Literal, Self

from app import exact_json
from app.connections import MagentoConnection
from app.http import Answer, Authorise, BeforeMutation, HttpClient, Observe, Request, let_pass
from app.magento.errors import check, is_missing
from app.magento.oauth import OAuthKeys, OAuthSigner
from app.magento.search import Query
from app.magento.staging import harmless
from app.urls import query_string
from streams.ports import NOWHERE, Clock, Failpoints, Pulse

Scope = Literal["", "all"]
"""What a route's values are for: the default store view, or ``all`` for the global ones. Lists are never narrowed."""


class MagentoClient:
    """Sends requests of one connection. Every method raises what `app.http` and `app.magento.errors` name."""

    def __init__(
        self,
        name: str,
        settings: MagentoConnection,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        observe: Observe | None = None,
        pulse: Pulse | None = None,
        failpoints: Failpoints = NOWHERE,
        before_mutation: BeforeMutation = let_pass,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened before the first request.

        Raises:
            ValueError: neither all four OAuth secrets nor a bearer token.
        """
        self.name = name
        self._base = settings.base_url.rstrip("/") + "/rest"
        self._staging = settings.environment == "staging"
        self._authorise = _authorisation(name, settings, clock)
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection pool."""
        await self._http.close()

    async def get(self, operation: str, subject: str, path: str, query: Query = (), *, scope: Scope = "") -> bytes:
        """The JSON of a route; ``path`` begins with ``/V1`` and is percent-encoded segment by segment."""
        answer, request = await self._get(operation, subject, _scoped(scope) + path, query)
        check(answer, request, self.name)
        return answer.content

    async def find(
        self, operation: str, subject: str, path: str, query: Query = (), *, scope: Scope = ""
    ) -> bytes | None:
        """As `get`; None if Magento does not have the entity."""
        answer, request = await self._get(operation, subject, _scoped(scope) + path, query)
        if is_missing(answer):
            return None
        check(answer, request, self.name)
        return answer.content

    def begin(self) -> float:
        """The beginning of a mutation that reads something before its `post`."""
        return self._http.begin()

    async def post(
        self,
        operation: str,
        subject: str,
        path: str,
        body: Mapping[str, object],
        *,
        scope: Scope = "",
        began: float | None = None,
    ) -> bytes:
        """Send a mutation once; Decimals in the body become JSON numbers. It began here, or at ``began``."""
        return await self._change("POST", operation, subject, _scoped(scope) + path, body, began)

    async def put(
        self,
        operation: str,
        subject: str,
        path: str,
        body: Mapping[str, object],
        *,
        scope: Scope = "",
        began: float | None = None,
    ) -> bytes:
        """As `post`, by PUT."""
        return await self._change("PUT", operation, subject, _scoped(scope) + path, body, began)

    async def look_up(
        self, operation: str, subject: str, path: str, body: Mapping[str, object], *, scope: Scope = ""
    ) -> bytes:
        """The answer of a read whose question is the body of a POST."""
        url = self._base + _scoped(scope) + path
        request = Request(operation, subject, "POST", url, exact_json.dumps(body), repeatable=True)
        answer = await self._send(request)
        check(answer, request, self.name)
        return answer.content

    async def _change(
        self,
        method: Literal["POST", "PUT"],
        operation: str,
        subject: str,
        path: str,
        body: Mapping[str, object],
        began: float | None,
    ) -> bytes:
        if self._staging:
            body = harmless(self.name, operation, subject, body)
        began = self.begin() if began is None else began
        request = Request(operation, subject, method, self._base + path, exact_json.dumps(body), began=began)
        answer = await self._send(request)
        check(answer, request, self.name)
        return answer.content

    async def _send(self, request: Request) -> Answer:
        return await self._http.send(request, self._authorise)

    async def _get(self, operation: str, subject: str, path: str, query: Query) -> tuple[Answer, Request]:
        url = self._base + path + (f"?{query_string(query)}" if query else "")
        request = Request(operation, subject, "GET", url)
        return await self._send(request), request


def _scoped(scope: Scope) -> str:
    return f"/{scope}" if scope else ""


def _authorisation(name: str, settings: MagentoConnection, clock: Clock) -> Authorise:
    """OAuth 1.0a where its four secrets are given, else the bearer token."""
    keys = OAuthKeys(
        *(
            secret.get_secret_value() if secret is not None else ""
            for secret in (
                settings.consumer_key,
                settings.consumer_secret,
                settings.access_token,
                settings.access_token_secret,
            )
        )
    )
    if all((keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret)):
        signer = OAuthSigner(keys, clock)

        async def sign(request: Request) -> Mapping[str, str]:
            return {"Authorization": signer.header(request.method, request.url)}

        return sign
    if settings.bearer_token is None:
        raise ValueError(
            f"connections.{name} needs consumer_key, consumer_secret, access_token and access_token_secret, or a "
            "bearer_token"
        )
    bearer = {"Authorization": f"Bearer {settings.bearer_token.get_secret_value()}"}

    async def show(_request: Request) -> Mapping[str, str]:
        return bearer

    return show
