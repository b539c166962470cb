"""What the four dashboards have in common: their names, variables and links to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLink,
    DashboardLinkType,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from helm.dashboards.panels import PROMETHEUS, Panel
from helm.dashboards.queries import series

TAG = "tillstream"
EVERYTHING = ".*"
"""What a variable's "All" stands for; also fits series without the label."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable of a dashboard: values of a label of a metric."""

    name: str
    label: str
    metric: str
    values_of: str


TARGET = Choice("target", "Target", "tillstream_http_request_seconds_count", "connection")
FLOW = Choice("flow", "Flow", "tillstream_delivered_total", "flow")
ROLE = Choice("role", "Role", "tillstream_memory_bytes", "role")


def frame(name: str, title: str, description: str, *choices: Choice) -> dashboard.Dashboard:
    """An empty dashboard ``tillstream-<name>``, with its variables."""
    board = (
        dashboard.Dashboard(f"Tillstream: {title}")
        .uid(f"{TAG}-{name}")
        .description(description)
        .tags([TAG])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-6h", "now")
        .refresh("30s")
        .annotations([])
        .link(_ToTheOthers())
        .with_variable(
            dashboard.DatasourceVariable("datasource")
            .label("Prometheus")
            .type("prometheus")
            .hide(VariableHide.DONT_HIDE)
        )
        .with_variable(_of_label("namespace", "Installation", "label_values(tillstream_memory_bytes, namespace)"))
    )
    for choice in choices:
        asked = f"label_values({series(choice.metric)}, {choice.values_of})"
        board.with_variable(_of_label(choice.name, choice.label, asked))
    return board


def filled(board: dashboard.Dashboard, rows: Mapping[str, Sequence[Panel]]) -> dashboard.Dashboard:
    """The dashboard with its panels, under the heading of each row. Their numbers are part of links to them."""
    numbers = count(1)
    for heading, panels in rows.items():
        board.with_row(dashboard.Row(heading).id(next(numbers)))
        for panel in panels:
            board.with_panel(panel.id(next(numbers)))
    return board


class _Above(DashboardLink):
    """A link above the panels. The SDK always writes the one other place, a menu, and nothing else is there to ask."""

    def to_json(self) -> dict[str, object]:
        written = super().to_json()
        del written["placement"]
        return written


class _ToTheOthers(Builder[DashboardLink]):
    """A link to each dashboard of Tillstream, for the same installation and time."""

    def build(self) -> DashboardLink:
        return _Above(
            "Tillstream",
            DashboardLinkType.DASHBOARDS,
            icon="dashboard",
            tooltip="The same time in another dashboard of Tillstream",
            tags=[TAG],
            include_vars=True,
            keep_time=True,
        )


def _of_label(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(EVERYTHING)
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )
