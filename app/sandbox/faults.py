"""The fault panel: what a network and a remote system do on a bad day, at ``/_faults`` of each sandbox.

A rule names which calls it may strike and how often: every Nth eligible call, from a phase that the seed decides. It
is a quota, not a coin, so that a run with enough calls is sure to meet every fault.

``GET /_faults`` shows rules and counters, ``PUT`` replaces the rules, ``POST`` adds some, ``DELETE`` removes all. The
body of PUT and POST is ``{"rules": [{"fault": "throttle", "every": 20, "operation": "create_order"}, ...]}``.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.sandbox.lag import LONGEST_LAG_SECONDS

PANEL_PATH = "/_faults"
LAG_KEY = web.RequestKey("list_lag_seconds", float)


class Fault(StrEnum):
    """What can go wrong. All of these strike before the effect or leave it alone."""

    LATENCY = "latency"
    """The answer comes ``ms`` later."""
    THROTTLE = "throttle"
    """429 with ``Retry-After: retry_after``; nothing was done."""
    ERROR_BEFORE = "error_before"
    """500; nothing was done."""
    RESET_BEFORE = "reset_before"
    """The connection is reset after the request was read; nothing was done."""
    LIST_LAG = "list_lag"
    """A list answers what was true ``seconds`` ago."""
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_DUPLICATED = "webhook_duplicated"
    WEBHOOK_REORDERED = "webhook_reordered"
    """The event is sent ``ms`` later, after events of the same resource that came after it."""
    WEBHOOK_THIN = "webhook_thin"
    """Only the id instead of the whole body."""


REFUSALS = (Fault.THROTTLE, Fault.ERROR_BEFORE, Fault.RESET_BEFORE)
WEBHOOK_FAULTS = (Fault.WEBHOOK_LOST, Fault.WEBHOOK_DUPLICATED, Fault.WEBHOOK_REORDERED, Fault.WEBHOOK_THIN)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the panel.

    Attributes:
        fault: what happens.
        every: strikes every Nth eligible call (1 = all).
        method: HTTP method, ``*`` for any. Webhook faults ignore it.
        path: pattern with ``*`` over the request's path. Webhook faults ignore it.
        operation: pattern over the operation's name (the handler's: ``create_order``); for webhook faults over the
            entity (``order``, ``inventory``).
        limit: strikes at most this often, 0 = no limit.
        ms: latency, or how late a reordered webhook comes.
        retry_after: seconds named by a 429.
        seconds: of list lag.
    """

    fault: Fault
    every: int = 20
    method: str = "*"
    path: str = "*"
    operation: str = "*"
    limit: int = 0
    ms: int = 300
    retry_after: int = 1
    seconds: float = 2.0

    @classmethod
    def parse(cls, value: object) -> Rule:
        """Read a rule from JSON. Raises ValueError that names what is wrong."""
        if not isinstance(value, dict):
            raise ValueError("a rule is an object")  # noqa: TRY004 - one error for a bad rule
        unknown = set(value) - {item.name for item in fields(cls)}
        if unknown:
            raise ValueError(f"unknown key in a rule: {', '.join(sorted(unknown))}")
        if value.get("fault") not in set(Fault):
            raise ValueError(f"'fault' must be one of {', '.join(Fault)}")
        rule = cls(**{**value, "fault": Fault(value["fault"])})
        for item in fields(cls):
            expected = (int, float) if item.name == "seconds" else type(getattr(cls.sample(), item.name))
            if not isinstance(getattr(rule, item.name), expected):
                raise ValueError(f"'{item.name}' has the wrong type")  # noqa: TRY004 - one error for a bad rule
        if rule.every < 1 or min(rule.limit, rule.ms, rule.retry_after) < 0:
            raise ValueError("'every' is at least 1, other numbers at least 0")
        if not 0 <= rule.seconds <= LONGEST_LAG_SECONDS:
            raise ValueError(f"'seconds' is between 0 and {LONGEST_LAG_SECONDS:g}")
        return rule

    @classmethod
    def sample(cls) -> Rule:
        """A rule with every default, to read types from."""
        return cls(Fault.LATENCY)


@dataclass(slots=True)
class _Quota:
    """A rule and its counting. A strike that another fault forestalled stays due for the next eligible call."""

    rule: Rule
    phase: int
    eligible: int = 0
    due: int = 0
    fired: int = 0

    def count(self) -> None:
        self.eligible += 1
        if (self.eligible + self.phase) % self.rule.every == 0:
            self.due += 1

    def take(self) -> bool:
        if not self.due or (self.rule.limit and self.fired >= self.rule.limit):
            return False
        self.due -= 1
        self.fired += 1
        return True


@dataclass(frozen=True, slots=True)
class Call:
    """What a sandbox's router says about a request.

    Attributes:
        operation: name of the handler.
        lists: the call is a list read, which may lag.
    """

    operation: str
    lists: bool = False


@dataclass(frozen=True, slots=True)
class CallFaults:
    """What strikes one call: at most one refusal, and possibly latency and lag besides."""

    refusal: Rule | None = None
    latency_ms: int = 0
    lag_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class WebhookFaults:
    """What strikes one event."""

    lost: bool = False
    duplicated: bool = False
    thin: bool = False
    delay_ms: int = 0
    """Above 0: reordered; sent this much later and outside the order of its resource."""


@dataclass(slots=True)
class FaultPanel:
    """The rules in force and how often each fault struck. Counters outlive the rules."""

    seed: int
    fired: Counter[Fault] = field(default_factory=Counter)
    _quotas: list[_Quota] = field(default_factory=list)

    def replace(self, rules: list[Rule]) -> None:
        """Put these rules in force instead of all others."""
        self._quotas = []
        self.add(rules)

    def add(self, rules: list[Rule]) -> None:
        """Put these rules in force besides the others."""
        for rule in rules:
            chance = random.Random(f"{self.seed}:{rule.fault}:{len(self._quotas)}")  # noqa: S311 - a repeatable phase
            self._quotas.append(_Quota(rule, phase=chance.randrange(rule.every)))

    def strike_call(self, method: str, path: str, call: Call) -> CallFaults:
        """Count a call and say what strikes it."""
        eligible = [quota for quota in self._quotas if _strikes_call(quota.rule, method, path, call)]
        for quota in eligible:
            quota.count()
        latency = self._take(eligible, Fault.LATENCY)
        refusal = self._take(eligible, *REFUSALS)
        lag = None if refusal else self._take(eligible, Fault.LIST_LAG)
        return CallFaults(refusal, latency.ms if latency else 0, lag.seconds if lag else 0.0)

    def strike_webhook(self, entity: str) -> WebhookFaults:
        """Count an event and say what strikes it. A lost event cannot meet another fault."""
        eligible = [
            quota
            for quota in self._quotas
            if quota.rule.fault in WEBHOOK_FAULTS and fnmatchcase(entity, quota.rule.operation)
        ]
        for quota in eligible:
            quota.count()
        if self._take(eligible, Fault.WEBHOOK_LOST):
            return WebhookFaults(lost=True)
        reordered = self._take(eligible, Fault.WEBHOOK_REORDERED)
        return WebhookFaults(
            duplicated=self._take(eligible, Fault.WEBHOOK_DUPLICATED) is not None,
            thin=self._take(eligible, Fault.WEBHOOK_THIN) is not None,
            delay_ms=reordered.ms if reordered else 0,
        )

    def state(self) -> dict[str, object]:
        """Rules and counters, as GET shows them."""
        return {
            "seed": self.seed,
            "fired": {fault.value: self.fired[fault] for fault in Fault},
            "rules": [
                asdict(quota.rule) | {"phase": quota.phase, "eligible": quota.eligible, "fired": quota.fired}
                for quota in self._quotas
            ],
        }

    def _take(self, quotas: list[_Quota], *faults: Fault) -> Rule | None:
        for quota in quotas:
            if quota.rule.fault in faults and quota.take():
                self.fired[quota.rule.fault] += 1
                return quota.rule
        return None


def _strikes_call(rule: Rule, method: str, path: str, call: Call) -> bool:
    if rule.fault in WEBHOOK_FAULTS or (rule.fault is Fault.LIST_LAG and not call.lists):
        return False
    return (
        rule.method.upper() in ("*", method)
        and fnmatchcase(path, rule.path)
        and fnmatchcase(call.operation, rule.operation)
    )


def list_lag(request: web.Request) -> float:
    """How many seconds the list asked for by this request lags; list handlers pass it to `lag.as_of`."""
    lag: float = request.get(LAG_KEY, 0.0)
    return lag


def fault_middleware(
    panel: FaultPanel,
    name_call: Callable[[web.Request], Call | None],
    refuse: Callable[[int], web.Response],
) -> Middleware:
    """The middleware that lets faults strike. Put it first, outside authentication.

    Faults *after* the effect belong between the handler's return and this function's, where the work is done and
    only the answer can still be lost.

    Args:
        panel: the rules.
        name_call: what a request is; None for calls that no fault strikes (health, the panel itself).
        refuse: the system's own body for 429 and 500.
    """

    @web.middleware
    async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = None if request.path == PANEL_PATH else name_call(request)
        if call is None:
            return await handler(request)
        faults = panel.strike_call(request.method, request.path, call)
        if faults.latency_ms:
            await asyncio.sleep(faults.latency_ms / 1000)
        if faults.refusal is not None:
            await request.read()
            return _refuse(request, faults.refusal, refuse)
        request[LAG_KEY] = faults.lag_seconds
        return await handler(request)

    return strike


def _refuse(request: web.Request, rule: Rule, refuse: Callable[[int], web.Response]) -> web.Response:
    if rule.fault is Fault.THROTTLE:
        response = refuse(429)
        response.headers["Retry-After"] = str(rule.retry_after)
        return response
    if rule.fault is Fault.RESET_BEFORE:
        _reset(request)
    return refuse(500)


def _reset(request: web.Request) -> None:
    """Cut the connection with a TCP reset instead of an orderly end; the answer that follows goes nowhere."""
    transport = request.transport
    if transport is None:
        return
    plug: socket.socket | None = transport.get_extra_info("socket")
    if plug is not None:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def panel_routes(panel: FaultPanel) -> list[web.RouteDef]:
    """The panel's HTTP routes."""

    async def show(_request: web.Request) -> web.Response:
        return _state(panel)

    async def replace(request: web.Request) -> web.Response:
        return _change(panel.replace, await request.read())

    async def add(request: web.Request) -> web.Response:
        return _change(panel.add, await request.read())

    async def clear(_request: web.Request) -> web.Response:
        panel.replace([])
        return _state(panel)

    def _change(apply: Callable[[list[Rule]], None], body: bytes) -> web.Response:
        try:
            document = orjson.loads(body)
            apply([Rule.parse(rule) for rule in document["rules"]])
        except (KeyError, TypeError, ValueError) as error:
            message = {"message": f"The rules were not changed: {error}"}
            return web.Response(body=orjson.dumps(message), status=400, content_type="application/json")
        return _state(panel)

    return [
        web.get(PANEL_PATH, show),
        web.put(PANEL_PATH, replace),
        web.post(PANEL_PATH, add),
        web.delete(PANEL_PATH, clear),
    ]


def _state(panel: FaultPanel) -> web.Response:
    return web.Response(body=orjson.dumps(panel.state()), content_type="application/json")
