"""The demo's screen: what comes in, what goes out, how fast, what waits, and where to look."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.demo.shop import Tally
from app.demo.watch import Snapshot

COLUMNS, LINES = 100, 30
"""A usual terminal, into which all of it goes."""
PROBLEMS_SHOWN, REVIEWS_SHOWN = 2, 3
SHARES = (0.5, 0.95, 0.99)
LONGEST_STAGE = "ingress, poll"
WIDE = {"outcomes": 3, "failed tries": 2}
"""Columns that share what is left of a line, by these parts."""
SHOWN = ("magento", "heartland", "ingress")
"""Whose addresses are shown; the others were told at the start."""


@dataclass(slots=True)
class Scene:
    """Everything that the screen shows at one moment."""

    phase: str = "starting"
    tally: Tally = field(default_factory=Tally)
    snapshot: Snapshot = field(default_factory=Snapshot)
    addresses: Mapping[str, str] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    parked: int = 0
    review: Sequence[tuple[str, str, str]] = ()
    """(subject, reason, receipt) of what a person must look at."""


class Screen:
    """Draws a scene; on a terminal it is redrawn in place, elsewhere it is one line every few seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()

    @property
    def live(self) -> bool:
        """True if the console can be redrawn."""
        return self.console.is_terminal

    def line(self, scene: Scene) -> str:
        """The scene in one line, for a log."""
        snapshot = scene.snapshot
        return (
            f"{time.monotonic() - self._began:5.0f} s  {scene.phase:9}  orders {scene.tally.orders}  "
            f"stock changes {scene.tally.changes}  received {snapshot.total('tillstream_receipts_total'):.0f}  "
            f"delivered {snapshot.total('tillstream_delivered_total'):.0f}  "
            f"lag {snapshot.total('tillstream_lag_records'):.0f}  parked {scene.parked}  review {len(scene.review)}  "
            f"p95 {snapshot.quantile('tillstream_latency_seconds', 0.95) * 1000:.0f} ms"
        )

    def draw(self, scene: Scene) -> Group:
        """The scene as a picture of `LINES` lines at most, on a terminal that is `COLUMNS` wide."""
        return Group(
            Panel(_shop(scene), title=f"Tillstream demo · {scene.phase}", border_style="cyan"),
            _stages(scene.snapshot),
            _flows(scene.snapshot),
            Panel(_held(scene), title="held", border_style="yellow"),
            _addresses(scene),
        )


def _shop(scene: Scene) -> Group:
    tally = scene.tally
    told = [
        Text(
            f"{tally.orders} web orders, {tally.changes} stock changes in store, {tally.packed} packed, "
            f"{tally.invoiced} invoiced, {tally.refunded} refunded, {tally.canceled} canceled, "
            f"{tally.catalogue} changes of the catalogue, {tally.members} of customers"
        )
    ]
    if scene.restarts:
        again = ", ".join(f"{name} {count} time{'s' * (count > 1)}" for name, count in scene.restarts.items())
        told.append(_line(f"started again: {again}"))
    if any(scene.faults.values()):
        struck = ", ".join(f"{name} {count}" for name, count in scene.faults.items() if count)
        told.append(_line(f"faults: {struck}"))
    told += [_line(f"the shop met: {problem}") for problem in scene.tally.problems[-PROBLEMS_SHOWN:]]
    return Group(*told)


def _stages(snapshot: Snapshot) -> Table:
    table = _table("stage", "outcomes", "failed tries")
    received = snapshot.by("tillstream_receipts_total", "via")
    table.add_row(LONGEST_STAGE, _told(received), _told(snapshot.by("tillstream_refusals_total", "status")))
    for stage in ("normalize", "inventory", "deliver"):
        outcomes = snapshot.by("tillstream_outcomes_total", "outcome", stage=stage)
        failures = snapshot.by("tillstream_failures_total", "error", stage=stage)
        table.add_row(stage, _told(outcomes), _told(failures))
    table.add_row("lag", _told(snapshot.by("tillstream_lag_records", "topic")) or "none", "")
    return table


def _flows(snapshot: Snapshot) -> Table:
    """What each flow took from receipt to effect, at most and in milliseconds; half of the flows beside the others."""
    flows = sorted(snapshot.by("tillstream_delivered_total", "flow"))
    half = (len(flows) + 1) // 2
    table = _table(*(("flow", *(f"p{share * 100:.0f} ms" for share in SHARES)) * 2))
    for number, flow in enumerate(flows[:half]):
        beside = flows[half + number : half + number + 1]
        table.add_row(*_took(snapshot, flow), *(cell for other in beside for cell in _took(snapshot, other)))
    return table


def _took(snapshot: Snapshot, flow: str) -> list[str]:
    quantiles = (snapshot.quantile("tillstream_latency_seconds", share, flow=flow) for share in SHARES)
    return [flow, *(f"{value * 1000:.0f}" for value in quantiles)]


def _table(*titles: str) -> Table:
    """A table whose rows are one line each."""
    table = Table(expand=True, box=None, header_style="dim")
    for title in titles:
        table.add_column(
            title,
            no_wrap=True,
            justify="right" if title.endswith("ms") else "left",
            min_width=len(LONGEST_STAGE) if title == "stage" else None,
            ratio=WIDE.get(title),
        )
    return table


def _held(scene: Scene) -> Group:
    told = f"{scene.parked} parked (they go on by themselves), {len(scene.review)} in review (for a person)"
    return Group(Text(told), *(_line(f"{subject}: {reason}") for subject, reason, _ in scene.review[:REVIEWS_SHOWN]))


def _addresses(scene: Scene) -> Group:
    told = "  ".join(f"{name} {scene.addresses[name]}" for name in SHOWN if name in scene.addresses)
    silent = ", ".join(scene.snapshot.silent)
    return Group(_line(told, style="dim"), *([_line(f"no answer from {silent}", style="dim")] if silent else ()))


def _line(told: str, *, style: str = "") -> Text:
    """One line, cut at its end if it is too long."""
    return Text(told.replace("\n", " "), style=style, no_wrap=True, overflow="ellipsis")


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()) if count)
