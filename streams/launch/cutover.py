"""Whether a flow may write what happened, by its mode, its cutover and the backfill that it comes of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol

from schemas.documents.flow import Mode
from schemas.envelope import Backfill
from streams.ports import Clock, Cutovers, Way

KNOWN_FOR = timedelta(seconds=2)
"""How long a worker goes on by what it read: so long does a launch take to be known, and its undoing."""


class Standing(Enum):
    """What a flow does with an event."""

    OBSERVES = auto()
    """It tells what it would write."""
    BEFORE = auto()
    """It leaves what happened before the cutover as it is."""
    WRITES = auto()


def standing(
    mode: Mode, cutover: datetime | None, happened: datetime, backfill: Backfill | None, flow: str
) -> Standing:
    """Decide on one event. Pure.

    A backfill reaches back to its own beginning, and only in its own flow; it does not launch a flow. What it leaves is
    left also by a flow that observes, so that it shows what the backfill would do.

    Args:
        mode: by the settings.
        cutover: of the event's way; None if it is not launched.
        happened: see `streams.launch.happened`.
        backfill: that the event comes of.
        flow: id of the flow that is to write it.
    """
    approved = backfill.since if backfill is not None and backfill.flow == flow else None
    begins = min((since for since in (cutover, approved) if since is not None), default=None)
    writes = mode is Mode.LIVE and cutover is not None
    if begins is not None and happened < begins and (writes or approved is not None):
        return Standing.BEFORE
    return Standing.WRITES if writes else Standing.OBSERVES


class Launches(Protocol):
    """Says since when a way writes."""

    async def at(self, way: Way) -> datetime | None:
        """Its cutover; None if it is not launched. Raises like `Cutovers.current`."""
        ...


class RememberedLaunches:
    """Implements `Launches`: reads the cutovers again when what it knows is older than `KNOWN_FOR`."""

    def __init__(self, cutovers: Cutovers, clock: Clock) -> None:
        self._cutovers = cutovers
        self._clock = clock
        self._known: Mapping[Way, datetime] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def at(self, way: Way) -> datetime | None:
        """See `Launches.at`."""
        if self._is_old():
            async with self._reading:
                if self._is_old():  # nobody else has read meanwhile
                    began = self._clock.now()
                    self._known = {cutover.way: cutover.at for cutover in await self._cutovers.current()}
                    self._read_at = began
        return self._known.get(way)

    def _is_old(self) -> bool:
        return self._read_at is None or not timedelta(0) <= self._clock.now() - self._read_at < KNOWN_FOR
