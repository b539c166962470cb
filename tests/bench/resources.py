"""What a process takes of this machine: memory and processor time, read from outside it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
_PROC = Path("/proc")
_PPID, _TIMES = 1, slice(11, 15)
"""Fields of /proc/PID/stat behind the name: the parent; utime, stime, and both of its ended children (proc(5))."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One process at one moment."""

    resident_bytes: int
    cpu_seconds: float


def usage(pid: int) -> Usage:
    """Its resident memory, and the processor time that it and its ended children have taken."""
    if not _PROC.is_dir():
        return _asked(pid)
    pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    return Usage(pages * os.sysconf("SC_PAGE_SIZE"), _ticks(_stat(_PROC / str(pid))) / os.sysconf("SC_CLK_TCK"))


def family_cpu_seconds(pid: int) -> float:
    """Processor time of a process and of its children, for PostgreSQL, which has one for each connection."""
    if not _PROC.is_dir():
        return usage(pid).cpu_seconds
    stats = [_stat(directory) for directory in _PROC.iterdir() if directory.name.isdigit()]
    children = sum(_ticks(stat) for stat in stats if stat and int(stat[_PPID]) == pid)
    return usage(pid).cpu_seconds + children / os.sysconf("SC_CLK_TCK")


def _stat(directory: Path) -> list[str]:
    """The fields behind the name; none if the process has ended meanwhile."""
    try:
        return (directory / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ticks(stat: list[str]) -> int:
    return sum(map(int, stat[_TIMES]))


def _asked(pid: int) -> Usage:
    """The same from ``ps``, where there is no /proc (macOS)."""
    shown = subprocess.run(["/bin/ps", "-o", "rss=,time=", "-p", str(pid)], capture_output=True, text=True, check=True)
    resident, clock = shown.stdout.split()
    seconds = 0.0
    for part in clock.replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return Usage(int(resident) * 1024, seconds)


class Meter:
    """Processor time and highest memory of several processes, from its making until `stop`.

    Args:
        pids: by name.
        families: names whose children count too.
    """

    def __init__(self, pids: Mapping[str, int], families: Collection[str] = ()) -> None:
        self._pids = dict(pids)
        self._families = frozenset(families)
        self._began = time.monotonic()
        self._first = {name: self._cpu(name) for name in self._pids}
        self.peak = {name: usage(pid).resident_bytes for name, pid in self._pids.items()}
        self._cores: dict[str, float] = {}

    def look(self) -> None:
        """Take memory into account; call it every now and then."""
        for name, pid in self._pids.items():
            self.peak[name] = max(self.peak[name], usage(pid).resident_bytes)

    def stop(self) -> None:
        """Count processor time up to now."""
        seconds = time.monotonic() - self._began
        self._cores = {name: (self._cpu(name) - first) / seconds for name, first in self._first.items()}

    def cores(self) -> dict[str, float]:
        """How many processor cores each kept busy on average; nothing before `stop`."""
        return self._cores

    def _cpu(self, name: str) -> float:
        pid = self._pids[name]
        return family_cpu_seconds(pid) if name in self._families else usage(pid).cpu_seconds
