"""What this machine must have before anything is set up; names what is missing and how to install it.

``make`` runs it with the system's own Python before there is a virtual environment, so that it imports nothing but
the standard library, and stays readable for a Python that is too old.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Mapping

PYTHON = (3, 11)
JAVA = 17

Missing = namedtuple("Missing", "what debian macos")
Missing.__doc__ = "Something that is not there, and the commands that install it."


def java_command(environ: Mapping[str, str]) -> str | None:
    """The Java that counts: JAVA_HOME's, else the first on the PATH."""
    home = environ.get("JAVA_HOME", "")
    return shutil.which("java", path=os.path.join(home, "bin")) if home else shutil.which("java")  # noqa: PTH118


def java_release(command: str | None) -> int | None:
    """The feature release of that Java (17, 21 ...), None if it does not run. macOS has a stub that only complains."""
    if command is None:
        return None
    try:
        shown = subprocess.run([command, "-version"], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', shown.stderr + shown.stdout)
    return int(found.group(1)) if found and shown.returncode == 0 else None


def docker_answers() -> bool:
    """Whether a Docker engine answers; the client alone is not enough."""
    command = shutil.which("docker")
    if command is None:
        return False
    try:
        shown = subprocess.run([command, "info"], capture_output=True, check=False, timeout=20)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return shown.returncode == 0


def missing_for_python(version: tuple[int, ...], modules: tuple[str, ...]) -> list[Missing]:
    """What Python lacks: its version, or modules that Debian packs apart. ``modules`` are those that import."""
    if version[:2] < PYTHON:
        wanted = ".".join(map(str, PYTHON))
        return [
            Missing(
                f"Python {wanted} or later (this is {version[0]}.{version[1]}; `make PYTHON=...` names another)",
                f"apt-get install python{wanted} python{wanted}-venv",
                f"brew install python@{wanted}",
            )
        ]
    if "ensurepip" not in modules:
        return [Missing("Python's venv module", "apt-get install python3-venv", "brew install python@3.11")]
    return []


def missing_for_kafka(java: int | None, maven: bool) -> list[Missing]:
    """What a broker without Docker lacks."""
    found = []
    if java is None or java < JAVA:
        have = f" (this is {java})" if java else ""
        found.append(
            Missing(f"Java {JAVA} or later{have}", "apt-get install openjdk-17-jre-headless", "brew install openjdk@17")
        )
    if not maven:
        found.append(Missing("Maven (fetches Kafka's jars)", "apt-get install maven", "brew install maven"))
    return found


def missing(environ: Mapping[str, str]) -> list[Missing]:
    """Everything that this machine lacks for ``make demo`` and ``make test``."""
    found = missing_for_python(sys.version_info[:3], _importable())
    if environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return found
    kafka = missing_for_kafka(java_release(java_command(environ)), shutil.which("mvn") is not None)
    return found + (kafka if kafka and not docker_answers() else [])


def _importable() -> tuple[str, ...]:
    """``ensurepip`` if this Python has it; Debian packs it apart, and ``venv`` fails without it."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - the import is the test
    except ImportError:
        return ()
    return ("ensurepip",)


def report(found: list[Missing]) -> str:
    """The list for a person."""
    lines = ["Tillstream needs more than this machine has:"]
    for item in found:
        lines += [
            "",
            f"  missing: {item.what}",
            f"    Debian, Ubuntu:  {item.debian}",
            f"    macOS:           {item.macos}",
        ]
    lines += [
        "",
        "Instead of Java and Maven: a running Docker engine, or KAFKA_BOOTSTRAP_SERVERS=host:port of a Kafka.",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Exit code 0 if nothing is missing. ``--python-only`` asks for no more than the virtual environment needs."""
    python_only = "--python-only" in arguments
    found = missing_for_python(sys.version_info[:3], _importable()) if python_only else missing(os.environ)
    if found:
        sys.stderr.write(report(found) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
