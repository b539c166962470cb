"""A worker's standing with its group: how long ago the coordinator surely knew it, and so until when it does still."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    NoError,
    NotCoordinatorForGroupError,
    RebalanceInProgressError,
)
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest

Send = Callable[[Any], Awaitable[Any]]

_KNOWS_US = frozenset({NoError.errno, RebalanceInProgressError.errno})
_ASK_ANOTHER = frozenset({GroupCoordinatorNotAvailableError.errno, NotCoordinatorForGroupError.errno})


class Session:
    """Hears what the group's coordinator answers.

    The coordinator counts the session from a heartbeat's arrival, which is never before its sending, so the sending
    counts here. A process that was frozen finds its time over before it hears that it was put out of its group.

    Args:
        lease_seconds: for how long an answer counts; below the session's time.
        clock: monotonic seconds.
    """

    def __init__(self, lease_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._known_at = -math.inf

    @property
    def stands(self) -> bool:
        """Whether no other worker can have our partitions, nor will have them before the session's rest is over."""
        return self._clock() - self._known_at < self._lease_seconds

    def listening(self, send: Send) -> Send:
        """``send``, which asks the coordinator, with an ear for what it says about us."""

        async def asked(request: Any) -> Any:
            sent_at = self._clock()
            answer = await send(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest):
                self._hear(answer.error_code, sent_at)
            return answer

        return asked

    def _hear(self, code: int, sent_at: float) -> None:
        if code in _KNOWS_US:
            self._known_at = max(self._known_at, sent_at)
        elif code not in _ASK_ANOTHER:
            self._known_at = -math.inf
