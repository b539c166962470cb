"""A real HTTP server that gives prepared answers in turn and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import orjson
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    method: str
    raw_path: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.content)


class StubServer:
    """Answers with the given responses, one after the other, or with what a function makes."""

    def __init__(self, *answers: web.Response, answer: Callable[[Seen], web.Response] | None = None) -> None:
        self._answers = list(answers)
        self._answer = answer
        self.seen: list[Seen] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = web.Server(self._handle)
        self._runner = web.ServerRunner(self._server)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        seen = Seen(request.method, request.raw_path, dict(request.headers), await request.read())
        self.seen.append(seen)
        if self._answer is not None:
            return self._answer(seen)
        if not self._answers:
            return web.json_response({"message": "the stub has no answer left"}, status=599)
        return self._answers.pop(0)
