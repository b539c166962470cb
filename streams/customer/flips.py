"""A field that goes back and forth: two systems that each set it again whenever the other did.

Merging cannot end that, because each of them sees news. A person must say which one shall have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from streams.customer.echo import Side


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of a field that had to be written somewhere.

    Attributes:
        by: the side that changed it.
        taken_back: the change did not count, and that side itself was written to.
    """

    at: datetime
    name: str
    by: Side
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Restlessness:
    """When a field goes back and forth too often.

    Attributes:
        flips: how many are too many within the window. A person who corrects a typo makes one or two.
    """

    flips: int = 6
    window: timedelta = timedelta(hours=1)

    def recent(self, turns: Iterable[Turn], now: datetime) -> tuple[Turn, ...]:
        """The turns that still count."""
        return tuple(turn for turn in turns if now - turn.at < self.window)

    def restless(self, turns: Iterable[Turn]) -> tuple[str, ...]:
        """The fields that went back and forth too often, of turns in their order."""
        flips: dict[str, int] = {}
        last: dict[str, Side] = {}
        for turn in turns:
            # One side that changes what it owns, again and again, is only busy: points rise with every sale.
            if turn.taken_back or last.get(turn.name, turn.by) is not turn.by:
                flips[turn.name] = flips.get(turn.name, 0) + 1
            last[turn.name] = turn.by
        return tuple(name for name, times in flips.items() if times >= self.flips)
