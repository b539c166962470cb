"""``tillstream support-bundle``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.clock import SystemClock
from app.settings import Settings
from app.support.bundle import archive
from app.support.masking import Masker, secrets_of
from app.support.sections import SECTIONS, told

STREAM = "-"


async def write(settings: Settings, file: str, logs: str | None) -> int:
    """Make the bundle. Returns 0.

    Args:
        settings: of the process.
        file: where it goes; ``-`` is standard output.
        logs: a file of logs to go with it; ``-`` is standard input.

    Raises:
        OSError: a file cannot be read or written.
    """
    files = await told(settings, SECTIONS)
    if logs is not None:
        files["logs.txt"] = _read(logs)
    made = archive(files, Masker(secrets_of(settings)), SystemClock().now())
    if file == STREAM:
        sys.stdout.buffer.write(made)
        return 0
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(made)
    sys.stderr.write(f"{file}: look into it before you send it\n")
    return 0


def _read(logs: str) -> str:
    return sys.stdin.read() if logs == STREAM else Path(logs).read_text(errors="replace")
