"""A dead letter: the original record, with why it stopped in its headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

PREFIX = "dead-letter-"
LONGEST = 4000
"""Characters of a header that are kept; of a stack the last ones, which name the fault."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why a record stopped; value, key and own headers of the record stay as they were.

    Attributes:
        stage: package in `streams/` that gave up.
        flow, step, target: as in the journal; empty where they were not reached.
        error: class name in `streams/errors.py`.
        code: a short stable word for grouping.
        message: what happened and what to do next.
        stack: of a fault of ours, else empty.
        attempts: tries over all holds.
        topic, partition, offset: where the record was.
    """

    stage: str
    flow: str
    step: str
    target: str
    error: str
    code: str
    message: str
    stack: str
    attempts: int
    topic: str
    partition: int
    offset: int

    def to_headers(self) -> list[tuple[str, bytes]]:
        """As Kafka headers, to be put behind the record's own."""
        values = {item.name: str(getattr(self, item.name))[:LONGEST] for item in fields(self)}
        values["stack"] = self.stack[-LONGEST:]
        return [(PREFIX + name, value.encode()) for name, value in values.items()]

    @classmethod
    def from_headers(cls, headers: Mapping[str, bytes]) -> DeadLetter:
        """Read them back. Raises KeyError if one is missing."""
        text = {item.name: headers[PREFIX + item.name].decode() for item in fields(cls)}
        return cls(
            stage=text["stage"],
            flow=text["flow"],
            step=text["step"],
            target=text["target"],
            error=text["error"],
            code=text["code"],
            message=text["message"],
            stack=text["stack"],
            attempts=int(text["attempts"]),
            topic=text["topic"],
            partition=int(text["partition"]),
            offset=int(text["offset"]),
        )
