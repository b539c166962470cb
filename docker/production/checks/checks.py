"""Runs Tillstream's checks every night at CHECKS_AT (UTC) and after a fault, in the ``checks`` container.

Each check keeps its result in the store, where the poller makes metrics of it; what it found stands in this log. Last
the old lines of the journal go, which would grow for ever. A fault is over when Prometheus says that every role is up
and no breaker is open, after one of them was not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CHECKS = (
    ("balance",),
    ("doctor",),
    ("reconcile", "stock"),
    ("reconcile", "payments"),
    ("reconcile", "orders"),
    ("purge", "--older-than-days", "90"),
)
EVERY_SECONDS = 60.0
SETTLE = timedelta(minutes=10)
"""How long all must be well before the checks: what waited shall be done, or they would count it as drift."""
LONGEST_SECONDS = 3600
"""No check of a shop that one machine serves takes so long."""
TROUBLE = 'count(up{job="tillstream"} == 0) or count(tillstream_breaker_state > 0)'


@dataclass(slots=True)
class Plan:
    """When to check. Pure: the time comes from outside.

    Attributes:
        at: hour and minute of the nightly checks.
        last: when they were last begun, or the program was.
        well_since: since when there is no fault after one that was; None if there was none, or there is one.
        faulty: whether there is a fault.
    """

    at: tuple[int, int]
    last: datetime
    well_since: datetime | None = None
    faulty: bool = False

    def observe(self, now: datetime, *, trouble: bool) -> None:
        """Take what Prometheus says."""
        if trouble:
            self.faulty, self.well_since = True, None
        elif self.faulty:
            self.faulty, self.well_since = False, now

    def due(self, now: datetime) -> str:
        """Why to check now; empty if there is no reason."""
        tonight = now.replace(hour=self.at[0], minute=self.at[1], second=0, microsecond=0)
        if self.last < tonight <= now:
            return "it is time"
        if self.well_since is not None and now - self.well_since >= SETTLE:
            return "a fault is over"
        return ""

    def begun(self, now: datetime) -> None:
        """They are under way."""
        self.last, self.well_since = now, None


def trouble(prometheus: str) -> bool | None:
    """Whether something is down or paused; None if Prometheus does not say."""
    query = urllib.parse.urlencode({"query": TROUBLE})
    try:
        with urllib.request.urlopen(f"{prometheus}/api/v1/query?{query}", timeout=10) as answer:  # noqa: S310 - our own
            return bool(json.load(answer)["data"]["result"])
    except (OSError, ValueError, KeyError):
        return None


def check_all(run: Callable[[tuple[str, ...]], int]) -> None:
    """All of them, one after the other: one that finds something keeps no other from looking."""
    for check in CHECKS:
        tell(f"tillstream {' '.join(check)}: exit code {run(check)}")


def run_command(check: tuple[str, ...]) -> int:
    """Run one. Returns its exit code, 124 if it took too long."""
    try:
        return subprocess.run(["tillstream", *check], check=False, timeout=LONGEST_SECONDS).returncode  # noqa: S603, S607
    except subprocess.TimeoutExpired:
        return 124


def tell(line: str) -> None:
    """Into the container's log."""
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} checks: {line}\n")
    sys.stdout.flush()


def main() -> None:
    """Until the container ends."""
    hour, _, minute = os.environ["CHECKS_AT"].partition(":")
    plan = Plan((int(hour), int(minute)), last=datetime.now(UTC))
    while True:
        now = datetime.now(UTC)
        found = trouble(os.environ["PROMETHEUS_URL"])
        if found is not None:
            plan.observe(now, trouble=found)
        reason = plan.due(now)
        if reason:
            tell(f"begin: {reason}")
            plan.begun(now)
            check_all(run_command)
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    main()
