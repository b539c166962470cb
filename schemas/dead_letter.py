"""A dead letter: the original record, with why it stopped in its headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

PREFIX = "dead-letter-"
LONGEST = 4000
"""Characters of a text that are kept; of a stack the last ones, which name the fault."""


@dataclass(frozen=True, slots=True)
class Documents:
    """Which versions of the flow and mapping documents an event ran through; 0 and empty where it did not get there."""

    flow_version: int = 0
    mapping: str = ""
    mapping_version: int = 0


NO_DOCUMENTS = Documents()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Why a record stopped; value, key and own headers of the record stay as they were.

    Attributes:
        stage: package in `streams/` that gave up.
        flow, step, target: as in the journal; empty where they were not reached.
        flow_version, mapping, mapping_version: see `Documents`.
        error: class name in `streams/errors.py`.
        code: a short stable word for grouping.
        message: what happened and what to do next.
        stack: where in the code it was raised, with its causes.
        attempts: tries over all holds.
        replays: times that a person let it try again.
        first_ms, last_ms: when it was held first, and when it failed last; milliseconds since the epoch.
        topic, partition, offset: where the record was.
    """

    stage: str
    flow: str
    step: str
    target: str
    flow_version: int
    mapping: str
    mapping_version: int
    error: str
    code: str
    message: str
    stack: str
    attempts: int
    replays: int
    first_ms: int
    last_ms: int
    topic: str
    partition: int
    offset: int

    def to_headers(self) -> list[tuple[str, bytes]]:
        """As Kafka headers, to be put behind the record's own."""
        values = asdict(self._cut())
        return [(PREFIX + name, str(value).encode("utf-8", "backslashreplace")) for name, value in values.items()]

    @classmethod
    def from_headers(cls, headers: Mapping[str, bytes]) -> DeadLetter:
        """Read them back. Raises KeyError if one is missing."""
        return cls._of({item.name: headers[PREFIX + item.name].decode() for item in fields(cls)})

    def to_json(self) -> str:
        """As one line of ASCII, for a table."""
        return json.dumps(asdict(self._cut()))

    @classmethod
    def from_json(cls, text: str) -> DeadLetter:
        """Read it back. Raises KeyError if a field is missing."""
        return cls._of(json.loads(text))

    def _cut(self) -> DeadLetter:
        return replace(self, message=self.message[:LONGEST], stack=self.stack[-LONGEST:])

    @classmethod
    def _of(cls, values: Mapping[str, Any]) -> DeadLetter:
        numbers = {item.name for item in fields(cls) if item.type == "int"}
        read: dict[str, Any] = {
            item.name: (int if item.name in numbers else str)(values[item.name]) for item in fields(cls)
        }
        return cls(**read)
