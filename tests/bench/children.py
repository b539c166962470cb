"""The processes that the bench starts and ends: each with its own log, none restarted."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.local.process import ChildProcess

STOP_GRACE = 15.0


class BenchFailed(Exception):
    """The bench cannot go on; the message says why, with the end of the log where there is one."""


class Children:
    """Programs by name. Use it from the main thread: the kernel ends the children with it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[str, ChildProcess] = {}

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Run ``python -m`` with those arguments."""
        self._running[name] = ChildProcess.start(
            [sys.executable, "-m", *arguments],
            log=self._directory / f"{name}.log",
            pid_file=self._directory / f"{name}.pid",
            env={**os.environ, **(environment or {})},
        )

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: child.popen.pid for name, child in self._running.items()}

    def check(self) -> None:
        """Raise BenchFailed if one has ended by itself."""
        for name, child in self._running.items():
            if child.exit_code is not None:
                raise BenchFailed(f"{name} ended with code {child.exit_code}; the end of its log:\n{self.tail(name)}")

    def tail(self, name: str) -> str:
        """The end of a program's log."""
        return self._running[name].last_lines()

    async def stop(self, *names: str) -> None:
        """End those, or all."""
        chosen = [self._running.pop(name) for name in names or tuple(self._running)]
        await asyncio.gather(*(asyncio.to_thread(child.stop, STOP_GRACE) for child in chosen))
