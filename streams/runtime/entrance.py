"""Where a stage's turns wait before they begin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from streams.runtime.work import Arrival


class Entrance(Protocol):
    """Lets turns of a handler begin as fast as the system that they write to bears them."""

    @property
    def paused(self) -> bool:
        """Whether nothing begins at present: what fails now waits here, and is not held for it."""
        ...

    def turn(
        self, wanted: Callable[[], bool], pause: Callable[[float], Awaitable[None]]
    ) -> AbstractAsyncContextManager[None]:
        """A turn: waits until it may begin, and hears how it ends.

        Args:
            wanted: whether to go on waiting; asked after each pause.
            pause: waits so many seconds, less where ``wanted`` may have changed.

        Raises:
            NotDone: it is not wanted any more.
        """
        ...


class AlwaysOpen:
    """The entrance of a stage that writes to no other system."""

    paused = False

    @asynccontextmanager
    async def turn(
        self,
        wanted: Callable[[], bool],  # noqa: ARG002 - nothing is waited for
        pause: Callable[[float], Awaitable[None]],  # noqa: ARG002
    ) -> AsyncIterator[None]:
        """See `Entrance.turn`."""
        yield


EntranceOf = Callable[[Sequence[Arrival]], Entrance]
"""Where the turn of some arrivals of one key waits."""

_OPEN = AlwaysOpen()


def always_open(_arrivals: Sequence[Arrival]) -> Entrance:
    """Nowhere."""
    return _OPEN
