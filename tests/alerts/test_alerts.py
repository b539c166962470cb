"""The alerts: Prometheus takes them, each fires and is quiet when it should, and what it says to do can be done.

The cases are promtool's own files beside this one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.metrics import document
from tests.command_line import resolved

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "helm/tillstream/alerts/tillstream.yaml", ROOT / "docker/production/alerts/backup.yaml")
RUNBOOK = (ROOT / "helm" / "RUNBOOK.md").read_text(encoding="utf-8")
CASES = sorted(Path(__file__).parent.glob("*.yaml"))
SEVERITIES = {"page", "ticket", "none"}
FROM_OUTSIDE = {"namespace", "instance", "le"}
"""Labels that Prometheus adds, and the one of every histogram's buckets."""

METRICS = {metric.name: metric for metric in document()}


def rules() -> Iterator[Mapping[str, Any]]:
    for file in RULES:
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


ALERTS = [rule for rule in rules() if "alert" in rule]
NAMES = [rule["alert"] for rule in ALERTS]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=NAMES)


def promtool(*arguments: str | Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is missing: apt-get install --no-install-recommends prometheus")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_each_alert_fires_when_it_should_and_not_when_it_should_not(file: Path) -> None:
    promtool("test", "rules", file)


# -- What the cases cover ------------------------------------------------------------------------------------------


def asked(fires: bool) -> set[str]:
    """The alerts of which some case says that they fire, or that they do not."""
    tests = [test for file in CASES for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]]
    looks = [look for test in tests for look in test["alert_rule_test"]]
    return {look["alertname"] for look in looks if bool(look["exp_alerts"]) is fires}


def test_of_each_alert_there_is_a_case_that_fires() -> None:
    assert asked(fires=True) == set(NAMES)


def test_of_each_alert_there_is_a_case_that_is_quiet() -> None:
    assert asked(fires=False) == set(NAMES) - {"Watchdog"}


# -- What an alert says --------------------------------------------------------------------------------------------


@each_alert
def test_an_alert_says_whom_it_wakes_what_happened_and_what_to_do(alert: Mapping[str, Any]) -> None:
    assert alert["labels"]["severity"] in SEVERITIES
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert re.search("`(tillstream|docker compose) ", alert["annotations"]["description"])


@each_alert
def test_an_alert_is_about_one_installation(alert: Mapping[str, Any]) -> None:
    if alert["alert"] != "Watchdog":
        assert "by (namespace" in alert["expr"] or "tillstream:" in alert["expr"]


@each_alert
def test_an_alert_leads_to_its_section_of_the_runbook(alert: Mapping[str, Any]) -> None:
    """The chart puts another address in the place of the file's name."""
    name, url = alert["alert"], alert["annotations"]["runbook_url"]
    assert url == f"RUNBOOK.md#{name.lower()}"
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert section is not None, f"## {name} is missing in helm/RUNBOOK.md"
    assert section[1].startswith(f"`{alert['labels']['severity']}`.")
    assert "**Money:**" in section[1]


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    assert re.findall(r"^## (.*)$", RUNBOOK, re.MULTILINE) == NAMES


# -- That the names in them exist ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_asks_for_metrics_and_labels_that_exist(rule: Mapping[str, Any]) -> None:
    told = rule["expr"] + rule.get("annotations", {}).get("summary", "")
    for name, labels in re.findall(r"\b(tillstream_\w+)(?:\{([^}]*)\})?", told):
        metric = METRICS.get(name) or METRICS.get(re.sub(r"_(bucket|count|sum)$", "", name))
        assert metric is not None, f"{name} is no metric of Tillstream"
        assert set(re.findall(r"(\w+)[=!]", labels)) <= {*metric.labels, *FROM_OUTSIDE}, f"{name}{{{labels}}}"
    assert set(re.findall(r"\btillstream:[\w:]+", told)) <= RECORDED


def commands(text: str) -> set[str]:
    """What a person is told to type, without its values."""
    return set(re.findall(r"`(tillstream [a-z-][^`]*)`", re.sub(r"\s+", " ", text)))


COMMANDS = sorted(commands(RUNBOOK).union(*(commands(alert["annotations"]["description"]) for alert in ALERTS)))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_a_person_is_told_to_type_exists(line: str) -> None:
    words = re.sub(r"\{\{.*?\}\}", "VALUE", line).split()[1:]
    command, _ = resolved([*takewhile(lambda word: not word.startswith("VALUE"), words)])
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, line
