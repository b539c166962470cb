from __future__ import annotations

import asyncio
import signal
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from app.demo import kills
from app.demo.kills import Blow, plan
from app.demo.processes import Processes
from app.local.process import ChildProcess

WORKERS = ("normalize", "inventory", "deliver-pos", "deliver-web")
TWO_OF_EACH = ["ingress", "poll", *(f"{role}-{number}" for number in (1, 2) for role in WORKERS)]


@pytest.mark.parametrize("seconds", [0, 60, 600])
def test_one_worker_of_each_role_is_killed_and_another_is_frozen_for_half_a_minute(seconds: float) -> None:
    blows = plan(TWO_OF_EACH, seconds)
    killed = [blow.name for blow in blows if blow.number is signal.SIGKILL]
    assert sorted(killed) == sorted(["ingress", "poll", *(f"{role}-1" for role in WORKERS)])
    stop, go = (blow for blow in blows if blow.number is not signal.SIGKILL)
    assert (stop.name, go.name) == ("deliver-pos-2", "deliver-pos-2")
    assert (stop.number, go.number) == (signal.SIGSTOP, signal.SIGCONT)
    assert go.after - stop.after == kills.FREEZE_SECONDS
    assert all(earlier.after <= later.after for earlier, later in pairwise(blows))
    assert max(blow.after for blow in blows) < (seconds or kills.USUAL_SECONDS)


def test_a_lone_worker_is_killed_and_frozen() -> None:
    assert [blow.name for blow in plan(["ingress", "poll", *WORKERS], 60)].count("deliver-pos") == 3


class Rows(Processes):
    """Runs Python that waits, instead of a role."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, {})
        self.child = ChildProcess.start(
            [sys.executable, "-c", "import time; time.sleep(60)"], log=directory / "log", pid_file=directory / "pid"
        )
        self.sent: list[signal.Signals] = []

    def signal(self, name: str, number: signal.Signals) -> None:
        assert name == "deliver-pos"
        self.sent.append(number)
        self.child.popen.send_signal(number)


async def test_blows_fall_and_are_told_and_nobody_stays_frozen(tmp_path: Path) -> None:
    rows, told = Rows(tmp_path), list[str]()
    blows = [Blow(0.0, "deliver-pos", signal.SIGSTOP), Blow(60.0, "deliver-pos", signal.SIGCONT)]
    striking = asyncio.create_task(kills.strike(rows, blows, lambda blow: told.append(str(blow))))
    await asyncio.sleep(0.1)
    striking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await striking
    assert rows.sent == [signal.SIGSTOP, signal.SIGCONT]
    assert told == ["froze deliver-pos (SIGSTOP) 0 s after the shop opened"]
    await kills.strike(rows, [Blow(0.0, "deliver-pos", signal.SIGKILL)], lambda blow: told.append(str(blow)))
    assert rows.child.popen.wait(10) == -signal.SIGKILL
    assert told[-1] == "killed deliver-pos (SIGKILL) 0 s after the shop opened"
