"""What the screen and the drain look at: the roles' own metrics, the held table, and Kafka's offsets."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One scraped value."""

    name: str
    labels: Labels
    value: float


@dataclass(slots=True)
class Snapshot:
    """All roles' metrics at one moment.

    Attributes:
        samples: everything scraped.
        silent: roles that did not answer, with the reason.
    """

    samples: list[Sample] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)

    def total(self, name: str, **labels: str) -> float:
        """Sum over all samples of a metric whose labels match."""
        return sum(sample.value for sample in self._matching(name, labels))

    def by(self, name: str, label: str, **labels: str) -> Counter[str]:
        """The same, split by one label."""
        counted: Counter[str] = Counter()
        for sample in self._matching(name, labels):
            counted[sample.labels[label]] += int(sample.value)
        return counted

    def quantile(self, name: str, share: float, **labels: str) -> float:
        """Upper bound of the histogram bucket in which that share of all observations lies; 0 if there are none."""
        buckets: Counter[float] = Counter()
        for sample in self._matching(f"{name}_bucket", labels):
            buckets[float(sample.labels["le"])] += int(sample.value)
        if not buckets:
            return 0.0
        wanted = share * max(buckets.values())
        return next((bound for bound, count in sorted(buckets.items()) if count and count >= wanted), 0.0)

    def _matching(self, name: str, labels: Labels) -> Iterable[Sample]:
        return (s for s in self.samples if s.name == name and all(s.labels.get(k) == v for k, v in labels.items()))


async def scrape(session: aiohttp.ClientSession, roles: Mapping[str, str]) -> Snapshot:
    """Read ``/metrics`` of every role (name -> base address)."""
    snapshot = Snapshot()
    answers = await asyncio.gather(*(_read(session, url) for url in roles.values()), return_exceptions=True)
    for role, answer in zip(roles, answers, strict=True):
        if isinstance(answer, BaseException):
            snapshot.silent[role] = type(answer).__name__
        else:
            snapshot.samples.extend(answer)
    return snapshot


async def _read(session: aiohttp.ClientSession, url: str) -> Sequence[Sample]:
    async with session.get(f"{url}/metrics", timeout=aiohttp.ClientTimeout(total=2)) as response:
        text = await response.text()
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


async def unready(session: aiohttp.ClientSession, roles: Mapping[str, str], page: str) -> dict[str, str]:
    """The roles whose ``page`` (``readyz``, ``healthz``) does not say yes, and why."""
    reasons = {}
    for role, url in roles.items():
        try:
            async with session.get(f"{url}/{page}", timeout=aiohttp.ClientTimeout(total=5)) as response:
                if response.status != 200:  # noqa: PLR2004 - ready
                    reasons[role] = (await response.text())[:300]
        except (aiohttp.ClientError, TimeoutError) as error:
            reasons[role] = f"no answer yet ({type(error).__name__})"
    return reasons
