"""From a page of rows to receipts in Kafka."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import structlog

from app import exact_json
from app.gift_card_codes import LAST_FOUR, CodeMask
from app.ingress import cards, extract
from app.ingress.receipt import ENTROPY_BYTES, Receipt, take
from app.polling.feed import Feed, Row
from schemas.envelope import Backfill, Via
from streams.metrics import Metrics
from streams.ports import Clock, Publisher

log = structlog.get_logger(__name__)


class RowPublisher:
    """Gives rows their receipts and publishes them; returns when Kafka has them.

    With ``backfill`` each says of which backfill it comes.
    """

    def __init__(
        self,
        publisher: Publisher,
        clock: Clock,
        metrics: Metrics,
        entropy: Callable[[int], bytes] = os.urandom,
        *,
        codes: CodeMask = LAST_FOUR,
        backfill: Backfill | None = None,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._entropy = entropy
        self._codes = codes
        self._backfill = backfill
        self._via = Via.POLL if backfill is None else Via.BACKFILL

    async def publish(self, feed: Feed, rows: Sequence[Row], *, seen: int) -> None:
        """Publish ``rows`` of one page, of which ``seen`` others were not news. Raises like `Publisher.publish`."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        receipts = [self._receipt(feed, row, now_ms) for row in rows]
        if receipts:
            await self._publisher.publish([receipt.record for receipt in receipts])
            self._metrics.received(feed.connection, feed.entity, self._via, len(receipts))
        self._metrics.polled(feed.name, published=len(receipts), seen=seen)

    def _receipt(self, feed: Feed, row: Row, now_ms: int) -> Receipt:
        body, document = row.body, row.document
        if cards.may_carry_card_data(body) and (found := cards.card_data(document)) is not None:
            log.warning(
                "card data was taken out of a polled row: find out why the system keeps it",
                feed=feed.name,
                subject=extract.subject(feed.system, feed.entity, document),
                found_at=found,
            )
            body = exact_json.dumps(cards.without_card_data(document))
        return take(
            connection=feed.connection,
            system=feed.system,
            entity=feed.entity,
            body=self._codes.body(body),
            document=document,
            via=self._via,
            backfill=self._backfill,
            now_ms=now_ms,
            entropy=self._entropy(ENTROPY_BYTES),
        )
