from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from app.demo import processes
from app.demo.processes import Processes, Program

WAITS = Program("waits", (), {}, module="tests.app.demo.waiting")


async def eventually_gone(running: Processes, pid: int) -> None:
    async with asyncio.timeout(10):
        while running.pids.get("waits") == pid:  # noqa: ASYNC110 - a process is watched
            await asyncio.sleep(0.02)


async def test_what_ends_by_itself_is_started_again_and_what_is_ended_is_not(tmp_path: Path) -> None:
    running = Processes(tmp_path, {})
    running.start(WAITS)
    keeper = asyncio.create_task(running.keep())
    try:
        killed = running.pids["waits"]
        running.signal("waits", signal.SIGKILL)
        await eventually_gone(running, killed)
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
