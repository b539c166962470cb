"""What the demo does to its own workers with ``DEMO_KILLS=1``: it kills one of each role and freezes one.

A frozen worker is worse than a dead one: Kafka gives its partitions to others, and then it wakes up and goes on.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.demo.processes import Processes

FREEZE_SECONDS = 30.0
FREEZE_AT = 0.15
KILLS_FROM, KILLS_UNTIL = 0.2, 0.85
"""Shares of the trading time."""
USUAL_SECONDS = 60.0
"""Taken for the trading time if the shop trades until Ctrl-C."""
FROZEN_ROLE = "deliver-pos"
"""Its effects are the ones that must not happen twice."""

DID = {signal.SIGKILL: "killed", signal.SIGSTOP: "froze", signal.SIGCONT: "woke"}

_NUMBER = re.compile(r"-\d+$")


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing done to one worker, so many seconds after the shop opened."""

    after: float
    name: str
    number: signal.Signals

    def __str__(self) -> str:
        return f"{DID[self.number]} {self.name} ({self.number.name}) {self.after:.0f} s after the shop opened"


def plan(names: Iterable[str], seconds: float) -> list[Blow]:
    """What is done, in time's order: the first worker of each role is killed, the last that delivers is frozen."""
    workers: dict[str, list[str]] = {}
    for name in names:
        workers.setdefault(_NUMBER.sub("", name), []).append(name)
    total = seconds or USUAL_SECONDS
    between = (KILLS_UNTIL - KILLS_FROM) / max(1, len(workers) - 1)
    kills = [
        Blow(total * (KILLS_FROM + between * place), group[0], signal.SIGKILL)
        for place, group in enumerate(workers.values())
    ]
    frozen, began = workers[FROZEN_ROLE][-1], total * FREEZE_AT
    freeze = [Blow(began, frozen, signal.SIGSTOP), Blow(began + FREEZE_SECONDS, frozen, signal.SIGCONT)]
    return sorted(kills + freeze, key=lambda blow: blow.after)


async def strike(processes: Processes, blows: Iterable[Blow], told: Callable[[Blow], None]) -> None:
    """Do all of it; tells each when it is done. What is cancelled leaves nobody frozen."""
    loop = asyncio.get_running_loop()
    opened = loop.time()
    frozen: set[str] = set()
    try:
        for blow in blows:
            await asyncio.sleep(opened + blow.after - loop.time())
            processes.signal(blow.name, blow.number)
            frozen = frozen | {blow.name} if blow.number is signal.SIGSTOP else frozen - {blow.name}
            told(blow)
    finally:
        for name in frozen:
            processes.signal(name, signal.SIGCONT)
