"""The fault panel: what a network and a remote system do on a bad day.

A rule names which calls it may strike and how often: every Nth eligible call, from a phase that the seed decides. It
is a quota, not a coin, so that a run with enough calls is sure to meet every fault. `app.sandbox.striking` lets the
faults happen and serves the panel at ``/_faults`` of each sandbox.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from app.sandbox.lag import LONGEST_LAG_SECONDS

LONGEST_MS = 60_000
"""Neither a delay nor a hang lasts longer."""


class Fault(StrEnum):
    """What can go wrong. Whether the effect was done is for the client to find out."""

    LATENCY = "latency"
    """The answer comes ``ms`` later."""
    THROTTLE = "throttle"
    """429 with ``Retry-After: retry_after``; nothing was done."""
    ERROR_BEFORE = "error_before"
    """500; nothing was done."""
    RESET_BEFORE = "reset_before"
    """The connection is reset after the request was read; nothing was done."""
    ERROR_AFTER = "error_after"
    """500; it was done."""
    RESET_AFTER = "reset_after"
    """It was done, then the connection is reset instead of an answer."""
    HANG = "hang"
    """No answer until the client gives up; done at once, or never, as the rule says by ``done``."""
    LATE = "late"
    """Accepted, done ``ms`` later whether the client still waits or not, and answered only then."""
    OPAQUE = "opaque"
    """400 with a text that hides the reason; done or not as the rule says by ``done``. Only a web store has it."""
    LIST_LAG = "list_lag"
    """A list answers what was true ``seconds`` ago."""
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_DUPLICATED = "webhook_duplicated"
    WEBHOOK_REORDERED = "webhook_reordered"
    """The event is sent ``ms`` later, after events of the same resource that came after it."""
    WEBHOOK_THIN = "webhook_thin"
    """Only the id instead of the whole body."""


BEFORE = (Fault.THROTTLE, Fault.ERROR_BEFORE, Fault.RESET_BEFORE)
UNTOLD = (Fault.ERROR_AFTER, Fault.RESET_AFTER, Fault.HANG, Fault.LATE, Fault.OPAQUE)
"""After these a client cannot know whether its mutation was done."""
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
        client: pattern over the User-Agent; with ``!`` before it, all others. Webhook faults ignore it.
        limit: strikes at most this often, 0 = no limit.
        ms: latency, how late a reordered webhook comes, or how late an accepted call is done.
        retry_after: seconds named by a 429.
        seconds: of list lag.
        done: whether a call that hangs or is refused opaquely is done.
    """

    fault: Fault
    every: int = 20
    method: str = "*"
    path: str = "*"
    operation: str = "*"
    client: str = "*"
    limit: int = 0
    ms: int = 300
    retry_after: int = 1
    seconds: float = 2.0
    done: bool = True

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
            expected = (int, float) if item.name == "seconds" else (type(getattr(cls.sample(), item.name)),)
            if type(getattr(rule, item.name)) not in expected:
                raise ValueError(f"'{item.name}' has the wrong type")
        if rule.every < 1 or min(rule.limit, rule.ms, rule.retry_after) < 0:
            raise ValueError("'every' is at least 1, other numbers at least 0")
        if rule.ms > LONGEST_MS:
            raise ValueError(f"'ms' is between 0 and {LONGEST_MS}")
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

    @property
    def counts(self) -> tuple[int, int, int]:
        """What it has counted."""
        return self.eligible, self.due, self.fired

    def recount(self, counts: tuple[int, int, int]) -> None:
        """Go on from there."""
        self.eligible, self.due, self.fired = counts


COUNTS = ("phase", "eligible", "due", "fired")
"""What a quota shows, beside its rule."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a sandbox's router says about a request.

    Attributes:
        operation: name of the handler.
        lists: the call is a list read, which may lag.
        client: the User-Agent.
    """

    operation: str
    lists: bool = False
    client: str = ""


@dataclass(frozen=True, slots=True)
class CallFaults:
    """What strikes one call: at most one fault that takes its answer, and possibly latency and lag besides."""

    answer: Rule | None = None
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
    """The rules in force and how often each fault struck. Counters outlive the rules.

    Attributes:
        seed: decides the phases.
        lacks: faults that this system does not have; a rule of one is refused.
        keep: told the state whenever the rules have changed.
        count: told the counters whenever they have changed, which is with every call.
        fired: how often each fault struck.
    """

    seed: int
    lacks: frozenset[Fault] = frozenset()
    keep: Callable[[Mapping[str, Any]], None] = lambda _state: None
    count: Callable[[Mapping[str, Any]], None] = lambda _counts: None
    fired: Counter[Fault] = field(default_factory=Counter)
    _quotas: list[_Quota] = field(default_factory=list)

    def recall(self, state: Mapping[str, Any], counts: Mapping[str, Any] | None = None) -> None:
        """Go on from a state that was kept, and from the counters that were told after it."""
        self.fired = _fired(state)
        self._quotas = [
            _Quota(
                Rule.parse({item.name: kept[item.name] for item in fields(Rule)}),
                **{name: kept[name] for name in COUNTS},
            )
            for kept in state["rules"]
        ]
        if counts is not None:
            self.fired = _fired(counts)
            for quota, counted in zip(self._quotas, counts["rules"], strict=True):
                quota.recount(counted)

    def replace(self, rules: list[Rule]) -> None:
        """Put these rules in force instead of all others. Raises ValueError for a fault that the system lacks."""
        self._check(rules)
        self._quotas = []
        self.add(rules)

    def add(self, rules: list[Rule]) -> None:
        """Put these rules in force besides the others. Raises ValueError for a fault that the system lacks."""
        self._check(rules)
        for rule in rules:
            chance = random.Random(f"{self.seed}:{rule.fault}:{len(self._quotas)}")  # noqa: S311 - a repeatable phase
            self._quotas.append(_Quota(rule, phase=chance.randrange(rule.every)))
        self.keep(self.state())

    def strike_call(self, method: str, path: str, call: Call) -> CallFaults:
        """Count a call and say what strikes it."""
        eligible = self._count(quota for quota in self._quotas if _strikes_call(quota.rule, method, path, call))
        latency = self._take(eligible, Fault.LATENCY)
        answer = self._take(eligible, *BEFORE, *UNTOLD)
        lag = None if answer else self._take(eligible, Fault.LIST_LAG)
        if eligible:
            self.count(self._counts())
        return CallFaults(answer, latency.ms if latency else 0, lag.seconds if lag else 0.0)

    def strike_webhook(self, entity: str) -> WebhookFaults:
        """Count an event and say what strikes it. A lost event cannot meet another fault."""
        eligible = self._count(
            quota
            for quota in self._quotas
            if quota.rule.fault in WEBHOOK_FAULTS and fnmatchcase(entity, quota.rule.operation)
        )
        faults = self._strike_event(eligible)
        if eligible:
            self.count(self._counts())
        return faults

    def _strike_event(self, eligible: list[_Quota]) -> WebhookFaults:
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
            "rules": [asdict(quota.rule) | {name: getattr(quota, name) for name in COUNTS} for quota in self._quotas],
        }

    def _counts(self) -> dict[str, object]:
        """The counters alone, in the order of the rules."""
        fired = {fault.value: count for fault, count in self.fired.items()}
        return {"fired": fired, "rules": [quota.counts for quota in self._quotas]}

    def _check(self, rules: list[Rule]) -> None:
        for rule in rules:
            if rule.fault in self.lacks:
                raise ValueError(f"this system has no fault '{rule.fault}'")

    def _count(self, eligible: Iterable[_Quota]) -> list[_Quota]:
        counted = list(eligible)
        for quota in counted:
            quota.count()
        return counted

    def _take(self, quotas: list[_Quota], *faults: Fault) -> Rule | None:
        for quota in quotas:
            if quota.rule.fault in faults and quota.take():
                self.fired[quota.rule.fault] += 1
                return quota.rule
        return None


def _fired(kept: Mapping[str, Any]) -> Counter[Fault]:
    return Counter({Fault(name): count for name, count in kept["fired"].items()})


def _strikes_call(rule: Rule, method: str, path: str, call: Call) -> bool:
    if rule.fault in WEBHOOK_FAULTS or (rule.fault is Fault.LIST_LAG and not call.lists):
        return False
    return (
        fnmatchcase(call.operation, rule.operation)
        and rule.method.upper() in ("*", method)
        and fnmatchcase(path, rule.path)
        and _names(rule.client, call.client)
    )


def _names(pattern: str, client: str) -> bool:
    return not fnmatchcase(client, pattern[1:]) if pattern.startswith("!") else fnmatchcase(client, pattern)
