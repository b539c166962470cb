"""What the README says of Kubernetes is what the chart and the commands take."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from app.doctor.rights import needs_of
from schemas.documents import Mode
from streams.engine.load import load
from tests.command_line import parse
from tests.helm.chart import CHART, NAMESPACE, RELEASE, helm
from tests.helm.test_kubernetes import OLDEST, problems

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("### On Kubernetes\n")[2].partition("\n### ")[0]


def documents() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)]


def values() -> dict[str, Any]:
    (found,) = (one for one in documents() if "settings" in one)
    return dict(found)


def test_the_values_are_taken_by_the_chart(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values()))
    done = helm("template", RELEASE, str(CHART), "-n", NAMESPACE, "-f", str(file))
    assert done.returncode == 0, done.stderr


def test_the_secret_has_every_key_that_the_values_name() -> None:
    read = set(re.findall(r"file:/run/secrets/tillstream/([\w-]+)", str(values())))
    assert set(re.findall(r"--from-file=([\w-]+)", SECTION)) == read


def test_kubernetes_takes_the_job_that_backs_up() -> None:
    (job,) = (one for one in documents() if one.get("kind") == "CronJob")
    assert problems(job, OLDEST) == []


def test_each_command_in_a_pod_is_one_that_tillstream_has() -> None:
    commands = re.findall(r"-- tillstream ([^`\n>#]+)", SECTION)
    assert len(commands) > 8
    for one in commands:
        parse([__file__ if word.endswith(".csv") else word for word in shlex.split(one)])  # a file that is there


def test_magentos_resources_are_those_that_the_flows_need() -> None:
    every = load(modes=dict.fromkeys(load().flows, Mode.LIVE))
    needed = needs_of(every.flows.values()).flows
    assert [one for one in needed if one.partition("::")[2] not in SECTION] == []
