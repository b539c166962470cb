"""When the ``checks`` container checks."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
import yaml

from tests.command_line import parse
from tests.docker.composed import PRODUCTION, ROOT


def _program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("production_checks", PRODUCTION / "checks" / "checks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look their module up
    spec.loader.exec_module(module)
    return module


checks = _program()
EVENING = datetime(2026, 11, 24, 20, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)


def test_it_checks_once_a_night() -> None:
    plan = checks.Plan((3, 30), last=EVENING)
    assert plan.due(EVENING + timedelta(hours=7)) == ""
    assert plan.due(NIGHT) == "it is time"
    plan.begun(NIGHT)
    assert plan.due(NIGHT + timedelta(hours=20)) == ""
    assert plan.due(NIGHT + timedelta(days=1)) == "it is time"


def test_it_checks_after_a_fault_when_all_has_been_well_for_a_while() -> None:
    plan = checks.Plan((3, 30), last=EVENING)
    plan.observe(EVENING, trouble=True)
    assert plan.due(EVENING + timedelta(hours=1)) == ""
    plan.observe(EVENING + timedelta(hours=1), trouble=False)
    assert plan.due(EVENING + timedelta(hours=1, minutes=9)) == ""
    plan.observe(EVENING + timedelta(hours=1, minutes=9), trouble=False)
    assert plan.due(EVENING + timedelta(hours=1, minutes=10)) == "a fault is over"
    plan.begun(EVENING + timedelta(hours=1, minutes=10))
    assert plan.due(EVENING + timedelta(hours=2)) == ""


def test_a_fault_that_comes_back_is_not_over() -> None:
    plan = checks.Plan((3, 30), last=EVENING)
    plan.observe(EVENING, trouble=True)
    plan.observe(EVENING + timedelta(minutes=1), trouble=False)
    plan.observe(EVENING + timedelta(minutes=5), trouble=True)
    assert plan.due(EVENING + timedelta(minutes=30)) == ""


def test_a_check_that_finds_something_keeps_no_other_from_looking() -> None:
    ran: list[tuple[str, ...]] = []

    def finds(check: tuple[str, ...]) -> int:
        ran.append(check)
        return 1

    checks.check_all(finds)
    assert tuple(ran) == checks.CHECKS


@pytest.mark.parametrize("check", checks.CHECKS, ids=" ".join)
def test_each_check_is_a_command_that_needs_nothing_more(check: tuple[str, ...]) -> None:
    parse(check)


def test_the_chart_checks_the_same_beside_a_balance_of_the_last_days() -> None:
    values = yaml.safe_load((ROOT / "helm/tillstream/values.yaml").read_text())
    charts = {tuple(check["args"]) for check in values["checks"].values()}
    assert charts - {("balance", "--since", "3d")} == set(checks.CHECKS)
