"""A plain REST caller for the shop and the demo's own needs: it tries again until the other side has answered.

It is safe only because faults that strike after the effect spare the shop (`app.demo.faults.OURS`); the pipeline's own
clients are far stricter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

TRIES = 12
TOO_MANY = 429


class RestError(Exception):
    """The other side refused; carries its status and words."""

    def __init__(self, method: str, url: str, status: int, text: str) -> None:
        super().__init__(f"{method} {url}: {status} {text[:300]}")
        self.status = status


class Rest:
    """JSON over HTTP against one base address."""

    def __init__(self, session: aiohttp.ClientSession, base: str, headers: Mapping[str, str] | None = None) -> None:
        self._session = session
        self._base = base.rstrip("/")
        self._headers = {"Accept": "application/json", **(headers or {})}

    def with_headers(self, headers: Mapping[str, str]) -> Rest:
        """The same address with more headers."""
        return Rest(self._session, self._base, {**self._headers, **headers})

    async def call(self, method: str, path: str, body: object = None, *, form: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON. Raises RestError for a refusal, or when the last try failed too."""
        url = self._base + path
        problem: Exception = RestError(method, url, 0, "never tried")
        for attempt in range(TRIES):
            try:
                return await self._once(method, url, body, form)
            except RestError as error:
                if error.status != TOO_MANY and error.status < 500:  # noqa: PLR2004 - 4xx is final
                    raise
                problem = error
            except (aiohttp.ClientError, TimeoutError) as error:
                problem = error
            await asyncio.sleep(min(2.0, 0.1 * 2**attempt))
        raise problem

    async def _once(self, method: str, url: str, body: object, form: Mapping[str, str] | None) -> Any:
        headers = dict(self._headers)
        data: bytes | aiohttp.FormData | None = None
        if form is not None:
            data = aiohttp.FormData(dict(form))
        elif body is not None:
            headers["Content-Type"] = "application/json"
            data = orjson.dumps(body, default=str)
        async with self._session.request(method, url, data=data, headers=headers) as response:
            text = await response.text()
            if response.status >= 400:  # noqa: PLR2004 - client and server errors
                raise RestError(method, url, response.status, text)
            return orjson.loads(text) if text else None
