"""Stops a flow of which nearly everything fails, for all workers of its group, until a person resumes it.

What fails first while a flow is stopped is not held: it waits in its lane, as at a closed gate. The lanes fill, the
consumer stops taking, and Kafka holds the rest. Lanes are a topic's own, so that flows of other topics go on. What a
person replays is neither counted nor kept, but it needs a free lane.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog

from schemas.envelope import Envelope
from streams.errors import TillstreamError
from streams.ports import Clock, FlowStop, Stops
from streams.runtime.flood import KEYS, Failure, Flood, Window
from streams.runtime.lanes import NotDone
from streams.runtime.work import Arrival

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Time between two looks at the table: how long another worker's stop, or a resume, takes to be known."""
NO_FLOW = "unknown"
"""Stands for the flow of what no flow takes. It is judged against everything else that the stage ends well."""

Pause = Callable[[float], Awaitable[None]]


class Guard(Protocol):
    """Watches how the events of a stage end. Replays are none of its business."""

    async def admit(self, arrivals: Sequence[Arrival], wanted: Callable[[], bool], pause: Pause) -> None:
        """Return when the arrivals may be worked on; ``wanted`` and ``pause`` as in `Entrance.turn`.

        Raises:
            NotDone: they are not wanted any more.
        """
        ...

    def ended(self, arrivals: Sequence[Arrival]) -> None:
        """The arrivals ended as they should."""
        ...

    async def keeps(self, arrivals: Sequence[Arrival], failure: Failure) -> bool:
        """Whether arrivals that would go to review must wait instead, because everything fails."""
        ...


class Unguarded:
    """Implements `Guard` for a stage that never stops."""

    async def admit(self, arrivals: Sequence[Arrival], wanted: Callable[[], bool], pause: Pause) -> None:
        """See `Guard`."""

    def ended(self, arrivals: Sequence[Arrival]) -> None:
        """See `Guard`."""

    async def keeps(self, arrivals: Sequence[Arrival], failure: Failure) -> bool:  # noqa: ARG002
        """See `Guard`."""
        return False


class FlowStops:
    """Implements `Guard`: each flow of the stage has a window of its last outcomes, and may be stopped by itself.

    Args:
        stops: where they are kept.
        group: the stage's consumer group.
        target: connection that the stage writes to; empty if it writes to none.
        flow_of: id of the flow that takes an event; empty if none does.
        clock: stamps the stops.
        tell: told of each flow that stops (True) or goes on (False).
    """

    def __init__(
        self,
        stops: Stops,
        *,
        group: str,
        target: str,
        flow_of: Callable[[Envelope], str],
        clock: Clock,
        tell: Callable[[str, bool], None],
    ) -> None:
        self._stops = stops
        self._group = group
        self._target = target
        self._flow_of = flow_of
        self._clock = clock
        self._tell = tell
        self._windows: defaultdict[str, Window] = defaultdict(Window)
        self._stopped: dict[str, FlowStop] = {}
        self._unwritten: dict[str, FlowStop] = {}
        self._known = False  # nothing is let in before the table has been read
        self._looking = asyncio.Lock()

    # -- Guard ----------------------------------------------------------------------------------------------------

    async def admit(self, arrivals: Sequence[Arrival], wanted: Callable[[], bool], pause: Pause) -> None:
        """See `Guard`."""
        if not _is_first(arrivals):
            return
        flow = self._flow(arrivals)
        while not self._known or flow in self._stopped:
            await pause(LOOK_SECONDS)
            if not wanted():
                raise NotDone

    def ended(self, arrivals: Sequence[Arrival]) -> None:
        """See `Guard`."""
        if not _is_first(arrivals):
            return
        for flow in {self._flow(arrivals), NO_FLOW}:
            for arrival in arrivals:
                self._windows[flow].ended(_key(arrival))

    async def keeps(self, arrivals: Sequence[Arrival], failure: Failure) -> bool:
        """See `Guard`."""
        if not _is_first(arrivals):
            return False
        flow = self._flow(arrivals)
        if flow not in self._stopped:
            floods = [self._windows[flow].failed(_key(arrival), failure) for arrival in arrivals]
            if floods[-1] is None:
                return False
            await self._stop(flow, floods[-1])
        return True

    # -- what all workers of the group know -----------------------------------------------------------------------

    async def follow(self) -> None:
        """Look at the table for ever."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Write what is stopped here, and read what is stopped and resumed elsewhere. A store that is down is told."""
        async with self._looking:
            try:
                for flow, stop in list(self._unwritten.items()):
                    await self._stops.stop(stop)
                    del self._unwritten[flow]
                current = {stop.flow: stop for stop in await self._stops.current(self._group)}
            except TillstreamError as error:
                log.warning("stops_unreadable", group=self._group, problem=error.message)
                return
            self._take(current | self._unwritten)

    def note(self) -> str | None:
        """What is stopped and how to resume it, for readiness; None if nothing is."""
        return " ".join(told(stop) for stop in self._stopped.values()) or None

    async def _stop(self, flow: str, flood: Flood) -> None:
        stop = FlowStop(self._group, flow, self._target, self._clock.now(), str(flood))
        self._unwritten[flow] = stop
        self._mark_stopped(stop)
        await self.look()

    def _take(self, current: Mapping[str, FlowStop]) -> None:
        self._known = True
        for flow, stop in list(self._stopped.items()):
            if current.get(flow) != stop:  # resumed; it may have been stopped again since
                self._windows[flow] = Window(least=KEYS)
            if flow not in current:
                del self._stopped[flow]
                self._tell(flow, False)
                log.info("flow_resumed", group=self._group, flow=flow, target=self._target)
        for stop in current.values():
            if stop.flow not in self._stopped:
                self._mark_stopped(stop)
            self._stopped[stop.flow] = stop

    def _mark_stopped(self, stop: FlowStop) -> None:
        self._stopped[stop.flow] = stop
        self._tell(stop.flow, True)
        log.error("flow_stopped", group=stop.group, flow=stop.flow, target=stop.target, problem=told(stop))

    def _flow(self, arrivals: Sequence[Arrival]) -> str:
        return self._flow_of(arrivals[-1].envelope) or NO_FLOW


def told(stop: FlowStop) -> str:
    """What is stopped, why, and what to do, for the operator."""
    return (
        f"The flow '{stop.flow}' is stopped in {stop.group} since {stop.at:%Y-%m-%d %H:%M:%S} UTC: {stop.reason} "
        f"-- What comes waits in Kafka, in order, and nothing is lost. Mend the cause, then: {resume_command(stop)}"
    )


def resume_command(stop: FlowStop) -> str:
    """What to type to let the flow go on."""
    return f"tillstream resume {stop.flow}" + (f" --target {stop.target}" if stop.target else "")


def _is_first(arrivals: Sequence[Arrival]) -> bool:
    """Whether these have never been in review: neither a person's replay nor what an alias released."""
    row = arrivals[-1].row
    return row is None or (row.replays == 0 and row.hold.letter is None)


def _key(arrival: Arrival) -> str:
    """What failures are counted by; a record without a key stands for itself."""
    record = arrival.record
    return arrival.key or f"{record.topic} {record.partition}@{record.offset}"
