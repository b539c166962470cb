"""Processes that a test can freeze and kill at any await, on one time that it owns.

Every process has an event loop of its own. A frozen one is not run while time goes on; a killed one never again.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import selectors
from asyncio import events
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from streams.errors import Unavailable
from streams.ports import Failpoint
from tests.twins.clock import START


class Time:
    """What every clock of a world shows. Implements `streams.ports.Clock` for the store, which does not sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the store does not sleep")


class Killed(SystemExit):
    """Comes out of the event loop of a process that was killed at a failpoint; nothing of it goes on."""


class _Quiet(selectors.DefaultSelector):
    """Waits for nothing: it stops the loop as soon as that would wait."""

    def __init__(self) -> None:
        super().__init__()
        self.idle: float | None = None
        self.worked = False
        self.stop: Callable[[], None] = lambda: None

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout > 0:
            self.idle = timeout
            self.stop()
        else:
            self.worked = True
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, time: Time) -> None:
        self._shared = time
        self.quiet = _Quiet()
        super().__init__(self.quiet)
        self.quiet.stop = self.stop

    def time(self) -> float:
        return self._shared.seconds


@dataclass
class Trap:
    """What happens when a process comes to a failpoint: it is killed, or stands still for some seconds."""

    point: Failpoint
    freeze_seconds: float = 0.0


class Process:
    """One worker process. Implements `streams.ports.Clock` and `streams.ports.Failpoints` for what runs in it.

    Args:
        name: unlike that of any process before it.
        elsewhere: lets the rest of the world go on for some seconds, while this one stands still.
    """

    def __init__(self, name: str, time: Time, elsewhere: Callable[[Process, float], None]) -> None:
        self.name = name
        self.dead = False
        self.frozen = False
        self.trap: Trap | None = None
        self.problems: list[str] = []
        self._time = time
        self._elsewhere = elsewhere
        self._loop = _Loop(time)
        self._loop.set_exception_handler(self._note)

    def now(self) -> datetime:
        return self._time.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._loop.create_task(work)

    @property
    def runs(self) -> bool:
        return not self.dead and not self.frozen

    def run(self) -> bool:
        """Run until everything waits. True if there was something to do."""
        self._loop.quiet.worked = False
        self._turn()
        return self._loop.quiet.worked

    @property
    def idle(self) -> float:
        """For how many seconds everything waits, if nobody disturbs it."""
        return math.inf if self._loop.quiet.idle is None else self._loop.quiet.idle

    def step(self, iterations: int) -> None:
        """Run so many iterations of the event loop, and no more."""
        for _ in range(iterations):
            if self.runs:
                self._loop.call_soon(self._loop.stop)
                self._turn()

    def _turn(self) -> None:
        self._loop.quiet.idle = None
        outer = events._get_running_loop()  # it stands still at a failpoint meanwhile
        events._set_running_loop(None)
        try:
            self._loop.run_forever()
        except Killed:
            self.kill()
        finally:
            events._set_running_loop(outer)

    def reach(self, point: Failpoint) -> None:
        trap = self.trap
        if trap is None or trap.point is not point or self.dead:
            return
        self.trap = None
        if not trap.freeze_seconds:
            self.dead = True
            raise Killed
        self.frozen = True
        self._elsewhere(self, trap.freeze_seconds)
        self.frozen = False
        if self.dead:  # killed while it stood there
            raise Killed

    def kill(self) -> None:
        """End it. What unwinds reaches nothing outside any more: see `Wire`."""
        self.dead = True
        if self._loop.is_closed() or self._loop.is_running():
            return
        while tasks := asyncio.all_tasks(self._loop):
            for task in tasks:
                task.cancel()
            self._turn()
        self._loop.close()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not self.dead and not isinstance(error, Killed):
            self.problems.append(f"{self.name}: {context.get('message')}: {error!r}")


class Wire:
    """A port behind a network: its process may stop before a call arrives and before the answer does.

    ``faults`` are taken one by one: False loses a call, True loses its answer; both are told as Unavailable.
    """

    def __init__(self, process: Process, port: Any, faults: list[bool]) -> None:
        self._process = process
        self._port = port
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not inspect.iscoroutinefunction(method):
            return partial(self._note, method)

        async def call(*values: Any, **named: Any) -> Any:
            await self.travel()
            lost = self._faults.pop() if self._faults else None
            if lost is False:
                raise Unavailable("it was not reached")
            answer = await method(*values, **named)
            await self.travel()
            if lost:
                raise Unavailable("its answer was lost")
            return answer

        return call

    def _note(self, method: Callable[..., None], *values: Any) -> None:
        """A call that nobody waits for; a fault loses it, and nobody is told."""
        if not (self._faults and self._faults.pop() is False):
            method(*values)

    async def travel(self) -> None:
        await asyncio.sleep(0)
        if self._process.dead:
            raise asyncio.CancelledError
