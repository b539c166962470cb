"""The other systems: what we may send, what we send, how they answer, and what of ours expires there."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from helm.dashboards.frame import TARGET, filled, frame
from helm.dashboards.panels import (
    AMBER,
    BLUE,
    GREEN,
    HALF,
    QUARTER,
    RED,
    TALL,
    THIRD,
    Limits,
    Panel,
    Query,
    lines,
    number,
    states,
)
from helm.dashboards.queries import (
    OF_CONNECTION,
    OF_TARGET,
    highest,
    lowest,
    or_zero,
    quantile,
    rate,
    total,
)

REQUEST = "tillstream_http_request_seconds"
SENT = f"{REQUEST}_count"
FAILED = 'status=~"5xx|error"'
DELIVER = 'role=~"deliver-.*"'
NO_LIMIT = 1_000_000
"""Stands for +Inf, which a panel cannot draw."""
EXPIRIES = {
    "token": "tillstream_token_expiry_seconds",
    "secrets": "tillstream_secret_expiry_seconds",
    "certificate": "tillstream_certificate_expiry_seconds",
}


def build() -> Dashboard:
    """The dashboard for whoever talks to those who run the other systems."""
    board = frame("targets", "targets", "Budget, breaker and API use of each system, by operation and status.", TARGET)
    return filled(board, {"May we send": _permission(), "API use": _use(), "Feeds and webhooks": _feeds()})


def _permission() -> list[Panel]:
    return [
        states(
            "Breaker",
            "Whether a system is sent anything. `tried`: it was down and is asked now and then; `refuses us`: our "
            "credentials are wrong, and a person must mend them.",
            Query(highest("tillstream_breaker_state", OF_TARGET, by=("target", "role")), "{{target}} ({{role}})"),
            {0: ("sends", GREEN), 1: ("tried", BLUE), 2: ("down", AMBER), 3: ("refuses us", RED)},
        ),
        number(
            "Budget, requests per second",
            "What deliver's workers together may send at present: `connections.NAME.budget`, less while the system "
            "asks for less, 0 while it is paused.",
            "reqps",
            Query(
                f"clamp_max({total('tillstream_budget_rate', OF_TARGET, DELIVER, by=('target',))}, {NO_LIMIT})",
                "{{target}}",
            ),
            width=QUARTER,
            height=TALL,
            words={NO_LIMIT: "no limit"},
        ),
        number(
            "Time left",
            "Until a token, a connection's secrets or a TLS certificate end. Tokens are renewed by themselves, which "
            "shows as short times that jump back up.",
            "s",
            Query(_time_left(), "{{kind}} {{connection}}"),
            width=QUARTER,
            height=TALL,
        ),
    ]


def _time_left() -> str:
    """One query for all three: which of them there are depends on the connections."""
    each = (
        f'label_replace({lowest(metric, by=("connection",))}, "kind", "{kind}", "", "")'
        for kind, metric in EXPIRIES.items()
    )
    return " or ".join(each)


def _use() -> list[Panel]:
    return [
        lines(
            "Requests, by system",
            "Everything that all roles send, reads too.",
            "reqps",
            Query(rate(SENT, OF_CONNECTION, by=("connection",)), "{{connection}}"),
            width=THIRD,
        ),
        lines(
            "Requests, by operation",
            "What the API is used for.",
            "reqps",
            Query(
                rate(SENT, OF_CONNECTION, by=("connection", "operation")),
                "{{connection}} {{operation}}",
            ),
            width=THIRD,
            stacked=True,
        ),
        lines(
            "Requests, by status",
            "`error` means that no answer came.",
            "reqps",
            Query(rate(SENT, OF_CONNECTION, by=("connection", "status")), "{{connection}} {{status}}"),
            width=THIRD,
            stacked=True,
        ),
        lines(
            "How long an answer takes",
            "By system.",
            "s",
            Query(quantile(0.5, REQUEST, OF_CONNECTION, by=("connection",)), "{{connection}} p50"),
            Query(quantile(0.95, REQUEST, OF_CONNECTION, by=("connection",)), "{{connection}} p95"),
            width=THIRD,
        ),
        lines(
            "How long an answer takes, p95 by operation",
            "Which call is slow.",
            "s",
            Query(
                quantile(0.95, REQUEST, OF_CONNECTION, by=("connection", "operation")), "{{connection}} {{operation}}"
            ),
            width=THIRD,
        ),
        lines(
            "Failed requests",
            "The part that ended with a 5xx or without an answer.",
            "percentunit",
            Query(
                f"({or_zero(rate(SENT, OF_CONNECTION, FAILED))}) / {rate(SENT, OF_CONNECTION)}",
                "5xx or no answer",
            ),
            width=THIRD,
            limits=Limits(amber=0.01, red=0.1),
        ),
    ]


def _feeds() -> list[Panel]:
    return [
        lines(
            "Feeds: time since the last poll",
            "Far above `polling.interval_seconds` the system or the poller is in trouble.",
            "s",
            Query(highest("tillstream_poll_gap_seconds", by=("feed",)), "{{feed}}"),
            width=HALF,
        ),
        lines(
            "Registered webhooks",
            "Looks at each webhook: kept as it was, or made, replaced or removed to repair it.",
            "ops",
            Query(
                or_zero(rate("tillstream_webhook_registrations_total", OF_CONNECTION, by=("connection", "result"))),
                "{{connection}} {{result}}",
            ),
            width=HALF,
        ),
    ]
