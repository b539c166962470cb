"""What the demo starts again, as a cluster would."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from app.demo import processes as module
from app.demo.processes import Processes, Program
from app.exit_codes import OFFSETS_LOST


async def test_a_program_that_ends_is_started_again_but_not_one_that_needs_a_person_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_with = tmp_path / "python"
    ends_with.write_text("#!/bin/sh\nexit $3\n")  # it is called as: python -m app.cli CODE
    ends_with.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(ends_with))
    monkeypatch.setattr(module, "RESTART_PAUSE", 0.0)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)
    processes = Processes(tmp_path / "demo", {})
    for name, code in (("lost", OFFSETS_LOST), ("failed", 1), ("ended", 0)):
        processes.start(Program(name, (str(code),), {}))
    keeping = asyncio.create_task(processes.keep())
    try:
        async with asyncio.timeout(10):
            while min(processes.restarts.get(name, 0) for name in ("failed", "ended")) < 3:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
        assert "lost" not in processes.restarts
    finally:
        keeping.cancel()
        await processes.stop()
