"""The dashboards' JSON against Grafana's schema."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dashboards.boards import Board, boards, panels_of
from tests.dashboards.schema import problems

BOARDS = boards()


@pytest.fixture
def board() -> Board:
    return boards()["business"]


@pytest.mark.parametrize("name", BOARDS)
def test_each_dashboard_is_what_grafanas_schema_allows(name: str) -> None:
    assert problems(BOARDS[name]) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tilte",), "misspelt"),
        (("refresh",), 30),
        (("panels", 1, "options", "colorMode"), "rainbow"),
        (("panels", 1, "fieldConfig", "defaults", "thresholds", "steps", 0, "value"), "1"),
        (("panels", 1, "targets", 0, "expression"), "up"),
        (("panels", 1, "gridPos", "w"), "4"),
        (("templating", "list", 1, "refresh"), 7),
    ],
)
def test_what_the_schema_does_not_allow_is_told(board: Board, path: tuple[str | int, ...], value: object) -> None:
    inside: Any = board
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value

    assert problems(board) != []


def test_the_panels_whose_options_are_looked_at_are_of_kinds_that_the_schema_has() -> None:
    kinds = {panel["type"] for each in BOARDS.values() for panel in panels_of(each)}

    assert kinds == {"timeseries", "stat", "state-timeline"}
