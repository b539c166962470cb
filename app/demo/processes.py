"""The demo's processes: started with their own logs, started again when killed, ended together."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
RESTART_PAUSE = 1.0
STOP_GRACE = 15.0


@dataclass(frozen=True, slots=True)
class Program:
    """One role to run: arguments after ``tillstream`` and what it has beside the demo's environment."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(slots=True)
class _Running:
    program: Program
    process: asyncio.subprocess.Process
    started: float
    restarts: int = 0


class Processes:
    """Runs programs until `stop`; one that ends by itself is started again after a second, as a cluster would."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = environment
        self._running: dict[str, _Running] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def restarts(self) -> dict[str, int]:
        """How often each program had to be started again."""
        return {name: running.restarts for name, running in self._running.items() if running.restarts}

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name, for a second terminal that wants to kill one."""
        return {name: running.process.pid for name, running in self._running.items()}

    async def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        process = await self._spawn(program)
        running = _Running(program, process, time.monotonic())
        self._running[program.name] = running
        self._keepers.append(asyncio.create_task(self._keep(running)))

    async def stop(self, names: list[str] | None = None) -> None:
        """End programs in the given order with SIGTERM, after the grace with SIGKILL. None ends all."""
        self._stopping = True
        chosen = [self._running[name] for name in names or list(self._running)]
        await asyncio.gather(*(_end(running.process) for running in chosen))
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    def log_of(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._directory / f"{name}.log"

    async def _spawn(self, program: Program) -> asyncio.subprocess.Process:
        with self.log_of(program.name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app.cli",
                *program.arguments,
                env={**self._environment, **program.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    async def _keep(self, running: _Running) -> None:
        while True:
            await running.process.wait()
            if self._stopping:
                return
            await asyncio.sleep(RESTART_PAUSE)
            running.restarts += 1
            running.process = await self._spawn(running.program)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_GRACE)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _die_with_parent() -> None:
    """Linux ends the child when the demo itself is killed, so that no orphan keeps a port."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_orphans(pid_file: Path) -> list[int]:
    """End what an earlier demo left behind: ``make demo-stop``. Returns the process ids that were ended."""
    if not pid_file.exists():
        return []
    ended = []
    for line in pid_file.read_text().split():
        pid = int(line)
        if _is_ours(pid):
            os.kill(pid, signal.SIGTERM)
            ended.append(pid)
    pid_file.unlink()
    return ended


def _is_ours(pid: int) -> bool:
    """A pid may be somebody else's by now: only a process of this project is ended."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"app.cli" in command or b"kafka.Kafka" in command or b"tillstream" in command
