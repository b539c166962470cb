"""Every flow's mappings make of their golden samples what is kept beside them."""

from __future__ import annotations

import pytest

from tests.streams.engine.golden_flows import Case, cases, catalog, result


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_mapping_makes_what_is_kept_beside_its_sample(case: Case) -> None:
    kept = {key: case.values[key] for key in ("output", "error", "findings") if key in case.values}
    assert result(case.trial()) == kept


def test_every_flow_has_a_sample_of_each_of_its_mappings() -> None:
    wanted = {(flow.id, "out") for flow in catalog().flows.values()}
    wanted |= {(flow.id, "in") for flow in catalog().flows.values() if flow.normalize is not None}
    assert wanted - {(case.flow, case.direction) for case in cases()} == set()
