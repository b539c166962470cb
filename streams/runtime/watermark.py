"""How far a partition may be committed: one past the longest prefix of delivered records that are all done.

Order is the order of delivery, not of offsets: offsets may have gaps (compaction, transaction markers), and a gap says
nothing about what is still being worked on. Pure; the consumer feeds it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Watermark:
    """One partition since its last seek.

    Attributes:
        position: offset from which the partition was started; committable before anything is done.
        done_ms: Kafka's timestamp of the last record below the position, None before one was done since the seek.
        bytes_in_flight: of records handed on and not done.
    """

    position: int
    done_ms: int | None = None
    bytes_in_flight: int = field(default=0, init=False)
    _next: int = field(init=False)
    _open: deque[tuple[int, int]] = field(default_factory=deque)
    _sizes: dict[int, int] = field(default_factory=dict)
    """Bytes of what is in flight, by offset."""

    def __post_init__(self) -> None:
        self._next = self.position

    def deliver(self, offset: int, timestamp_ms: int, size: int) -> bool:
        """Take note that a record is handed on. False if it was before, so it must not be handed on again."""
        if offset < self._next:
            return False
        self._next = offset + 1
        self._open.append((offset, timestamp_ms))
        self._sizes[offset] = size
        self.bytes_in_flight += size
        return True

    def done(self, offset: int) -> None:
        """The record's effect is done or safely held. Unknown offsets (of before a seek) are ignored."""
        self.bytes_in_flight -= self._sizes.pop(offset, 0)

    def advance(self) -> int:
        """Move over what is done at the head; returns the offset up to which everything is done."""
        while self._open and self._open[0][0] not in self._sizes:
            offset, self.done_ms = self._open.popleft()
            self.position = offset + 1
        return self.position

    @property
    def oldest_ms(self) -> int | None:
        """Kafka's timestamp of the first record handed on that is not done, None if all are."""
        return self._open[0][1] if self._open else None

    @property
    def in_flight(self) -> int:
        """Records handed on and not done."""
        return len(self._sizes)

    @property
    def span(self) -> int:
        """Records handed on past the position, done or not: what a crash would give again."""
        return len(self._open)
