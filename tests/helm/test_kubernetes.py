"""Every object that the chart makes is one that Kubernetes, or the operator that it is for, takes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator

from tests.helm.chart import CHART, MATRIX, Object, helm, rendered, values_of

OLDEST, NEWEST = "1.30", "1.37"
"""The oldest that Chart.yaml allows, and the newest that ``make cluster-test`` tries."""
CRDS = Path(__file__).parent / "crds"


@cache
def schema_of(api_version: str, kind: str) -> dict[str, Any]:
    group, _, version = api_version.partition("/")
    for path in CRDS.glob("*.json"):
        spec = json.loads(path.read_text())["spec"]
        if (spec["group"], spec["names"]["kind"]) == (group, kind):
            (served,) = (one for one in spec["versions"] if one["name"] == version)
            return dict(strict(served["schema"]["openAPIV3Schema"]))
    raise AssertionError(f"no definition of {api_version} {kind} in {CRDS}: add it to vendor_crds.py")


def strict(schema: Any) -> Any:
    """The API server drops what a definition does not name; here it is an error."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if (
        isinstance(made.get("properties"), dict)
        and made.get("type") == "object"
        and not made.get("x-kubernetes-preserve-unknown-fields")
    ):
        made.setdefault("additionalProperties", False)
    return made


def problems(one: Object, version: str) -> list[str]:
    if "." in one["apiVersion"].split("/")[0] and not one["apiVersion"].split("/")[0].endswith(".k8s.io"):
        return custom_problems(one)
    if one["apiVersion"].startswith("gateway."):
        return custom_problems(one)
    try:
        kubernetes_validate.validate(one, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


def custom_problems(one: Object) -> list[str]:
    schema = schema_of(one["apiVersion"], one["kind"])
    body = {key: value for key, value in one.items() if key != "metadata"}
    return [
        f"{'.'.join(map(str, error.path))}: {error.message}" for error in Draft202012Validator(schema).iter_errors(body)
    ]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("case", MATRIX)
def test_kubernetes_takes_every_object(case: str, version: str) -> None:
    found = {
        f"{one['kind']} {one['metadata']['name']}": wrong
        for one in rendered(case).objects
        if (wrong := problems(one, version))
    }
    assert found == {}


def test_a_misspelt_field_would_be_found() -> None:
    found = rendered("several").objects + rendered("strimzi").objects
    for kind in ("StatefulSet", "ScaledObject", "HTTPRoute", "ExternalSecret", "PodMonitor", "ServiceMonitor"):
        one = next(one for one in found if one["kind"] == kind)
        assert problems(one | {"spec": one["spec"] | {"replica": 1}}, NEWEST), kind


@pytest.mark.parametrize("case", MATRIX)
def test_helm_lint_finds_nothing(case: str) -> None:
    done = helm("lint", "--strict", str(CHART), "-f", values_of(case))
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout


def test_no_name_is_used_twice() -> None:
    for case in MATRIX:
        names = [(one["kind"], one["metadata"]["name"]) for one in rendered(case).objects]
        assert sorted(set(names)) == sorted(names)
