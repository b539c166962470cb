"""What one run at a steady rate tells: how long orders took, whether that grew, whether the pipeline kept up. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.sender import Sent

EDGE_SECONDS = 15.0
"""The first and the last of a run, which are held against each other."""
GROWTH, GROWTH_SECONDS = 1.5, 0.005
"""Latency grows if the last median is more than that many times the first and a bit."""
BEHIND_SECONDS = 1.0
"""A pipeline that has more on its way at the end than comes in during this time has not kept up."""
LATE_SECONDS = 0.05
"""A sender that is later than this has not held the rate; not the pipeline's fault, but nothing was measured then."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of latencies, in milliseconds."""

    p50: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Quantiles:
        """Nearest rank; all zero if there are none."""
        ranked = sorted(seconds)
        return cls(*(quantile(ranked, share) * 1000 for share in (0.5, 0.95, 0.99, 1.0)))

    def __str__(self) -> str:
        """For the table."""
        return f"{self.p50:.0f} / {self.p95:.0f} / {self.p99:.0f} ms"


def quantile(ranked: Sequence[float], share: float) -> float:
    """The value that this share of all are not above, by nearest rank; 0 if there are none."""
    if not ranked:
        return 0.0
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        per_second: as it was asked for.
        orders: sent.
        refused: not answered with 202.
        lost: accepted, and not created in the target by the end of the wait.
        doubled: created more than once.
        behind: accepted and not yet told back to the web store when the last webhook was sent.
        per_second_told: orders that were told back during the run, in a second.
        late: how late the sender was, p99 in seconds.
        whole: from sending the webhook to its creation in the target.
        after_ack: from the sender's having the 202 to the creation.
        told: from sending the webhook to the point of sale's status coming in at the web store.
        first, last: as ``whole``, of the orders sent in the first and the last 15 s.
    """

    per_second: float
    orders: int
    refused: int
    lost: int
    doubled: int
    behind: int
    per_second_told: float
    late: float
    whole: Quantiles
    after_ack: Quantiles
    told: Quantiles
    first: Quantiles
    last: Quantiles

    @property
    def grows(self) -> bool:
        """Whether orders took longer at the end than at the beginning."""
        return self.last.p50 > self.first.p50 * GROWTH + GROWTH_SECONDS * 1000

    @property
    def sender_held(self) -> bool:
        """Whether the webhooks were sent at the rate that was asked for."""
        return self.late <= LATE_SECONDS

    @property
    def kept_up(self) -> bool:
        """Whether the pipeline can go on like this."""
        return not (self.refused or self.lost or self.doubled) and self.behind <= self.per_second * BEHIND_SECONDS

    @property
    def trouble(self) -> str:
        """What was wrong, in few words; empty if nothing was."""
        found = [
            f"{count} {what}"
            for count, what in (
                (self.refused, "refused"),
                (self.lost, "not created"),
                (self.doubled, "created twice"),
                (0 if self.kept_up else self.behind, "behind at the end"),
            )
            if count
        ]
        if not self.sender_held:
            found.append(f"the sender was {self.late * 1000:.0f} ms late (p99)")
        return ", ".join(found)


@dataclass(frozen=True, slots=True)
class Noted:
    """What the sink noted, by order; moments on the same clock as the sender's.

    Attributes:
        created: when its creation came in, each time.
        told: when its status came in.
    """

    created: Mapping[int, Sequence[float]]
    told: Mapping[int, float]


def summary(per_second: float, sent: Sent, noted: Noted) -> Run:
    """Put together what the sender and the sink noted; ``per_second`` was asked for."""
    ends = {order: noted.created[order] for order in sent.accepted if order in noted.created}
    took = {order: moments[0] - sent.at[order] for order, moments in ends.items()}
    told = {order: noted.told[order] for order in sent.accepted if order in noted.told}
    begin, end = min(sent.due.values()), max(sent.due.values())
    in_time = sum(moment <= end for moment in told.values())
    return Run(
        per_second=per_second,
        orders=len(sent.due),
        refused=len(sent.refused),
        lost=len(sent.accepted) - len(ends),
        doubled=sum(len(moments) > 1 for moments in ends.values()),
        behind=len(sent.accepted) - in_time,
        per_second_told=in_time / max(end - begin, 1 / per_second),
        late=quantile(sorted(sent.at[order] - due for order, due in sent.due.items()), 0.99),
        whole=Quantiles.of(list(took.values())),
        after_ack=Quantiles.of([moments[0] - sent.accepted[order] for order, moments in ends.items()]),
        told=Quantiles.of([moment - sent.at[order] for order, moment in told.items()]),
        first=Quantiles.of([took[order] for order in took if sent.due[order] < begin + EDGE_SECONDS]),
        last=Quantiles.of([took[order] for order in took if sent.due[order] > end - EDGE_SECONDS]),
    )
