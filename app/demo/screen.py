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

PROBLEMS_SHOWN = 4


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
        """The scene as a picture."""
        return Group(
            Panel(_shop(scene), title=f"Tillstream demo · {scene.phase}", border_style="cyan"),
            _stages(scene.snapshot),
            Panel(_review(scene), title="held", border_style="yellow"),
            _addresses(scene),
        )


def _shop(scene: Scene) -> Text:
    tally = scene.tally
    told = (
        f"{tally.orders} web orders, {tally.changes} stock changes in store, {tally.packed} packed, "
        f"{tally.invoiced} invoiced, {tally.refunded} refunded, {tally.canceled} canceled, "
        f"{tally.catalogue} changes of the catalogue, {tally.members} of customers"
    )
    for name, count in scene.restarts.items():
        told += f"\n{name} was started again {count} time{'s' * (count > 1)}"
    if any(scene.faults.values()):
        told += "\nfaults: " + ", ".join(f"{name} {count}" for name, count in scene.faults.items() if count)
    for problem in scene.tally.problems[-PROBLEMS_SHOWN:]:
        told += f"\nthe shop met: {problem[:110]}"
    return Text(told)


def _stages(snapshot: Snapshot) -> Table:
    table = Table(expand=True)
    for title in ("stage", "outcomes", "failed tries", "p50", "p95", "p99"):
        table.add_column(title)
    received = snapshot.by("tillstream_receipts_total", "via")
    table.add_row("ingress, poll", _told(received), _told(snapshot.by("tillstream_refusals_total", "status")))
    for stage in ("normalize", "inventory", "deliver"):
        outcomes = snapshot.by("tillstream_outcomes_total", "outcome", stage=stage)
        failures = snapshot.by("tillstream_failures_total", "error", stage=stage)
        table.add_row(stage, _told(outcomes), _told(failures))
    for flow in sorted(snapshot.by("tillstream_delivered_total", "flow")):
        quantiles = (snapshot.quantile("tillstream_latency_seconds", share, flow=flow) for share in (0.5, 0.95, 0.99))
        table.add_row(f"  {flow}", "receipt to effect", "", *(f"≤ {value * 1000:.0f} ms" for value in quantiles))
    lag = snapshot.by("tillstream_lag_records", "topic")
    table.add_row("lag", _told(lag) or "none", "")
    return table


def _review(scene: Scene) -> Text:
    told = f"{scene.parked} parked (they go on by themselves), {len(scene.review)} in review (for a person)"
    for subject, reason, _ in scene.review[:6]:
        told += f"\n{subject}: {reason[:150]}"
    return Text(told)


def _addresses(scene: Scene) -> Text:
    told = "  ".join(f"{name} {url}" for name, url in scene.addresses.items())
    if scene.snapshot.silent:
        told += "\nno answer from " + ", ".join(scene.snapshot.silent)
    return Text(told, style="dim")


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()) if count)
