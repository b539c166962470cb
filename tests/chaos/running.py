"""The frame of a run under ``tests.chaos``: alone in its directory, and told in the same words at its end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from app.demo.audit.findings import Finding
from app.demo.options import DemoOptions
from app.demo.run import only_demo
from app.local.kafka import KafkaNotStarted
from app.local.postgres import PostgresNotStarted
from app.local.process import end_orphans
from tests.chaos.drain import DRAIN_SECONDS
from tests.chaos.world import NotReady

SKUS = 400
ORDERS_PER_SECOND, CHANGES_PER_SECOND = 1.0, 3.0
"""What two cores carry with room to recover: a shop that is behind anyway says nothing about a blow."""
FINDINGS_SHOWN = 30
WIDTH = 140
"""Of a table in a log."""
NOT_EMPTY = f"the pipe did not run empty: nothing went on for {DRAIN_SECONDS:.0f} s"


def console() -> Console:
    """What a run is told on."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)


def shop(directory: Path, *, seed: int = 1, pace: float = 1.0) -> DemoOptions:
    """The shop that is struck; at pace 1 it places an order and changes stock 3 times a second."""
    return DemoOptions(
        directory,
        skus=SKUS,
        orders_per_second=ORDERS_PER_SECOND * pace,
        changes_per_second=CHANGES_PER_SECOND * pace,
        seed=seed,
    )


def run_alone(directory: Path, console: Console, run: Callable[[], Coroutine[Any, Any, int]], *, again: str) -> int:
    """Run it when nobody else does in this directory, and what an earlier run left there is ended.

    Args:
        directory: of the run.
        console: what it is told on.
        run: returns the exit code.
        again: what the same command does if the run is broken off.

    Returns:
        The exit code; 1 if the run is under way already, or something that it needs does not start.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is down is no news here
    os.environ.pop("TILLSTREAM_CONFIG", None)  # the run's own settings, nobody else's
    with only_demo(directory) as other:
        if other:
            console.print(f"This run is under way already (pid {other}).")
            return 1
        end_orphans(directory)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(run())
        except (NotReady, KafkaNotStarted, PostgresNotStarted) as error:
            console.print(f"[red]broken off[/red]: {error}; the same command {again}")
            return 1


def tell_findings(console: Console, findings: Sequence[Finding]) -> None:
    """The first of what is wrong."""
    for finding in findings[:FINDINGS_SHOWN]:
        tell_wrong(console, f"{finding.verdict}: {finding.subject}: {finding.detail}")


def tell_wrong(console: Console, what: str) -> None:
    """One thing that is wrong."""
    console.print(f"[red]✗[/red] {what}")


def tell_verdict(console: Console, directory: Path, *, clean: bool) -> int:
    """The last line. Returns the exit code."""
    console.print("[green]clean[/green]" if clean else f"[red]NOT clean[/red]: see {directory}/*.log")
    return 0 if clean else 1
