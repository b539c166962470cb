"""What a process takes of this machine: memory and processor time, read from outside it."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
_PROC = Path("/proc")
_PPID, _TIMES = 1, slice(11, 15)
"""Fields of /proc/PID/stat behind the name: the parent; utime, stime, and both of its ended children (proc(5))."""

_BUSY = (0, 1, 2, 5, 6)
"""Fields of the first line of /proc/stat: user, nice, system, irq, softirq."""


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


def _own_seconds() -> float:
    """Processor time of this process and of everything that it has started, ended or not."""
    parents: dict[int, list[tuple[int, int]]] = {}
    for directory in _PROC.iterdir():
        stat = _stat(directory) if directory.name.isdigit() else []
        if stat:
            parents.setdefault(int(stat[_PPID]), []).append((int(directory.name), _ticks(stat)))
    ticks, waiting = 0, [os.getpid()]
    while waiting:
        for child, taken in parents.get(waiting.pop(), []):
            ticks += taken
            waiting.append(child)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def _machine_seconds() -> float:
    """Time that the machine's cores have been at work: all but idle and waiting for disks (proc(5), /proc/stat)."""
    fields = (_PROC / "stat").read_text().splitlines()[0].split()[1:]
    return sum(int(fields[place]) for place in _BUSY) / os.sysconf("SC_CLK_TCK")


class Others:
    """What programs that are not ours take of the machine: a bench beside busy neighbours measures those too."""

    def __init__(self) -> None:
        self._began = self._now()

    def cores(self) -> float | None:
        """Processor cores that they have kept busy since the making of this; None where nobody tells."""
        if self._began is None or (now := self._now()) is None:
            return None
        machine, own, seconds = (end - begin for begin, end in zip(self._began, now, strict=True))
        return max(0.0, (machine - own) / seconds)

    def _now(self) -> tuple[float, float, float] | None:
        return (_machine_seconds(), _own_seconds(), time.monotonic()) if _PROC.is_dir() else None


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
