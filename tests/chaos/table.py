"""The table of a run: per fault how often it was tried and hit, what was lost, and how long it took to get over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from rich.table import Table

from app.demo.audit.findings import Finding
from streams.ports.failpoints import Failpoint
from tests.chaos.books import VERDICTS
from tests.chaos.plan import Strike
from tests.chaos.state import Struck

BEFORE, AFTER = 5.0, 5.0
"""Seconds around a strike's window in which what happened may be its doing."""
RECOVERY = (
    "recovery: seconds from the blow until every process of the struck place is ready again and every event that lay "
    "before it at the blow has gone: records in the topics of the groups that it delays are committed, webhooks in the "
    "sandboxes' queues are answered. Effects of unknown outcome, which settle for up to 25 s, are among them."
)


@dataclass(slots=True)
class Line:
    """One fault. A finding counts for every fault whose strikes' windows overlap its events."""

    tried: int = 0
    hit: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    recovery: list[float] = field(default_factory=list)
    not_recovered: int = 0

    @property
    def typical(self) -> float | None:
        """Median seconds to recover."""
        return round(median(self.recovery), 1) if self.recovery else None

    @property
    def longest(self) -> float | None:
        """Longest time to recover."""
        return max(self.recovery, default=None)

    def as_json(self) -> dict[str, object]:
        """For the report."""
        return {
            "tried": self.tried,
            "hit": self.hit,
            **self.counts,
            "recovery_median_s": self.typical,
            "recovery_max_s": self.longest,
            "not_recovered": self.not_recovered,
        }


def lines(
    strikes: Iterable[Strike],
    struck: Mapping[int, Struck],
    findings: Sequence[tuple[Finding, Sequence[float]]],
) -> dict[str, Line]:
    """The table's lines by fault.

    Args:
        strikes: the plan.
        struck: what became of the strikes that were tried.
        findings: each with the moments of its events.
    """
    table: dict[str, Line] = {}
    for strike in sorted(strikes, key=lambda one: one.fault):
        line = table.setdefault(strike.fault, Line())
        done = struck.get(strike.number)
        if done is None:
            continue
        line.tried += 1
        line.hit += done.hit
        if done.seconds is not None:
            line.recovery.append(done.seconds)
        line.not_recovered += done.hit and done.seconds is None
    faults = {strike.number: strike.fault for strike in strikes}
    for finding, at in findings:
        for fault in {faults[one.number] for one in struck.values() if _overlaps(one, at)}:
            table[fault].counts[finding.verdict] += 1
    return table


def totals(table: Mapping[str, Line], findings: Iterable[Finding]) -> Line:
    """The last line: every finding once."""
    total = Line(
        sum(line.tried for line in table.values()),
        sum(line.hit for line in table.values()),
        recovery=[seconds for line in table.values() for seconds in line.recovery],
        not_recovered=sum(line.not_recovered for line in table.values()),
    )
    for finding in findings:
        total.counts[finding.verdict] += 1
    return total


def never_hit(strikes: Iterable[Strike], struck: Mapping[int, Struck]) -> list[Failpoint]:
    """Points that no strike has hit."""
    hit = {strike.point for strike in strikes if strike.number in struck and struck[strike.number].hit}
    return [point for point in Failpoint if point not in hit]


def picture(table: Mapping[str, Line], total: Line) -> Table:
    """The table for people."""
    drawn = Table(title="What was done to it, and what came of that", title_justify="left")
    drawn.add_column("fault", no_wrap=True)
    for title in ("tried", "hit", *VERDICTS, "recovery median s", "max s"):
        drawn.add_column(title, justify="right")
    for name, line in table.items():
        drawn.add_row(name, *_cells(line))
    drawn.add_section()
    drawn.add_row("total", *_cells(total))
    return drawn


def _cells(line: Line) -> list[str]:
    told = ["-" if seconds is None else f"{seconds:.1f}" for seconds in (line.typical, line.longest)]
    if line.not_recovered:
        told[1] += f" ({line.not_recovered} not in time)"
    return [str(line.tried), str(line.hit), *(str(line.counts[name]) for name in VERDICTS), *told]


def _overlaps(one: Struck, at: Sequence[float]) -> bool:
    return bool(at) and min(at) - BEFORE <= one.ended and one.began <= max(at) + AFTER
