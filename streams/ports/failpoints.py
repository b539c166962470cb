"""The moments at which a crash or a freeze would hurt most, as a port, so that a test can make one happen there."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Failpoint(StrEnum):
    """What has just been done, or is about to be. The values are stable: tests name their files by them."""

    PENDING_WRITTEN = "pending_written"
    """The ledger says that an effect is about to be sent; nothing is sent."""
    BYTES_SENT = "bytes_sent"
    """The operating system has a mutating request; no answer has been read."""
    RESPONSE_READ = "response_read"
    """The answer to a mutating request was read whole; nobody has been told."""
    DONE_WRITTEN = "done_written"
    """The ledger says that an effect is done; its event is not."""
    HELD = "held"
    """An event is in the held table; its record is not acknowledged."""
    PRODUCE_ACKNOWLEDGED = "produce_acknowledged"
    """Kafka has all records of a call; whoever published them has not been told."""
    BEFORE_COMMIT = "before_commit"
    """Records are done and their offsets are not committed."""
    MID_REVOKE = "mid_revoke"
    """Partitions are about to go: what had not started is dropped, what had goes on."""


class Failpoints(Protocol):
    """Told whenever work comes to such a moment."""

    def reach(self, point: Failpoint) -> None:
        """Work has come to ``point``, and goes no further before this returns; a test may end or stop its own process
        in it. It must not raise."""
        ...


class Nowhere:
    """Nothing happens anywhere: every process but a test's. Implements `Failpoints`."""

    def reach(self, point: Failpoint) -> None:
        """See `Failpoints.reach`."""


NOWHERE = Nowhere()
