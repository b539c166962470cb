"""What is missing, by what the door had taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from app.balance.kafka import Labelled, Log, Span
from app.balance.missing import missing_of

WEB, POS = ("web", "order"), ("pos", "inventory")
SPANS = [Span("raw", 0, 0, 3)]


class TellingLog(Log):
    """Kafka with three records, that counts how often it was read."""

    def __init__(self) -> None:
        self.read = 0

    async def ids(self, spans: Sequence[Span]) -> AsyncIterator[list[Labelled]]:
        assert spans == SPANS
        self.read += 1
        yield [Labelled("r1", "", *WEB), Labelled("r2", "", *POS)]
        yield [Labelled("r3", "", *WEB)]


async def test_if_nothing_is_missing_every_source_has_zero_and_nothing_is_read_again() -> None:
    log = TellingLog()
    assert await missing_of(log, SPANS, (), {WEB, POS}) == {WEB: 0, POS: 0}
    assert log.read == 0


async def test_what_is_missing_counts_to_its_source_and_a_child_to_its_receipts() -> None:
    log = TellingLog()
    found = await missing_of(log, SPANS, ("r1", "r3", "r3.s0", "r3.c"), {WEB, POS})
    assert found == {WEB: 4, POS: 0}
    assert log.read == 1


async def test_what_kafka_no_longer_has_is_missing_of_nobody_knows_what() -> None:
    assert await missing_of(TellingLog(), SPANS, ("r0.s0",), {WEB, POS}) == {WEB: 0, POS: 0, ("", ""): 1}
