"""Deliver a status of the point of sale: the web order gets its number, and one comment for each status."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.envelope import Envelope, Via
from streams.errors import OutcomeUnknown
from streams.ports import Outcome
from tests.streams.deliver.bench import STATUS, Bench
from tests.twins.clock import START


@pytest.fixture
def web() -> Bench:
    return Bench("web")


async def test_number_and_status_go_back_once(web: Bench) -> None:
    entry = await web.deliver(STATUS, "order_status")
    assert entry is not None
    assert (entry.outcome, entry.step) == (Outcome.DELIVERED, "add_comment")
    assert web.notes.numbers == {"42": "17"}
    (comment,) = web.notes.comments
    assert comment == ("42", "Heartland order 17: Open [tillstream pos:order:17 Open]")
    again = await web.deliver(STATUS.model_copy(update={"updated_at": START + timedelta(1)}), "order_status", "r2")
    assert again is not None
    assert again.outcome is Outcome.UNCHANGED
    assert len(web.notes.comments) == 1


async def test_a_new_status_is_told_and_an_older_one_is_not(web: Bench) -> None:
    newer = STATUS.model_copy(update={"status": "Fulfilled", "updated_at": START + timedelta(seconds=9)})
    await web.deliver(newer, "order_status")
    stale = await web.deliver(STATUS, "order_status", "r2")
    assert stale is not None
    assert stale.outcome is Outcome.SUPERSEDED
    assert [text for _, text in web.notes.comments] == [
        "Heartland order 17: Fulfilled [tillstream pos:order:17 Fulfilled]"
    ]


async def test_a_late_status_from_between_two_equal_ones_is_stale(web: Bench) -> None:
    await web.deliver(STATUS, "order_status")
    await web.deliver(STATUS.model_copy(update={"updated_at": START + timedelta(seconds=3)}), "order_status", "r2")
    between = STATUS.model_copy(update={"status": "Fulfilled", "updated_at": START + timedelta(seconds=2)})
    entry = await web.deliver(between, "order_status", "r3")
    assert entry is not None
    assert (entry.outcome, len(web.notes.comments)) == (Outcome.SUPERSEDED, 1)


async def test_of_two_statuses_of_one_second_the_point_of_sale_says_which_counts(web: Bench) -> None:
    await web.deliver(STATUS.model_copy(update={"status": "Fulfilled"}), "order_status")
    entry = await web.deliver(STATUS, "order_status", "r2")
    assert entry is not None
    assert (entry.outcome, len(web.notes.comments)) == (Outcome.SUPERSEDED, 1)
    (hint,) = web.publisher.on("raw.heartland.order")
    asked = Envelope.from_headers(hint.headers)
    assert (asked.receipt_id, asked.connection, asked.system, asked.via) == ("r2.r", "pos", "heartland", Via.READ_AGAIN)
    assert (hint.key, hint.value) == (b"pos:17", b'{"OrderID":"17"}')


async def test_what_was_read_again_counts_although_it_is_no_newer(web: Bench) -> None:
    await web.deliver(STATUS.model_copy(update={"status": "Fulfilled"}), "order_status")
    entry = await web.deliver(STATUS, "order_status", "r2.r", via=Via.READ_AGAIN)
    assert entry is not None
    assert entry.outcome is Outcome.DELIVERED
    assert web.publisher.on("raw.heartland.order") == []


async def test_a_status_comment_is_not_repeated_after_a_crash(web: Bench) -> None:
    await web.deliver(STATUS, "order_status")
    web.store.applied.revisions.clear()
    web.store.ledger.rows.clear()
    await web.deliver(STATUS, "order_status", "r2")
    assert len(web.notes.comments) == 1


async def test_the_number_is_not_set_again_by_each_look_for_a_comment_whose_answer_was_lost(
    web: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose_the_answer(_order_id: str, _comment: str) -> str:
        raise OutcomeUnknown("sent, no answer")

    monkeypatch.setattr(web.notes, "add_comment", lose_the_answer)
    for receipt in ("r1", "r2", "r3"):
        with pytest.raises(OutcomeUnknown):
            await web.deliver(STATUS, "order_status", receipt)
        assert web.notes.numbers.pop("42", None) == ("17" if receipt == "r1" else None)


async def test_another_number_is_set_also_later(web: Bench) -> None:
    await web.deliver(STATUS, "order_status")
    renumbered = STATUS.model_copy(update={"number": "18", "updated_at": START + timedelta(1)})
    await web.deliver(renumbered, "order_status", "r2")
    assert web.notes.numbers == {"42": "18"}
