"""What a run found: one table for people, one JSON document for programs. A bar that was missed is told as missed."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.profiling import Profile

MARKS = {True: "[green]yes[/]", False: "[bold red]NO[/]", None: ""}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        what: is measured.
        ours, beside: Tillstream's figure, and that of the program beside it; with their units.
        ratio: ours to theirs; None where nothing stands beside.
        bar: what was promised, in words; empty if nothing was.
        met: whether it was kept; None without a bar.
    """

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bench.

    Attributes:
        title: above its lines.
        figures: everything as it was measured, for the JSON document.
        profiles: by process, under the load that the part measured.
        notes: what the reader must know to judge the figures.
        others: processor cores that programs other than the bench's kept busy meanwhile; None if nobody knows.
    """

    title: str
    lines: Sequence[Line]
    figures: Mapping[str, object]
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    notes: Sequence[str] = ()
    others: float | None = None


def show(console: Console, parts: Sequence[Part]) -> None:
    """Print the table, the notes, and where the time goes."""
    table = Table(title="Tillstream's speed on this machine", title_justify="left")
    table.add_column("measured")
    for name in ("Tillstream", "beside it", "ratio"):
        table.add_column(name, justify="right")
    table.add_column("promised")
    table.add_column("kept")
    for part in parts:
        table.add_section()
        table.add_row(f"[bold]{part.title}")
        for line in part.lines:
            ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
            table.add_row(f"  {line.what}", line.ours, line.beside, ratio, line.bar, MARKS[line.met])
        if part.others is not None:
            table.add_row("  cores that other programs kept busy meanwhile", f"{part.others:.2f} of {os.cpu_count()}")
    console.print(table)
    for part in parts:
        for note in part.notes:
            console.print(f"- {part.title}: {note}", style="dim", highlight=False, markup=False)
    for part in parts:
        for process, profile in part.profiles.items():
            _show_profile(console, f"Where the time of {process} goes ({part.title.lower()})", profile)


def _show_profile(console: Console, title: str, profile: Profile) -> None:
    if profile.problem or not profile.samples:
        console.print(f"{title}: {profile.problem or 'it was idle'}", highlight=False)
        return
    table = Table(title=title, title_justify="left")
    for name in ("by package or module", "by function", "under our functions"):
        table.add_column("%", justify="right")
        table.add_column(name, overflow="fold")
    columns = (profile.modules, profile.functions, profile.within)
    for place in range(max(map(len, columns))):
        cells: list[str] = []
        for shares in columns:
            shown = shares[place] if place < len(shares) else None
            cells += [f"{shown.share:.0%}", shown.place] if shown else ["", ""]
        table.add_row(*cells)
    console.print(table)


def write(path: Path, parts: Sequence[Part], surroundings: Mapping[str, object]) -> None:
    """Keep everything as JSON."""
    document = {
        **surroundings,
        "kept": all(line.met is not False for part in parts for line in part.lines),
        "parts": [dataclasses.asdict(part) for part in parts],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
