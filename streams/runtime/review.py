"""What is kept and told of an event that did not end: its hold, its journal line and its dead letter."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import datetime

from schemas.dead_letter import DeadLetter
from streams.errors import Rejected, TillstreamError
from streams.ports import Hold, HoldReason, JournalEntry, Outcome, Outgoing, Publisher
from streams.runtime.retry import Park, Review, code_of
from streams.runtime.work import Arrival, Work
from streams.topics import dead_letter


def held_as(
    work: Work,
    arrival: Arrival,
    error: BaseException,
    decision: Park | Review,
    letter: DeadLetter | None,
    now: datetime,
) -> tuple[JournalEntry, Hold]:
    """What the journal and the held table say about one arrival."""
    outcome = Outcome.PARKED if isinstance(decision, Park) else Outcome.IN_REVIEW
    entry = work.entry(arrival, outcome, now, message_of(error))
    hold = Hold(
        key=arrival.key,
        reason=decision.reason if isinstance(decision, Park) else HoldReason.PERSON,
        stage=work.stage,
        receipt_id=entry.receipt_id,
        subject=entry.subject,
        flow=entry.flow,
        step=entry.step,
        target=entry.target,
        due_at=decision.due_at if isinstance(decision, Park) else None,
        waits_for=decision.waits_for,
        attempts=arrival.attempts + (isinstance(decision, Review) or decision.counts),
        looks=arrival.looks(decision.waits_for) + 1 if decision.waits_for else 0,
        error=type(error).__name__,
        message=entry.message,
        letter=letter,
    )
    return replace(entry, error=hold.error), hold


def letter_of(work: Work, arrival: Arrival, error: BaseException, now: datetime) -> DeadLetter:
    """Everything that is known about why an arrival goes to review."""
    record, row, now_ms = arrival.record, arrival.row, _ms(now)
    return DeadLetter(
        stage=work.stage,
        flow=work.flow,
        step=work.step,
        target=work.target,
        flow_version=work.documents.flow_version,
        mapping=work.documents.mapping,
        mapping_version=work.documents.mapping_version,
        error=type(error).__name__,
        code=code_of(error),
        message=message_of(error),
        stack="".join(traceback.format_exception(error)),
        attempts=arrival.attempts + 1,
        replays=row.replays if row else 0,
        first_ms=_ms(row.held_at) if row else now_ms,
        last_ms=now_ms,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )


async def publish_letter(publisher: Publisher, arrival: Arrival, letter: DeadLetter) -> None:
    """Publish an arrival as a dead letter; one that is too large goes without its body, which the held table has.

    Raises like the publisher.
    """
    record = arrival.row.record if arrival.row else arrival.record
    headers = [*record.headers, *letter.to_headers()]
    outgoing = Outgoing(dead_letter(letter.stage), record.key, record.value, headers)
    try:
        await publisher.publish([outgoing])
    except Rejected:
        await publisher.publish([replace(outgoing, value=b"")])


def message_of(error: BaseException) -> str:
    """What to tell the operator; a fault of ours says so."""
    if isinstance(error, TillstreamError):
        return error.message
    return (
        f"a fault in Tillstream itself ({type(error).__name__}: {error}). The event is kept; "
        "please report it with the stack from the dead letter, then replay."
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
