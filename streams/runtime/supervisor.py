"""Ends the process when it cannot go on: a worker that has failed must be started anew, never linger."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

EXIT_CODE = 70
"""Of a process that could not even stop in time (EX_SOFTWARE of sysexits.h)."""


class LastResort:
    """Ends the process from a thread of its own, so that it works when the event loop hangs.

    Args:
        end: called with the exit code; `os._exit`, but for tests.
    """

    def __init__(self, end: Callable[[int], object] = os._exit) -> None:
        self._end = end
        self._timer: threading.Timer | None = None

    def arm(self, seconds: float, why: str) -> None:
        """End the process in ``seconds``, unless disarmed before. Arming again keeps the earlier time."""
        if self._timer is not None:
            return
        self._timer = threading.Timer(seconds, self._strike, (why,))
        self._timer.daemon = True
        self._timer.start()

    def disarm(self) -> None:
        """The process has stopped in order."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _strike(self, why: str) -> None:
        sys.stderr.write(f"ending the process: {why}\n")
        sys.stderr.flush()
        self._end(EXIT_CODE)
