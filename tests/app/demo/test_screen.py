"""Everything that the demo shows goes onto one screen."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from app.balance.sets import Equations
from app.balance.take import Balance
from app.demo import programs
from app.demo.audit.findings import Audit, Entity
from app.demo.report import Report
from app.demo.screen import COLUMNS, LINES, Scene, Screen
from app.demo.shop import Tally
from app.demo.watch import Sample, Snapshot
from app.sandbox.faults import Fault

BAD_DAY = "POST http://127.0.0.1:12345/rest/V1/orders: 503 " + "x" * 300
ROLES = ("ingress", "poll", "normalize", "inventory", "deliver-pos", "deliver-web")


def busy() -> Snapshot:
    """Metrics of all flows, stages and topics on a bad day."""
    samples = [Sample("tillstream_receipts_total", {"via": via}, 123_456) for via in ("webhook", "poll", "stage")]
    for stage in ("normalize", "inventory", "deliver"):
        outcomes = ("delivered", "discarded", "filtered", "published", "review", "superseded", "unchanged")
        samples += [Sample("tillstream_outcomes_total", {"stage": stage, "outcome": name}, 98_765) for name in outcomes]
        errors = ("OutcomeUnknown", "Throttled", "Transient", "Unavailable")
        samples += [Sample("tillstream_failures_total", {"stage": stage, "error": name}, 4_321) for name in errors]
    for flow in programs.FLOWS:
        samples.append(Sample("tillstream_delivered_total", {"flow": flow}, 1_000))
        samples.append(Sample("tillstream_latency_seconds_bucket", {"flow": flow, "le": "60.0"}, 1_000))
    samples += [Sample("tillstream_lag_records", {"topic": f"raw.heartland.topic{n}"}, 999) for n in range(20)]
    return Snapshot(samples, silent=dict.fromkeys(ROLES, "TimeoutError"))


def full() -> Scene:
    """A scene with as much as can be in one."""
    counts = dict.fromkeys(
        ("orders", "changes", "packed", "invoiced", "canceled", "refunded", "catalogue", "members"), 99_999
    )
    return Scene(
        phase="trading",
        tally=Tally(**counts, problems=[BAD_DAY] * 9),
        snapshot=busy(),
        addresses=dict.fromkeys(("magento", "heartland", *ROLES), "http://127.0.0.1:12345"),
        restarts=dict.fromkeys(ROLES, 12),
        faults=dict.fromkeys(Fault, 1234),
        parked=1_234,
        review=[("000000001", BAD_DAY, "r1")] * 9,
    )


def drawn(scene: Scene, *, width: int = COLUMNS) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(Screen(console).draw(scene))
    return capture.get().splitlines()


def test_the_fullest_scene_goes_onto_one_screen() -> None:
    lines = drawn(full())
    assert len(lines) <= LINES, "\n".join(lines)
    assert max(map(len, lines)) <= COLUMNS


def test_each_stage_is_shown_and_each_flow_with_what_it_took() -> None:
    told = "\n".join(drawn(full()))
    assert all(f" {name} " in told for name in (*programs.FLOWS, "ingress, poll", "normalize", "inventory", "deliver"))
    assert told.count("60000") == 3 * len(programs.FLOWS)


@pytest.mark.parametrize("scene", [Scene(), full()])
def test_a_log_gets_the_scene_in_one_line(scene: Scene) -> None:
    assert "\n" not in Screen(Console(file=io.StringIO())).line(scene)


def test_the_balance_at_the_end_has_a_line_for_each_entity() -> None:
    audit = Audit(placed=12_345, in_target=12_345)
    for found in audit.entities.values():
        found.did = found.compared = 1_234_567
        found.add("lost", "000000001", "is not in the point of sale")
    report = Report(
        kafka="4.3",
        seconds=60.0,
        audit=audit,
        balance=Balance(Equations()),
        drained=True,
        review_problems=[],
        faults={},
        blows=[],
        latency_ms={},
    )
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        report.show(console)
    rows = {line.split("│")[1].strip(): line for line in capture.get().splitlines() if line.startswith("│")}
    assert list(rows) == list(Entity)
    assert all(line.count("1234567") == 2 for line in rows.values())
    assert not report.clean
