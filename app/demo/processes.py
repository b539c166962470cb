"""The demo's roles as processes: each with its own log, started again when killed, ended together."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.exit_codes import OFFSETS_LOST
from app.local.process import ChildProcess

RESTART_PAUSE = 1.0
"""Seconds before a role that ended is started again, as a cluster would."""
LOOK_EVERY = 0.2
STOP_GRACE = 15.0


@dataclass(frozen=True, slots=True)
class Program:
    """One role to run: its arguments after ``tillstream``, and what it has beside the demo's environment.

    Attributes:
        module: what Python runs; another one must take the same arguments.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    module: str = "app.cli"


@dataclass(slots=True)
class _Running:
    program: Program
    child: ChildProcess
    restarts: int = 0


class Processes:
    """Runs programs until `stop`. Use it from the main thread: the kernel ends the children with it."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = environment
        self._running: dict[str, _Running] = {}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each program that ended was started again."""
        return {name: running.restarts for name, running in self._running.items() if running.restarts}

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name, for a second terminal that wants to kill one."""
        return {name: running.child.popen.pid for name, running in self._running.items()}

    def start(self, program: Program) -> None:
        """Start a program."""
        self._running[program.name] = _Running(program, self._spawn(program))

    async def keep(self) -> None:
        """Start programs again that end by themselves, until cancelled; not those that need a person first."""
        while True:
            for name, running in list(self._running.items()):
                if running.child.exit_code in {None, OFFSETS_LOST}:
                    continue
                await asyncio.sleep(RESTART_PAUSE)
                if self._running.get(name) is running:
                    running.restarts += 1
                    running.child = self._spawn(running.program)
            await asyncio.sleep(LOOK_EVERY)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program; one that has just ended does not get it."""
        self._running[name].child.popen.send_signal(number)

    async def stop(self) -> None:
        """End all programs with SIGTERM, after a grace with SIGKILL. Again is harmless."""
        await asyncio.gather(*(self.end(name) for name in list(self._running)))

    async def end(self, name: str) -> None:
        """End one program for good, in the same way."""
        running = self._running.pop(name)
        await asyncio.to_thread(running.child.stop, STOP_GRACE)

    def log_of(self, name: str) -> Path:
        """Where a program's output goes."""
        return self._directory / f"{name}.log"

    def last_words(self, name: str) -> str:
        """The end of a program's output."""
        running = self._running.get(name)
        return running.child.last_lines() if running is not None else ""

    def _spawn(self, program: Program) -> ChildProcess:
        return ChildProcess.start(
            [sys.executable, "-m", program.module, *program.arguments],
            log=self.log_of(program.name),
            pid_file=self._directory / f"{program.name}.pid",
            env={**self._environment, **program.environment},
        )
