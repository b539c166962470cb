"""The trace: receipts in order, what is held and why, the command that mends it, the code that handles it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from app.store import HeldEvent
from app.trace.show import show
from app.trace.story import tell
from schemas.ids import MissingLink, Ref
from streams.ports import HeldRecord, Hold, HoldReason, JournalEntry, Outcome
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

SYSTEMS = {"web": "magento", "pos": "heartland"}


def line(receipt: str, outcome: Outcome, seconds: int = 0, **changes: str) -> JournalEntry:
    told = JournalEntry(
        receipt_id=receipt,
        at=START + timedelta(seconds=seconds),
        stage="deliver",
        outcome=outcome,
        flow="order_status",
        step="add_comment",
        target="web",
        subject="000000042",
    )
    return replace(told, **changes)  # type: ignore[arg-type] # every change is a text


def held(reason: HoldReason, **changes: object) -> HeldEvent:
    values: dict[str, object] = {
        "key": "web:order:42",
        "stage": "deliver",
        "receipt_id": "r1",
        "subject": "000000042",
        "flow": "order",
        "error": "AliasMissing",
        "message": "SKU 'X' is not known",
        "attempts": 3,
        "due_at": START,
        **changes,
    }
    hold = Hold(reason=reason, **values)  # type: ignore[arg-type]
    return HeldEvent("g", HeldRecord(1, hold, record(b"{}", envelope()), START))


def printed(*entries: JournalEntry, events: tuple[HeldEvent, ...] = ()) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    show(console, "000000042", tell(entries, events, SYSTEMS))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_receipts_story_ends_with_its_outcome_and_names_the_code() -> None:
    told = printed(line("r1", Outcome.PASSED, stage="normalize", step="", target=""), line("r1", Outcome.DELIVERED, 1))
    assert "receipt r1  delivered" in told
    assert "app/magento/orders.py:add_comment" in told


def test_children_are_told_with_their_parent() -> None:
    told = printed(line("r1", Outcome.DELIVERED), line("r1.c", Outcome.DELIVERED, 2))
    assert told.count("receipt ") == 1
    assert ".c" in told


def test_a_receipt_that_is_not_done_is_under_way_parked_or_in_review() -> None:
    passed = line("r1", Outcome.PASSED)
    assert "under way" in printed(passed)
    assert "parked" in printed(passed, events=(held(HoldReason.TIME),))
    assert "in review" in printed(passed, events=(held(HoldReason.PERSON),))


@pytest.mark.parametrize(
    ("ref", "command"),
    [
        (Ref("web", "customer", "42"), "tillstream link-customer 42 '<profile>' --channel"),
        (Ref("pos", "customer@1", "1001"), "tillstream link-customer '<account>' 1001 --channel"),
    ],
)
def test_a_doubtful_customer_names_the_command_that_mends_it(ref: Ref, command: str) -> None:
    other = "pos" if ref.connection == "web" else "web"
    assert command in printed(events=(held(HoldReason.PERSON, waits_for=MissingLink(ref, other)),))


def test_a_missing_alias_names_the_command_that_mends_it() -> None:
    told = printed(events=(held(HoldReason.PERSON, waits_for=MissingLink(Ref("web", "sku", "X"), "pos")),))
    assert "tillstream alias 'X' '<SKU in pos>'" in told
    assert "SKU 'X' is not known" in told


def test_another_review_names_the_replay() -> None:
    assert "tillstream replay r1" in printed(events=(held(HoldReason.PERSON, error="Rejected"),))


def test_every_review_names_the_discard_after_what_mends_it() -> None:
    missing = held(HoldReason.PERSON, waits_for=MissingLink(Ref("web", "sku", "X"), "pos"))
    for event, mend in (
        (missing, "tillstream alias"),
        (held(HoldReason.PERSON, error="Rejected"), "tillstream replay"),
    ):
        told = printed(events=(event,))
        assert 0 < told.index(mend) < told.index("tillstream discard r1 --reason 'WHY'")


def test_what_goes_on_by_itself_says_when_or_for_what() -> None:
    assert "is tried again at 12:00:00 UTC, after 3 tries" in printed(events=(held(HoldReason.TIME),))
    waiting = held(HoldReason.LINK, waits_for=MissingLink(Ref("pos", "order", "17")))
    assert "waits for the link of pos:order:17" in printed(events=(waiting,))
    behind = held(HoldReason.TIME, error="", message="waits behind an earlier event")
    assert "waits behind an earlier event" in printed(events=(behind,))
    assert "discard" not in printed(events=(behind,))


def test_what_was_given_up_says_who_ends_it() -> None:
    event = held(HoldReason.TIME)
    given_up = replace(event, held=replace(event.held, given_up="given up by ann: a test order"))
    told = printed(events=(given_up,))
    assert "is given up by ann: a test order; it is discarded as soon as a worker of g comes to it" in told
    assert "tillstream discard" not in told


def test_nothing_known_says_how_it_was_looked_up() -> None:
    assert "order number, SKU and receipt id" in printed()
