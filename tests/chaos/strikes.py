"""Doing what is planned, and watching how the system gets over it."""

from __future__ import annotations

import asyncio
import math
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from streams.ports.failpoints import Failpoint
from tests.chaos.armed import Hit, arm, disarm, hit
from tests.chaos.plan import AT_POINTS, BROKER, CUTS, TARGETS, Blow, Strike
from tests.chaos.recovery import Recovery
from tests.chaos.state import Struck
from tests.chaos.world import MOST, USUAL, NotReady, World

OVERLAP = 3
"""Strikes that are under way together, at different places."""
BEYOND_SESSION = 10.0
"""Seconds that a role is frozen: its session time-out (6 s) and four more."""
FROZEN_SERVER = 8.0
"""Seconds that a target or the broker is frozen. With a late effect of the target's own (12 s) that stays within what
it may take at most (20 s after the client's time-out): a target that takes longer breaks its word."""
HIT_SECONDS = 40.0
"""How long a strike waits for the moment that it is to happen in."""
OTHER_SIZE_SECONDS = 4.0
"""How long a role works with another number of workers."""
RECOVER_SECONDS = 180.0
"""After that long a strike counts as not recovered from."""
LOOK_EVERY = 0.1

Told = Callable[[Strike, Struck], None]


class Striker:
    """Strikes as planned; several at once, each place once, the broker alone.

    Args:
        order_unknown: places an order that is held.
        told: what became of each, when it is over.
    """

    def __init__(
        self, world: World, recovery: Recovery, order_unknown: Callable[[], Awaitable[None]], told: Told
    ) -> None:
        self._world = world
        self._recovery = recovery
        self._order_unknown = order_unknown
        self._told = told
        self._busy: set[str] = set()
        self._changed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, strikes: Iterable[Strike]) -> None:
        """Do them all; returns when every place that was struck is ready again. `recovered` says when all is told."""
        for strike in strikes:
            await self._until_room(partial(self._has_room, strike.place))
            self._busy.add(strike.place)
            self._tasks.append(asyncio.create_task(self._strike(strike)))
        await self._until_room(lambda: not self._busy)

    async def recovered(self) -> None:
        """Returns when the system is over every strike, or has had its time for it."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Break off: whoever is frozen is woken; what is not over is not told."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_room(self, room: Callable[[], bool]) -> None:
        """Wait for it. Raises what a strike has raised."""
        async with self._changed:
            await self._changed.wait_for(lambda: room() or any(_failed(task) for task in self._tasks))
        for task in self._tasks:
            if _failed(task):
                task.result()

    def _has_room(self, place: str) -> bool:
        if BROKER in self._busy or (place == BROKER and self._busy):
            return False
        return place not in self._busy and len(self._busy) < OVERLAP

    async def _strike(self, strike: Strike) -> None:
        began = time.time()
        try:
            mark = self._recovery.mark(strike.place)
            happened = await self._blow(strike)
            blow_at = began if happened is None else happened.at
            ready = await self._all_ready(strike)
        finally:
            async with self._changed:
                self._busy.discard(strike.place)
                self._changed.notify_all()
        recovered = ready and await self._until(lambda: self._recovery.gone(mark), RECOVER_SECONDS)
        ended = time.time()
        seconds = round(ended - blow_at, 1) if happened is not None and recovered else None
        self._told(strike, Struck(strike.number, happened is not None, began, ended, seconds))

    async def _all_ready(self, strike: Strike) -> bool:
        try:
            if strike.place == BROKER:
                await self._world.until_all_ready()
            else:
                await self._world.until_ready(self._world.processes_of(strike.place))
        except NotReady:
            return False
        return True

    # -- Each blow; what happened, None if the moment did not come ---------------------------------------------------

    async def _blow(self, strike: Strike) -> Hit | None:
        if strike.blow in AT_POINTS:
            return await self._at_point(strike)
        now = Hit(0, time.time())
        if strike.blow in CUTS:
            struck = await self._world.proxies[strike.place].strike(strike.blow, HIT_SECONDS)
            return Hit(0, time.time()) if struck else None
        match strike.blow:
            case Blow.KILL if strike.place == BROKER:
                await self._world.broker.kill_and_restart()
            case Blow.FREEZE if strike.place == BROKER:
                await self._frozen(self._world.broker.signal, FROZEN_SERVER)
            case Blow.KILL:
                await self._kill(self._victim(strike))
            case Blow.FREEZE:
                name = self._victim(strike)
                seconds = FROZEN_SERVER if strike.place in TARGETS else BEYOND_SESSION
                await self._frozen(lambda number: self._world.processes.signal(name, number), seconds)
            case Blow.FEWER:
                await self._with_fewer(strike.place)
            case Blow.MORE:
                await self._with_more(strike.place)
        return now

    def _victim(self, strike: Strike) -> str:
        return random.Random(strike.number).choice(self._world.processes_of(strike.place))

    async def _kill(self, name: str) -> None:
        processes = self._world.processes
        dead = processes.pids[name]
        processes.signal(name, signal.SIGKILL)
        await self._until(lambda: processes.pids[name] != dead, HIT_SECONDS)

    async def _frozen(self, send: Callable[[signal.Signals], None], seconds: float) -> None:
        send(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            send(signal.SIGCONT)

    async def _with_fewer(self, role: str) -> None:
        name = f"{role}-{USUAL}"
        program = self._world.programs[name]
        await self._world.processes.end(name)
        await asyncio.sleep(OTHER_SIZE_SECONDS)
        self._world.processes.start(program)

    async def _with_more(self, role: str) -> None:
        name = f"{role}-{MOST}"
        self._world.processes.start(self._world.programs[name])
        try:
            with suppress(NotReady):
                await self._world.until_ready([name])
            await asyncio.sleep(OTHER_SIZE_SECONDS)
        finally:
            await self._world.processes.end(name)

    # -- Failpoints --------------------------------------------------------------------------------------------------

    async def _at_point(self, strike: Strike) -> Hit | None:
        assert strike.point is not None  # a strike at a point has one
        kind = "kill" if strike.blow is Blow.POINT_KILL else "stop"
        armed = arm(self._world.failpoints, strike.place, strike.point, kind)
        provoking = asyncio.create_task(self._provoke(strike))
        waiting = asyncio.create_task(self._waited(armed, kind, provoking))
        try:
            await provoking
            return await waiting
        finally:
            waiting.cancel()

    async def _provoke(self, strike: Strike) -> None:
        """Bring the moment about, if trade alone does not."""
        if strike.point is Failpoint.MID_REVOKE:
            await self._with_more(strike.place)
        elif strike.point is Failpoint.HELD:
            await self._order_unknown()

    async def _waited(self, armed: Path, kind: str, provoking: asyncio.Task[None]) -> Hit | None:
        """Wait for the hit, and wake whom it stopped. A busy machine takes its time to bring the moment about."""
        await self._until(lambda: hit(armed) is not None or provoking.done(), math.inf)
        await self._until(lambda: hit(armed) is not None, HIT_SECONDS)
        if disarm(armed):
            return None
        await self._until(lambda: hit(armed) is not None, HIT_SECONDS)
        happened = hit(armed)
        if happened is None:
            return None
        if kind == "stop":
            try:
                await asyncio.sleep(max(0.0, happened.at + BEYOND_SESSION - time.time()))
            finally:
                with suppress(ProcessLookupError):
                    os.kill(happened.pid, signal.SIGCONT)
            return happened
        await self._until(lambda: happened.pid not in self._world.processes.pids.values(), HIT_SECONDS)
        return happened

    async def _until(self, true: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return True


def _failed(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None
