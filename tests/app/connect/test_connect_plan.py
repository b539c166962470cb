"""What becomes of a receiver of webhooks: kept, created, replaced, and never one of somebody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connect.done import Did
from app.connect.plan import EVENTS, Known, Wanted, plan
from app.store.registrations import Registration
from schemas.heartland import Webhook

SOURCES = {("heartland", "order"), ("heartland", "inventory"), ("magento", "order"), ("heartland", "product")}
WANTED = Wanted.of("https://door.example/", "pos", SOURCES)
OURS = Webhook(
    WebhookID="7", ExternalID="tillstream", URL=WANTED.url, Events=WANTED.events, UpdatedAt="2026-11-24T12:00:00Z"
)
KNOWN = Known(Registration("7", WANTED.url, OURS.updated_at, (b"s",), complete=True), readable=True, by_hand=False)
NAMESAKE = OURS.model_copy(update={"webhook_id": "9", "url": "https://staging.example/webhooks/pos/{entity}"})
OTHER = OURS.model_copy(update={"webhook_id": "3", "url": "https://crm.example/hook", "external_id": "crm"})


def test_it_is_told_what_a_flow_takes_and_no_more() -> None:
    assert WANTED.url == "https://door.example/webhooks/pos/{entity}"
    assert WANTED.events == ("inventory.updated", "order.created", "order.updated")
    assert Wanted.of("https://door.example", "pos", {("magento", "order")}).events == ()


def test_what_is_as_it_should_be_stays() -> None:
    assert plan(WANTED, [OTHER, OURS], KNOWN).did is Did.KEPT


def test_a_missing_one_is_created() -> None:
    for known in (KNOWN, Known(None, readable=False, by_hand=False), replace(KNOWN, by_hand=True)):
        assert plan(WANTED, [OTHER], known).did is Did.CREATED


@pytest.mark.parametrize(
    ("there", "known", "why"),
    [
        (OURS.model_copy(update={"events": ("order.created",)}), KNOWN, "it was told order.created instead of"),
        (OURS.model_copy(update={"events": ()}), KNOWN, "it was told nothing instead of"),
        (OURS.model_copy(update={"updated_at": "2026-11-25T08:00:00Z"}), KNOWN, "somebody else had changed it at 2026"),
        (OURS.model_copy(update={"webhook_id": "8"}), KNOWN, "somebody else had changed it"),
        (OURS, replace(KNOWN, readable=False), "its secret could not be read"),
        (OURS, Known(None, readable=False, by_hand=False), "its secret was not known here"),
        (
            OURS,
            replace(KNOWN, registration=Registration("7", WANTED.url, OURS.updated_at, (b"s",), complete=False)),
            "the last registration had no end",
        ),
    ],
)
def test_one_that_is_not_as_it_should_be_is_replaced_and_told_why(there: Webhook, known: Known, why: str) -> None:
    chosen = plan(WANTED, [there], known)
    assert chosen.did is Did.REPLACED
    assert chosen.why.startswith(why)


def test_one_that_a_person_registered_and_told_us_the_secret_of_stays() -> None:
    assert plan(WANTED, [OURS], Known(None, readable=False, by_hand=True)).did is Did.KEPT


def test_the_one_of_the_doors_old_address_is_taken_away() -> None:
    old = OURS.model_copy(update={"webhook_id": "5", "url": "https://old.example/webhooks/pos/{entity}"})
    known = Known(Registration("5", old.url, "then", (b"s",), complete=True), readable=True, by_hand=False)
    assert plan(WANTED, [OTHER, old], known).remove == old
    assert plan(WANTED, [OTHER, old, OURS], KNOWN).remove is None, "another installation's, of which we know nothing"
    reused = old.model_copy(update={"url": "https://crm.example/hook"})
    assert plan(WANTED, [reused], known).remove is None, "its id is somebody else's by now"


@given(
    events=st.sets(st.sampled_from(sorted(event for events in EVENTS.values() for event in events))),
    complete=st.booleans(),
    readable=st.booleans(),
    by_hand=st.booleans(),
    others=st.lists(st.sampled_from([OTHER, NAMESAKE])),
)
def test_others_are_never_touched_and_a_second_look_after_a_registration_changes_nothing(
    events: set[str], complete: bool, readable: bool, by_hand: bool, others: list[Webhook]
) -> None:
    there = OURS.model_copy(update={"events": tuple(sorted(events))})
    known = Known(Registration("7", WANTED.url, OURS.updated_at, (b"s",), complete), readable, by_hand)
    chosen = plan(WANTED, [*others, there], known)
    assert chosen.remove is None
    if chosen.did is not Did.KEPT:
        assert plan(WANTED, [*others, OURS], replace(KNOWN, by_hand=by_hand)).did is Did.KEPT
