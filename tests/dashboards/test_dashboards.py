"""The dashboards as code: files that are current, queries of metrics that exist, panels that explain themselves."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from helm.dashboards import files
from streams.metrics import document
from tests.dashboards.boards import HISTOGRAM_ENDS, Asked, asked, boards, panels_of, variables_asked

BOARDS = boards()
OF_SCRAPE = {"job", "namespace", "role", "instance"}
"""Labels that the scrape gives every series; README tells them to whoever writes the scrape."""
METRICS = {
    name: {*metric.labels, *(("le",) if end == "_bucket" else ())}
    for metric in document()
    for end in (HISTOGRAM_ENDS if metric.kind == "histogram" else ("",))
    for name in (f"{metric.name}{end}",)
}
SELECTOR = re.compile(r"\b(tillstream_\w+)\{([^}]*)\}")
GROUPS = re.compile(r"by \(([^)]*)\)")


def test_the_files_are_what_the_code_makes() -> None:
    assert files.differing(files.DIRECTORY) == []


def test_a_file_that_somebody_edited_or_left_behind_or_took_away_differs(tmp_path: Path) -> None:
    files.write(tmp_path)
    (tmp_path / "business.json").write_text("{}")
    (tmp_path / "flows.json").unlink()
    (tmp_path / "old.json").write_text("{}")

    assert files.differing(tmp_path) == ["business.json", "flows.json", "old.json"]


def test_writing_again_mends_the_files_and_removes_what_is_no_more(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")

    files.write(tmp_path)

    assert files.differing(tmp_path) == []


@pytest.mark.parametrize("query", asked(), ids=str)
def test_each_query_asks_for_metrics_that_tillstream_serves(query: Asked) -> None:
    assert query.metrics or "up{" in query.expression
    assert query.metrics <= METRICS.keys()


@pytest.mark.parametrize("query", asked(), ids=str)
def test_each_query_splits_metrics_by_labels_that_they_have(query: Asked) -> None:
    for metric, matchers in SELECTOR.findall(query.expression):
        assert set(re.findall(r"(\w+)\s*=", matchers)) <= METRICS[metric] | OF_SCRAPE
    labels = {label for metric in query.metrics for label in METRICS[metric]} | OF_SCRAPE
    for group in GROUPS.findall(query.expression):
        assert set(group.split(", ")) <= labels


@pytest.mark.parametrize("query", asked(), ids=str)
def test_each_query_stays_inside_the_chosen_installation(query: Asked) -> None:
    selectors = re.findall(r"\{([^}]*)\}", query.expression)

    assert selectors
    assert all('namespace=~"$namespace"' in matchers for matchers in selectors)


@pytest.mark.parametrize("name", BOARDS)
def test_each_variable_in_a_query_is_one_that_the_dashboard_has(name: str) -> None:
    defined = {variable["name"] for variable in BOARDS[name]["templating"]["list"]}
    used = {found for query in asked() if query.board == name for found in re.findall(r"\$(\w+)", query.expression)}

    assert {variable for variable in used if not variable.startswith("__")} <= defined
    assert {label for _, label, _ in variables_asked()} <= {*OF_SCRAPE, "connection", "flow"}


@pytest.mark.parametrize("name", BOARDS)
def test_each_panel_says_what_it_shows_in_which_unit_and_names_its_series(name: str) -> None:
    for panel in panels_of(BOARDS[name]):
        assert len(panel["description"]) > 20 or panel["description"].endswith(".")
        assert panel["type"] == "state-timeline" or panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["legendFormat"] for target in panel["targets"])
        assert len({target["legendFormat"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("name", BOARDS)
def test_no_two_panels_of_a_dashboard_have_one_title(name: str) -> None:
    titles = Counter(panel["title"] for panel in panels_of(BOARDS[name]))

    assert [title for title, times in titles.items() if times > 1] == []


@pytest.mark.parametrize("name", BOARDS)
def test_no_panel_lies_on_another_nor_beside_the_grid(name: str) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]

    assert all(place.get("x", 0) + place["w"] <= 24 for place in places)
    assert [pair for pair in combinations(places, 2) if _overlap(*pair)] == []


def test_dashboards_are_told_apart_and_lead_to_each_other() -> None:
    uids = Counter(board["uid"] for board in BOARDS.values())

    assert set(uids) == {f"tillstream-{name}" for name in BOARDS}
    assert all(count == 1 for count in uids.values())
    for board in BOARDS.values():
        (link,) = board["links"]
        assert link["type"] == "dashboards"
        assert set(link["tags"]) <= set(board["tags"])
        assert "placement" not in link  # with one, Grafana does not show it above the panels


@pytest.mark.parametrize("name", BOARDS)
def test_each_panel_has_a_number_of_its_own(name: str) -> None:
    numbers = [panel["id"] for panel in BOARDS[name]["panels"]]

    assert numbers == list(range(1, len(numbers) + 1))


def test_limits_rise() -> None:
    for board in BOARDS.values():
        for panel in panels_of(board):
            _, *steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            assert all(lower["value"] < upper["value"] for lower, upper in pairwise(steps))


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        one.get(at, 0) < other.get(at, 0) + other[size] and other.get(at, 0) < one.get(at, 0) + one[size]
        for at, size in (("x", "w"), ("y", "h"))
    )
