"""A child process that does not outlive its purpose.

It has its own process group (Ctrl-C in the terminal is the starter's business), its output goes to a file, and a pid
file lets a later start end what an earlier one left behind. On Linux the kernel also kills it when the thread that
started it ends, so start it from a thread that lives as long as the child shall.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LINUX = platform.system() == "Linux"


def _kill_with_parent() -> Callable[[], None] | None:
    """What the child runs before it becomes the program, None where the kernel has no such thing."""
    if not _LINUX:
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded here: nothing may be imported between fork and exec
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def birth(pid: int) -> str:
    """When the process of that pid was born, in the system's words; empty if there is none.

    A pid is used again after its process ends; pid and birth together are not.
    """
    if _LINUX:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return "" if fields[0] == "Z" else fields[19]
        return ""
    shown = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 - fixed command
    return shown.stdout.strip()


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A running child: ``start`` makes one, ``stop`` ends it."""

    popen: subprocess.Popen[bytes]
    pid_file: Path
    log: Path

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        pid_file: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> ChildProcess:
        """Start ``command``; its output is appended to ``log``.

        Raises:
            OSError: the program cannot be started.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        pid_file.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            popen = subprocess.Popen(  # noqa: S603 - the command is ours
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_kill_with_parent(),  # noqa: PLW1509 - one system call, nothing is imported or locked
            )
        pid_file.write_text(json.dumps({"pid": popen.pid, "birth": birth(popen.pid)}))
        return cls(popen, pid_file, log)

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self.popen.poll()

    def stop(self, grace_seconds: float = 10.0) -> None:
        """Ask it to end, then end it and whatever it started."""
        if self.popen.poll() is None:
            _signal_group(self.popen.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(grace_seconds)
        _signal_group(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.pid_file.unlink(missing_ok=True)

    def last_lines(self, count: int = 20) -> str:
        """The end of its output, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def end_orphan(pid_file: Path, grace_seconds: float = 5.0) -> bool:
    """End the process that ``pid_file`` names, if it still is that process. True if there was one."""
    try:
        noted = json.loads(pid_file.read_text())
        pid, born = int(noted["pid"]), str(noted["birth"])
    except (OSError, ValueError, KeyError, TypeError):
        pid_file.unlink(missing_ok=True)
        return False
    alive = bool(born) and birth(pid) == born
    if alive:
        _signal_group(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while birth(pid) == born and time.monotonic() < deadline:
            time.sleep(0.05)
        _signal_group(pid, signal.SIGKILL)
    pid_file.unlink(missing_ok=True)
    return alive


def end_orphans(directory: Path) -> int:
    """End what the pid files under ``directory`` name; returns how many were running."""
    return sum(end_orphan(pid_file) for pid_file in sorted(directory.rglob("*.pid")))
