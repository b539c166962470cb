"""What the flows do: how much, how fast, what failed, what is held, and whether the balance holds."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from helm.dashboards.frame import FLOW, TARGET, filled, frame
from helm.dashboards.panels import (
    AMBER,
    GREEN,
    NONE_ALLOWED,
    QUARTER,
    RED,
    STALE,
    TALL,
    THIRD,
    Panel,
    Query,
    lines,
    number,
    states,
)
from helm.dashboards.queries import (
    OF_FLOW,
    OF_TARGET,
    agreed,
    highest,
    lowest,
    or_zero,
    quantile,
    rate,
)

DELIVERED, LATENCY = "tillstream_delivered_total", "tillstream_latency_seconds"
CHECK_AGE, CHECK_FAILED = "tillstream_check_age_seconds", "tillstream_check_failed"
BALANCE, MISSING = 'check="balance"', "tillstream_balance_missing_receipts"
STATE = "tillstream_flow_state"
EVERY_FLOW_GOES_ON = 'label_replace(vector(0), "flow", "every flow", "", "")'
"""A flow shows only once it has stopped."""


def build() -> Dashboard:
    """The dashboard for whoever looks after the integration."""
    board = frame("flows", "flows", "Rate, latency, failures by class, held events and the balance.", TARGET, FLOW)
    rows = {"Rate": _rate(), "Latency": _latency(), "What failed and what waits": _trouble(), "Balance": _balance()}
    return filled(board, rows)


def _rate() -> list[Panel]:
    return [
        lines(
            "Taken at the door, by entity",
            "Events acknowledged by Kafka, by webhook and by list.",
            "ops",
            Query(rate("tillstream_receipts_total", by=("connection", "entity")), "{{connection}} {{entity}}"),
            width=THIRD,
            stacked=True,
        ),
        lines(
            "Delivered, by flow",
            "Receipts whose effect is done in the target.",
            "ops",
            Query(rate(DELIVERED, OF_TARGET, OF_FLOW, by=("flow",)), "{{flow}}"),
            width=THIRD,
            stacked=True,
        ),
        lines(
            "What each stage did",
            "By outcome: `passed` goes on to the next stage; `superseded`, `unchanged` and `filtered` need no effect.",
            "ops",
            Query(rate("tillstream_outcomes_total", by=("stage", "outcome")), "{{stage}} {{outcome}}"),
            width=THIRD,
            stacked=True,
        ),
    ]


def _latency() -> list[Panel]:
    return [
        lines(
            "From receipt to effect",
            "Over the chosen targets and flows.",
            "s",
            *(Query(quantile(share, LATENCY, OF_TARGET, OF_FLOW), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
            width=THIRD,
        ),
        lines(
            "From receipt to effect, p95 by flow",
            "Which flow is slow.",
            "s",
            Query(quantile(0.95, LATENCY, OF_TARGET, OF_FLOW, by=("flow",)), "{{flow}}"),
            width=THIRD,
        ),
        lines(
            "Work of a stage, p95",
            "How long a stage works on one batch of a key, with tries and the waits between them.",
            "s",
            Query(quantile(0.95, "tillstream_stage_seconds", by=("stage",)), "{{stage}}"),
            width=THIRD,
        ),
    ]


def _trouble() -> list[Panel]:
    return [
        lines(
            "Failed tries, by class",
            "Transient, Throttled and Unavailable try again by themselves; AuthFailed stops until the credentials are "
            "right; Rejected and Malformed end in review. `streams/errors.py` says what each class does.",
            "ops",
            Query(or_zero(rate("tillstream_failures_total", OF_TARGET, by=("stage", "error"))), "{{stage}} {{error}}"),
            width=THIRD,
        ),
        lines(
            "Held, by reason",
            "A time and a link go on by themselves; a person must look: `tillstream dead-letters list`.",
            "short",
            Query(agreed("tillstream_held_records", of=("reason",), by=("reason",)), "{{reason}}"),
            width=THIRD,
            stacked=True,
        ),
        states(
            "Flows that stopped",
            "A flow stops when nearly everything in it fails; `tillstream resume` lets it go on. Empty targets are "
            "those of normalize and inventory, which write to no system.",
            Query(
                f"{highest(STATE, OF_TARGET, OF_FLOW, by=('target', 'flow'))} or on() {EVERY_FLOW_GOES_ON}",
                "{{flow}} {{target}}",
            ),
            {0: ("goes on", GREEN), 1: ("stopped", RED)},
            width=THIRD,
        ),
        lines(
            "Refused at the door",
            "Webhook requests that got no 202, by status and reason.",
            "ops",
            Query(or_zero(rate("tillstream_refusals_total", by=("status", "reason"))), "{{status}} {{reason}}"),
            width=THIRD,
        ),
        lines(
            "Feeds: how far behind",
            "Since the last read to the end began, or the row that the cursor has come to.",
            "s",
            Query(highest("tillstream_feed_behind_seconds", by=("feed",)), "{{feed}}"),
            width=THIRD,
        ),
        lines(
            "Rows that feeds read",
            "`published` are new; `seen` were in the overlap, and are not published again.",
            "ops",
            Query(rate("tillstream_polled_total", by=("result",)), "{{result}}"),
            width=THIRD,
            stacked=True,
        ),
    ]


def _balance() -> list[Panel]:
    return [
        number(
            "Receipts that are missing",
            "What the last `tillstream balance` could not account for. Anything but 0 is an alarm.",
            "short",
            Query(agreed(MISSING, of=("connection", "entity")), "receipts"),
            width=QUARTER,
            height=TALL,
            limits=NONE_ALLOWED,
        ),
        number(
            "Last balance",
            "How long ago it came to its end. The number beside means little if this is long.",
            "s",
            Query(lowest(CHECK_AGE, BALANCE), "age"),
            width=QUARTER,
            height=TALL,
            limits=STALE,
        ),
        states(
            "Checks",
            "What the last run of each check found: `tillstream balance`, `doctor`, `reconcile …`.",
            Query(highest(CHECK_FAILED, by=("check",)), "{{check}}"),
            {0: ("all well", GREEN), 1: ("found something", AMBER)},
        ),
    ]
