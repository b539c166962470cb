"""``python -m tests.bench [PART ...]``: measures all parts or those, prints one table, keeps it as JSON."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import uvloop
from rich.console import Console

from tests.bench import end_to_end, ingress, lanes, normalize
from tests.bench.children import BenchFailed
from tests.bench.report import Line, Part, show, write
from tests.bench.resources import Others

DIRECTORY = Path(".tillstream/bench")
PARTS: dict[str, tuple[Callable[[Path, Console], Awaitable[Part]], float]] = {
    "ingress": (ingress.measure, 90.0),
    "normalize": (normalize.measure, 130.0),
    "lanes": (lanes.measure, 60.0),
    "end_to_end": (end_to_end.measure, 285.0),
}
"""What there is to measure, and how many seconds it may take; together nine minutes, on a slow machine too."""
INTERRUPTED = 130


async def run(names: Sequence[str], console: Console) -> int:
    """Measure those parts, one after the other; SIGTERM ends it as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    began, load = time.monotonic(), os.getloadavg()
    parts: list[Part] = []
    for name in names:
        console.print(f"{name}: measuring ...")
        parts.append(await _measured(name, console))
    cores, python = os.cpu_count(), platform.python_version()
    surroundings = {
        "machine": f"{platform.system()} {platform.machine()}, {cores} cores, Python {python}",
        "load_before": load,
        "load_after": os.getloadavg(),
        "seconds": round(time.monotonic() - began),
    }
    show(console, parts)
    write(DIRECTORY / "report.json", parts, surroundings)
    before, after = load[0], os.getloadavg()[0]
    console.print(
        f"{surroundings['machine']}; load average {before:.1f} before, {after:.1f} after; "
        f"{surroundings['seconds']} s; {DIRECTORY / 'report.json'}",
        highlight=False,
    )
    return 0 if all(part.figures for part in parts) else 1


async def _measured(name: str, console: Console) -> Part:
    """A part's result; one that cannot be had leaves the others theirs."""
    measure, seconds = PARTS[name]
    others = Others()
    try:
        async with asyncio.timeout(seconds):
            part = await measure(DIRECTORY / name, console)
            return replace(part, others=others.cores())
    except BenchFailed as error:
        return Part(name, [Line("nothing", "failed", met=False)], {}, notes=[str(error)])
    except TimeoutError:
        slow = f"not done within {seconds:.0f} s: other programs may keep this machine busy"
        return Part(name, [Line("nothing", "too slow", met=False)], {}, notes=[slow])


def main() -> int:
    """Returns the exit code: 1 if a part could not be measured. A bar that was missed is told in the table."""
    names = sys.argv[1:] or list(PARTS)
    console = Console(width=max(140, Console().width))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        console.print(f"there is no part '{unknown[0]}': {', '.join(PARTS)}")
        return 2
    if os.environ.pop("KAFKA_BOOTSTRAP_SERVERS", None):
        console.print("KAFKA_BOOTSTRAP_SERVERS is not used: the bench fills a broker of its own")
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # of topics that are new it warns, and tries again
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(names, console))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
