from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from app.demo import processes
from app.demo.processes import Processes, Program
from tests.waiting import eventually

WAITS = Program("waits", (), {}, module="tests.app.demo.waiting")


async def test_what_ends_by_itself_is_started_again_and_what_is_ended_is_not(tmp_path: Path) -> None:
    running = Processes(tmp_path, {})
    running.start(WAITS)
    keeper = asyncio.create_task(running.keep())
    try:
        killed = running.pids["waits"]
        running.signal("waits", signal.SIGKILL)
        await eventually(lambda: running.pids.get("waits") != killed)
        assert running.restarts == {"waits": 1}
        await running.end("waits")
        await asyncio.sleep(3 * processes.LOOK_EVERY)
        assert running.pids == {}
    finally:
        keeper.cancel()
        await running.stop()


async def test_what_is_ended_while_it_waits_for_its_restart_stays_ended(tmp_path: Path) -> None:
    running = Processes(tmp_path, {})
    running.start(WAITS)
    keeper = asyncio.create_task(running.keep())
    try:
        running.signal("waits", signal.SIGKILL)
        await asyncio.sleep(2 * processes.LOOK_EVERY)
        await running.end("waits")
        await asyncio.sleep(processes.RESTART_PAUSE + processes.LOOK_EVERY)
        assert running.pids == {}
        assert not keeper.done()
    finally:
        keeper.cancel()
        await running.stop()
