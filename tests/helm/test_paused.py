"""What a restore needs: everything that writes stands still and is not started again, and commands still run."""

from __future__ import annotations

import pytest

from tests.helm.chart import MATRIX, Rendered, rendered
from tests.helm.test_kubernetes import NEWEST, OLDEST, problems

DOOR, COMMANDS = "till-tillstream-ingress", "till-tillstream-commands"


def running(release: Rendered) -> set[str]:
    """What has pods; without a number it has one, or as many as an autoscaler says."""
    return {one["metadata"]["name"] for one in release.workloads() if one["spec"].get("replicas", 1)}


@pytest.mark.parametrize("case", ["managed", "several", "shared"])
def test_workers_and_the_poller_stand_still_while_the_door_goes_on(case: str) -> None:
    assert running(rendered(case, "paused=workers")) == {DOOR, COMMANDS}


@pytest.mark.parametrize("case", ["managed", "several", "shared"])
def test_the_door_too_may_stand_still(case: str) -> None:
    release = rendered(case, "paused=all")
    assert running(release) == {COMMANDS}
    assert release.of("HorizontalPodAutoscaler") == []


def test_no_autoscaler_starts_a_worker_again() -> None:
    """KEDA brings what has no replicas to its least number, unless it is told to leave it there."""
    for one in rendered("several", "paused=workers").of("ScaledObject"):
        assert one["metadata"]["annotations"] == {"autoscaling.keda.sh/paused-replicas": "0"}
    assert all("annotations" not in one["metadata"] for one in rendered("several").of("ScaledObject"))


def test_no_check_and_no_hook_runs() -> None:
    release = rendered("several", "paused=workers")
    assert {one["spec"]["suspend"] for one in release.of("CronJob")} == {True}
    assert {one["spec"]["suspend"] for one in rendered("several").of("CronJob")} == {False}
    assert not [one for one in release.objects if "pre-upgrade" in str(one["metadata"].get("annotations"))]


def test_commands_run_with_what_the_poller_has() -> None:
    paused, usual = dict(rendered("several", "paused=all").pods()), dict(rendered("several").pods())
    commands, poller = paused[COMMANDS]["spec"], usual["till-tillstream-poll"]["spec"]
    assert commands["volumes"] == poller["volumes"]
    assert commands["containers"][0]["env"] == poller["containers"][0]["env"]
    assert (commands["containers"][0]["command"], commands["containers"][0]["args"]) == (["sleep"], ["infinity"])
    assert COMMANDS not in usual, "commands run in the poller's pod"


@pytest.mark.parametrize("case", MATRIX)
def test_kubernetes_takes_a_paused_release(case: str) -> None:
    objects = rendered(case, "paused=all").objects
    assert [wrong for one in objects for version in (OLDEST, NEWEST) for wrong in problems(one, version)] == []
