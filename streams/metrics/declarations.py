"""Declaring a metric: once, with its unit and what it tells.

Names are ``tillstream_<noun>_<unit>``; counters end in ``_total`` as Prometheus expects.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

# One more series per counter that nobody reads; the library has only this global switch.
disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Described:
    """One metric for the reader.

    Attributes:
        name: as it is scraped.
        kind: counter, gauge or histogram.
        unit: what one step of it is: ``receipts``, ``seconds``, ``bytes``.
        help: what it tells.
        labels: what it is split by.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    help: str
    labels: tuple[str, ...]


class Declarations:
    """The metrics that one process serves."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._described: list[Described] = []

    @property
    def described(self) -> tuple[Described, ...]:
        """Every metric, in the order of declaration."""
        return tuple(self._described)

    def exposition(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self.registry)

    def counter(self, name: str, unit: str, help_text: str, labels: tuple[str, ...]) -> Counter:
        """Declare what only grows."""
        self._described.append(Described(name, "counter", unit, help_text, labels))
        return Counter(name, help_text, labels, registry=self.registry)

    def gauge(self, name: str, unit: str, help_text: str, labels: tuple[str, ...]) -> Gauge:
        """Declare what rises and falls."""
        self._described.append(Described(name, "gauge", unit, help_text, labels))
        return Gauge(name, help_text, labels, registry=self.registry)

    def histogram(self, name: str, help_text: str, labels: tuple[str, ...], buckets: Sequence[float]) -> Histogram:
        """Declare a distribution of seconds."""
        self._described.append(Described(name, "histogram", "seconds", help_text, labels))
        return Histogram(name, help_text, labels, buckets=buckets, registry=self.registry)


def resident_bytes() -> int:
    """Resident memory of this process; where the system does not tell it (macOS), the highest it ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * resource.getpagesize()
