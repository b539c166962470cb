"""OAuth 2.0 client credentials: one token for all calls, renewed before it expires, by one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic import ValidationError

from app.connections import HeartlandConnection
from app.http import HttpClient, Request
from app.http_errors import by_status, not_the_api, plain
from schemas.heartland import Token, TokenError
from streams.errors import AuthFailed, TillstreamError
from streams.ports import Clock

MARGIN_SECONDS = 60.0
"""A token is renewed this long before it expires, or after nine tenths of a short life."""


GoodUntil = Callable[[datetime], None]
"""Told when a new token ends."""


def unheard(_end: datetime) -> None:
    """Nobody wants to know."""


@dataclass(slots=True, eq=False)
class HeldToken:
    """A token in use.

    Attributes:
        value: what is shown.
        renew_at: from then on another is asked for.
        expires_at: until then it still serves if none can be had.
        proven: the API has accepted it at least once.
        scopes: what it may do; empty if the server does not say.
    """

    value: str = field(repr=False)
    renew_at: datetime
    expires_at: datetime
    proven: bool = False
    scopes: frozenset[str] = frozenset()


class TokenSource:
    """The token of one connection."""

    def __init__(
        self, settings: HeartlandConnection, http: HttpClient, clock: Clock, good_until: GoodUntil = unheard
    ) -> None:
        """``good_until`` is told when each token ends."""
        self._settings = settings
        self._good_until = good_until
        self._http = http
        self._clock = clock
        self._held: HeldToken | None = None
        self._renewal: asyncio.Task[HeldToken] | None = None

    async def token(self) -> HeldToken:
        """A token that is good for now.

        Raises:
            AuthFailed: client id or secret are refused.
            Unavailable, Transient: there is no token to be had, and the last one has expired.
        """
        held, now = self._held, self._clock.now()
        if held is None:
            return await self._renew()
        if now < held.renew_at:
            return held
        try:
            return await self._renew()
        except TillstreamError:
            if now < held.expires_at:
                return held
            raise

    def drop(self, refused: HeldToken) -> None:
        """The API refused it: the next call to `token` gives another."""
        if self._held is refused:
            self._held = None

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    async def _renew(self) -> HeldToken:
        """Join the renewal that is under way, or begin one. A caller that is cancelled does not end it."""
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._ask())
            self._renewal.add_done_callback(self._renewed)
        return await asyncio.shield(self._renewal)

    def _renewed(self, task: asyncio.Task[HeldToken]) -> None:
        self._renewal = None
        if not task.cancelled() and task.exception() is None:
            self._held = task.result()
            self._good_until(self._held.expires_at)

    async def _ask(self) -> HeldToken:
        settings = self._settings
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
        }
        request = Request(
            operation="token",
            subject=f"client {settings.client_id}",
            method="POST",
            url=settings.token_url or f"{settings.base_url.rstrip('/')}/oauth/token",
            content=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
            repeatable=True,
        )
        answer = await self._http.send(request, _openly)
        place = f"{self._http.connection}: token for client {settings.client_id}"
        if not answer.good:
            told = f"{place}: the answer is {answer.status} '{plain(answer)}'."
            if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise AuthFailed(f"{place}: {_reason(answer.content, told)} Check client_id and client_secret.")
            raise by_status(answer, request, told)
        try:
            token = Token.model_validate_json(answer.content)
        except ValidationError as error:
            raise not_the_api(request, place, "the answer holds no access_token", acted=False) from error
        life, now = float(token.expires_in), self._clock.now()
        margin = min(MARGIN_SECONDS, life / 10)
        renew_at, expires_at = now + timedelta(seconds=life - margin), now + timedelta(seconds=life)
        return HeldToken(token.access_token, renew_at, expires_at, scopes=frozenset(token.scope.split()))


async def _openly(_request: Request) -> Mapping[str, str]:
    """The token's own request needs no token."""
    return {}


def _reason(content: bytes, told: str) -> str:
    try:
        error = TokenError.model_validate_json(content)
    except ValidationError:
        return told
    return f"refused as {error.error}: {error.error_description}."
