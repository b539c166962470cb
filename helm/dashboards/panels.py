"""The panels that the dashboards are made of, each with its look decided once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

Panel = timeseries.Panel | stat.Panel | statetimeline.Panel
PROMETHEUS = DataSourceRef("prometheus", "${datasource}")
HALF, THIRD, QUARTER, SIXTH = 12, 8, 6, 4
"""Widths, of the 24 columns that a dashboard has."""
TALL = 8
"""As high as lines are."""
GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel.

    Attributes:
        legend: what its series are called, with ``{{label}}`` for the value of a label.
        instant: asked once, for the end of the time shown, and not for every point in it.
    """

    expression: str
    legend: str
    instant: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """From which values on a panel warns, and cries; None where it never does."""

    amber: float | None = None
    red: float | None = None


CALM = Limits()
NONE_ALLOWED = Limits(red=1)
STALE = Limits(amber=2 * 3600, red=26 * 3600)
"""Of a check that runs every hour or every night."""


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = HALF,
    limits: Limits = CALM,
    stacked: bool = False,
) -> timeseries.Panel:
    """Lines over time. ``limits`` are drawn as dashed lines, ``stacked`` adds the series up to a whole."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .min(0)
        .height(TALL)
        .span(width)
        .fill_opacity(25 if stacked else 8)
        .show_points(VisibilityMode.NEVER)
        .thresholds(_thresholds(limits))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if limits != CALM:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    for query in _numbered(queries):
        panel.with_target(query)
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    width: int = SIXTH,
    height: int = 4,
    limits: Limits = CALM,
    words: Mapping[int, str] | None = None,
) -> stat.Panel:
    """The newest value, large, coloured by ``limits``; ``words`` are shown in place of single values."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .height(height)
        .span(width)
        .thresholds(_thresholds(limits))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    if words:
        panel.mappings([_in_words({value: (text, BLUE) for value, text in words.items()})])
    for query in _numbered(queries):
        panel.with_target(query)
    return panel


def states(
    title: str, description: str, query: Query, words: Mapping[int, tuple[str, str]], *, width: int = HALF
) -> statetimeline.Panel:
    """What state things were in over time: ``words`` gives each value its text and colour."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .height(TALL)
        .span(width)
        .mappings([_in_words(words)])
        .thresholds(_thresholds(CALM))
        .show_value(VisibilityMode.AUTO)
        .merge_values(True)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .with_target(next(iter(_numbered([query]))))
    )


def _numbered(queries: Sequence[Query]) -> list[prometheus.Dataquery]:
    return [_asked(query).ref_id(chr(ord("A") + position)) for position, query in enumerate(queries)]


def _asked(query: Query) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().datasource(PROMETHEUS).expr(query.expression).legend_format(query.legend)
    return asked.instant() if query.instant else asked.range()


def _thresholds(limits: Limits) -> dashboard.ThresholdsConfig:
    steps = [Threshold(None, GREEN)]
    if limits.amber is not None:
        steps.append(Threshold(limits.amber, AMBER))
    if limits.red is not None:
        steps.append(Threshold(limits.red, RED))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _in_words(words: Mapping[int, tuple[str, str]]) -> ValueMapping:
    return ValueMap(
        {
            str(value): ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(words.items())
        }
    )
