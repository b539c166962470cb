"""Failpoints that a test looks at: which were reached, and what was true then."""

from __future__ import annotations

from collections.abc import Callable

from streams.ports import Failpoint


class Reached:
    """Implements `streams.ports.Failpoints`; ``then`` is called at every point, and nothing goes on meanwhile."""

    def __init__(self, then: Callable[[Failpoint], object] = lambda _point: None) -> None:
        self.points: list[Failpoint] = []
        self.then = then

    def reach(self, point: Failpoint) -> None:
        self.points.append(point)
        self.then(point)
