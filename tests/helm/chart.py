"""The chart as Helm renders it."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.helm.binary import program

CHART = Path(__file__).parents[2] / "helm" / "tillstream"
MATRIX = tuple(sorted(path.stem.removesuffix("-values") for path in (CHART / "ci").glob("*-values.yaml")))
"""Files of values: each is a way to run Tillstream."""
RELEASE, NAMESPACE = "till", "shop"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Every object of a release."""

    objects: tuple[Object, ...]

    def of(self, *kinds: str) -> list[Object]:
        """Those of some kinds."""
        return [one for one in self.objects if one["kind"] in kinds]

    def the(self, kind: str, name: str) -> Object:
        """One, by its name."""
        (found,) = (one for one in self.of(kind) if one["metadata"]["name"] == name)
        return found

    def workloads(self) -> list[Object]:
        """What runs for good."""
        return self.of("Deployment", "StatefulSet")

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Every pod's template with the name of what makes it: roles, hooks, checks, the test."""
        for one in self.objects:
            spec = one.get("spec", {})
            if one["kind"] == "CronJob":
                spec = spec["jobTemplate"]["spec"]
            if one["kind"] == "Pod":
                yield one["metadata"]["name"], one
            elif one["kind"] in {"Deployment", "StatefulSet", "Job", "CronJob"}:
                yield one["metadata"]["name"], spec["template"]

    def settings(self, config: str) -> dict[str, Any]:
        """The settings in a ConfigMap."""
        return tomllib.loads(self.the("ConfigMap", config)["data"]["tillstream.toml"])


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Helm."""
    return subprocess.run([program("helm"), *arguments], capture_output=True, text=True, check=False)


def values_of(case: str) -> str:
    """The file of a case of the matrix."""
    return str(CHART / "ci" / f"{case}-values.yaml")


@cache
def rendered(case: str, *sets: str) -> Rendered:
    """The release of a case, with some values set otherwise (``name=value``)."""
    done = helm("template", RELEASE, str(CHART), "-n", NAMESPACE, "-f", values_of(case), *set_otherwise(sets))
    assert done.returncode == 0, done.stderr
    return Rendered(tuple(one for one in yaml.safe_load_all(done.stdout) if one))


def refused(case: str, *sets: str) -> str:
    """What Helm says of values that it must not take."""
    done = helm("template", RELEASE, str(CHART), "-n", NAMESPACE, "-f", values_of(case), *set_otherwise(sets))
    assert done.returncode, f"taken: {sets}"
    return done.stderr


def set_otherwise(sets: Sequence[str]) -> Iterator[str]:
    """Helm's arguments for values that are set otherwise: JSON where it looks so, else as Helm understands it."""
    for one in sets:
        yield "--set-json" if one.split("=", 1)[1][:1] in {"{", "["} else "--set"
        yield one
