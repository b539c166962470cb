"""The naming rule: every stage, flow and step that a log line or journal entry can carry leads to its code."""

from __future__ import annotations

import inspect

import pytest

from app.trace.names import ROOT, modules_of
from streams import ports
from streams.deliver.operations import OPERATIONS
from streams.engine import load

SYSTEMS = ("magento", "heartland", "webhook")
FLOWS = load().flows
STEPS = [(flow.id, step, flow.deliver.target) for flow in FLOWS.values() for step in flow.deliver.operations]
READS = [("normalize", "read", "magento"), ("normalize", "read", "heartland"), ("inventory", "levels", "heartland")]


@pytest.mark.parametrize(("flow", "step", "system"), STEPS)
def test_a_delivered_step_leads_from_stage_over_flow_to_the_connectors_function(
    flow: str, step: str, system: str
) -> None:
    paths = modules_of("deliver", flow, step, system)
    assert paths[0] == "streams/deliver/handler.py"
    assert f"streams/flows/{flow}.yaml" in paths
    assert paths[-1].startswith(f"app/{system}/")
    assert paths[-1].endswith(f":{step}")
    assert all((ROOT / path.partition(":")[0]).exists() for path in paths)


@pytest.mark.parametrize(("stage", "step", "system"), READS)
def test_a_read_leads_to_the_connectors_function(stage: str, step: str, system: str) -> None:
    assert modules_of(stage, "", step, system)[-1].endswith(f":{step}")


def test_every_stage_is_a_package() -> None:
    for stage in ("normalize", "inventory", "deliver"):
        assert modules_of(stage, "", "", "") == [next(iter(modules_of(stage, "", "", "")))]
        assert (ROOT / "streams" / stage).is_dir()


def test_every_operation_is_a_method_of_a_port() -> None:
    methods = {
        name
        for port in vars(ports).values()
        if inspect.isclass(port) and getattr(port, "_is_protocol", False)
        for name in vars(port)
    }
    assert {step for _, step, _ in STEPS} | set(OPERATIONS) <= methods


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_a_function_of_one_connector(name: str) -> None:
    found = [path for system in SYSTEMS for path in modules_of("", "", name, system) if path.endswith(f":{name}")]
    assert len(found) == 1


def test_unknown_names_lead_nowhere_and_break_nothing() -> None:
    assert modules_of("unheard", "of", "nothing", "nowhere") == []
