"""What every role serves for those who watch it: ``/metrics``, ``/healthz`` and ``/readyz``."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson
import structlog
from aiohttp import web

from streams.metrics import Metrics

log = structlog.get_logger(__name__)

Check = Callable[[], str | None] | Callable[[], Awaitable[str | None]]
"""Answers None if all is well, or why the role can't do its job and what to do about it."""

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Readiness:
    """Whether a role can do its job: the checks that its parts registered, each under a name.

    A check that raises, or does not answer within ``timeout_seconds``, counts as a reason. Notes are told beside: what
    keeps the role from its work, and is nothing that another instance of it could do better.

    Attributes:
        timeout_seconds: how long a check may take.
        awaited: checks without which the role has not started yet, so that it is not ready.
    """

    timeout_seconds: float = 3.0
    awaited: frozenset[str] = frozenset()
    _checks: dict[str, Check] = field(default_factory=dict)
    _notes: dict[str, Callable[[], str | None]] = field(default_factory=dict)

    def add(self, name: str, check: Check) -> None:
        """Register a check; a second one of the same name replaces the first."""
        self._checks[name] = check

    def add_note(self, name: str, note: Callable[[], str | None]) -> None:
        """Register what tells a note, or None; a second one of the same name replaces the first."""
        self._notes[name] = note

    def notes(self) -> dict[str, str]:
        """What there is to tell at present, by name."""
        return {name: told for name, note in self._notes.items() if (told := note())}

    async def reasons(self) -> dict[str, str]:
        """Why the role is not ready, by the name of the check; empty if it is. Checks run side by side."""
        names = list(self._checks)
        answers = await asyncio.gather(*(self._ask(self._checks[name]) for name in names))
        starting = dict.fromkeys(sorted(self.awaited - self._checks.keys()), "this role is starting")
        return starting | {name: reason for name, reason in zip(names, answers, strict=True) if reason}

    async def _ask(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                answer = check()
                return await answer if inspect.isawaitable(answer) else answer
        except TimeoutError:
            return f"no answer within {self.timeout_seconds:g} s"
        except Exception as error:  # noqa: BLE001 - a broken check must be told as a reason, not as a 500
            return f"{type(error).__name__}: {error}"


class StatusServer:
    """Serves a role's status between ``start`` and ``stop``."""

    def __init__(self, role: str, metrics: Metrics, readiness: Readiness) -> None:
        self._role = role
        self._metrics = metrics
        self._readiness = readiness
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; port 0 takes a free one. Returns the port."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics", self._serve_metrics),
                web.get("/healthz", self._serve_health),
                web.get("/readyz", self._serve_ready),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = bound_port(self._runner)
        log.info("status server listens", role=self._role, host=host, port=bound)
        return bound

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve_metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": METRICS_TYPE})

    async def _serve_health(self, _request: web.Request) -> web.Response:
        """The process runs and its event loop turns; anything more is readiness."""
        return _json(200, {"status": "alive", "role": self._role})

    async def _serve_ready(self, _request: web.Request) -> web.Response:
        reasons = await self._readiness.reasons()
        status = "not ready" if reasons else "ready"
        notes = self._readiness.notes()
        told = {"status": status, "role": self._role, "reasons": reasons, **({"notes": notes} if notes else {})}
        return _json(503 if reasons else 200, told)


def bound_port(runner: web.BaseRunner) -> int:
    """The port that the runner's first site got."""
    return int(runner.addresses[0][1])


def _json(status: int, document: Mapping[str, object]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
