"""The dashboards' files as the tests see them: panels, and the queries that Grafana would send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from helm.dashboards.files import DIRECTORY

VARIABLES = {"__rate_interval": "20s", "__range": "5m"}
"""What Grafana puts in place of its own variables, fit for a demo that is scraped every two seconds."""
ALL = ".*"
METRIC = re.compile(r"\btillstream_\w+")
HISTOGRAM_ENDS = ("_bucket", "_count", "_sum")

Board = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of one panel."""

    board: str
    panel: str
    ref: str
    expression: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel} ({self.ref})"

    @property
    def sent(self) -> str:
        """The query with every variable replaced."""
        return re.sub(r"\$(\w+)", lambda found: VARIABLES.get(found[1], ALL), self.expression)

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it names, as Prometheus knows them."""
        return frozenset(METRIC.findall(self.expression))


def boards() -> dict[str, Board]:
    """Every dashboard by its file's name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DIRECTORY.glob("*.json"))}


def panels_of(board: Board) -> list[dict[str, Any]]:
    """Its panels without the headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def asked() -> Sequence[Asked]:
    """Every query of every panel."""
    return [
        Asked(name, panel["title"], target["refId"], target["expr"])
        for name, board in boards().items()
        for panel in panels_of(board)
        for target in panel["targets"]
    ]


def variables_asked() -> Iterator[tuple[str, str, str]]:
    """Dashboard, label and series of every variable that is filled from Prometheus."""
    for name, board in boards().items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"])
                assert found, variable["query"]
                yield name, found[2], Asked(name, variable["name"], "", found[1]).sent
