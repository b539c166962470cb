"""Publishing what repairs a drift. Nothing is written into either system: the flows do that, within their guards."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import groupby

from app import exact_json
from app.ingress import extract
from app.ingress.receipt import ENTROPY_BYTES, Receipt, take
from schemas.envelope import Via
from streams.ports import AppliedRevisions, Clock, Journal, JournalEntry, Outcome, Publisher
from streams.reconcile.drift import ReadAgain, Subject

STAGE = "reconcile"
IN_A_BATCH = 20
PER_SECOND = 20.0
"""Events: a repair leaves room for live traffic, which shares the workers and the systems' budgets."""


class Repair:
    """Publishes events that have entities read again.

    Args:
        publisher, journal, applied, clock: of the process.
        entropy: for receipt ids.
    """

    def __init__(
        self,
        publisher: Publisher,
        journal: Journal,
        applied: AppliedRevisions,
        clock: Clock,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._publisher = publisher
        self._journal = journal
        self._applied = applied
        self._clock = clock
        self._entropy = entropy

    async def publish(
        self, subject: Subject, wanted: Sequence[ReadAgain], *, by: str, reason: str, tell: Callable[[int], None]
    ) -> None:
        """Publish all, `PER_SECOND`, and keep in the journal who repaired and why.

        Args:
            tell: told how many are published.

        Raises:
            Unavailable: Kafka or the store does not answer. What is published stays; a repair is safe to repeat.
        """
        for begin in range(0, len(wanted), IN_A_BATCH):
            part = wanted[begin : begin + IN_A_BATCH]
            await self._forget(part)
            now = self._clock.now()
            receipts = [self._receipt(again) for again in part]
            await self._publisher.publish([receipt.record for receipt in receipts])
            message = f"{subject} drift, repaired by {by}" + (f": {reason}" if reason else "")
            await self._journal.write(
                [
                    JournalEntry(
                        receipt.envelope.receipt_id,
                        now,
                        STAGE,
                        Outcome.PASSED,
                        subject=receipt.envelope.subject or receipt.envelope.native_id,
                        message=message,
                    )
                    for receipt in receipts
                ]
            )
            tell(begin + len(part))
            if begin + len(part) < len(wanted):
                await self._clock.sleep(len(part) / PER_SECOND)

    async def _forget(self, part: Sequence[ReadAgain]) -> None:
        """Before the event is published: a telling that overtook it would else count as unchanged."""
        lost = sorted(again.forget for again in part if again.forget is not None)
        for target, group in groupby(lost, key=lambda each: each[0]):
            await self._applied.forget(target, [ref for _, ref in group])

    def _receipt(self, again: ReadAgain) -> Receipt:
        """A hint with the id alone, which the normaliser reads the entity of."""
        (name, *_) = extract.POINTERS[again.system, again.entity].native_id
        document = {name.lstrip("/"): again.native_id}
        return take(
            connection=again.connection,
            system=again.system,
            entity=again.entity,
            body=exact_json.dumps(document),
            document=document,
            via=Via.READ_AGAIN,
            now_ms=int(self._clock.now().timestamp() * 1000),
            entropy=self._entropy(ENTROPY_BYTES),
        )
