"""Customers are written to because of what happens, and never because somebody reads, mends or tries it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.envelope import Envelope, Via
from streams.deliver.entity import Turn
from streams.ports import HeldRecord, Hold, HoldReason, Record
from streams.runtime.work import Arrival, Work

START = datetime(2026, 11, 24, tzinfo=UTC)
ENVELOPE = Envelope("r1", "pos", "heartland", "shipment", "1", 1_000)


def turn(via: Via, replays: int = 0) -> Turn:
    envelope = replace(ENVELOPE, via=via)
    record = Record("canonical.sale", 0, 0, b"", b"", tuple(envelope.to_headers()), 0)
    row = HeldRecord(1, Hold("k", HoldReason.PERSON, "deliver", "r1"), record, START, replays=replays)
    arrival = Arrival(record, envelope, row=row)
    return Turn(Work("deliver", [arrival]), arrival, {})


@pytest.mark.parametrize("via", [Via.WEBHOOK, Via.POLL])
def test_what_a_system_tells_may_mail(via: Via) -> None:
    assert turn(via).may_mail


@pytest.mark.rule("guards.no_mail_from_backfill")
def test_what_a_backfill_takes_in_may_not() -> None:
    assert not turn(Via.BACKFILL).may_mail


@pytest.mark.rule("guards.no_mail_from_repair")
@pytest.mark.parametrize("via", [Via.READ_AGAIN, Via.STAGE])
def test_what_is_read_to_repair_may_not(via: Via) -> None:
    assert not turn(via).may_mail


@pytest.mark.rule("guards.no_mail_from_replay")
def test_what_a_person_lets_try_again_may_not() -> None:
    assert not turn(Via.WEBHOOK, replays=1).may_mail
