"""A short run of ``make chaos``: every failpoint by a kill, and a few other blows, on real servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.local import prerequisites
from streams.ports.failpoints import Failpoint
from tests.chaos.books import VERDICTS

KILLS, SEED = 12, 7
SECONDS = 600.0
"""It takes three to five minutes on two idle cores, a good part of it for effects to settle."""


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.slow
def test_nothing_is_lost_doubled_or_out_of_order_whatever_is_killed(tmp_path: Path) -> None:
    if prerequisites.java_command(os.environ) is None or shutil.which("mvn") is None:
        pytest.skip("killing a broker needs a local one: Java 17+ and Maven")
    options = {"--kills": KILLS, "--seed": SEED, "--root": tmp_path}
    command = [sys.executable, "-m", "tests.chaos", *(str(part) for option in options.items() for part in option)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    told = run.stdout + run.stderr
    assert run.returncode == 0, told
    report = json.loads((tmp_path / str(SEED) / "report.json").read_text())
    assert report["clean"], told
    assert {name: report["total"][name] for name in VERDICTS} == dict.fromkeys(VERDICTS, 0)
    hits = {name: line["hit"] for name, line in report["faults"].items()}
    assert {point for point in Failpoint if hits[f"kill at {point}"]} == set(Failpoint), told
    assert report["orders"] > 20
    assert report["counter_writes"] > 10
