"""An order that was made by editing another: the edited one is cancelled first, and only a relation makes it one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.canonical import Sale
from schemas.documents.flow import Mode
from streams.errors import Rejected
from streams.ports import Outcome
from tests.streams.deliver.bench import SALE, Bench
from tests.twins.clock import START


@pytest.fixture
def pos() -> Bench:
    return Bench("pos")


def beside(predecessor: str) -> Sale:
    """The order with the number that editing 000000042 gives."""
    changes = {
        "ref": "web:order:43",
        "number": "000000042-1",
        "public_id": "W-000000042-1",
        "predecessor": predecessor,
        "updated_at": START + timedelta(seconds=5),
    }
    return SALE.model_copy(update=changes)


def statuses(pos: Bench) -> list[tuple[str, str]]:
    return [(order.public_id, order.status) for order in pos.book.orders]


@pytest.mark.rule("orders.edit")
async def test_the_successor_cancels_the_edited_order_and_is_created_once(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    entry = await pos.deliver(beside("000000042"), "order", "r2")
    assert entry is not None
    assert entry.message == "created as 18, in place of 17"
    canceled = SALE.export.model_copy(update={"allowed": False, "reason": "canceled"})
    original = SALE.model_copy(
        update={"state": "canceled", "export": canceled, "updated_at": START + timedelta(seconds=5)}
    )
    await pos.deliver(original, "order", "r3")
    again = await pos.deliver(beside("000000042"), "order", "r4")
    assert again is not None
    assert again.outcome is Outcome.UNCHANGED
    assert statuses(pos) == [("W-000000042", "Cancelled"), ("W-000000042-1", "Open")]


@pytest.mark.rule("orders.edit")
async def test_an_edit_before_the_export_makes_the_successor_alone(pos: Bench) -> None:
    await pos.deliver(beside("000000042"), "order")
    assert statuses(pos) == [("W-000000042-1", "Open")]


@pytest.mark.rule("orders.suffix_proves_nothing")
async def test_a_number_with_a_suffix_and_without_a_relation_is_an_order_of_its_own(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    await pos.deliver(beside(""), "order", "r2")
    assert statuses(pos) == [("W-000000042", "Open"), ("W-000000042-1", "Open")]


@pytest.mark.rule("orders.edit")
async def test_the_successor_of_goods_that_have_left_is_for_a_person_and_not_created(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    await pos.book.fulfil_order("17")
    with pytest.raises(Rejected, match=r"000000042-1 .*W-000000042 \(17\).*W-000000042-1 was not created") as asked:
        await pos.deliver(beside("000000042"), "order", "r2")
    assert asked.value.code == "edited_after_handover"
    assert statuses(pos) == [("W-000000042", "Fulfilled")]


async def test_an_edit_that_is_only_observed_tells_what_would_be_replaced_and_cancels_nothing() -> None:
    observing = Bench("pos", mode=Mode.OBSERVE)
    entry = await observing.deliver(beside("000000042"), "order")
    assert entry is not None
    assert "would create order W-000000042-1, 26.65 in place of W-000000042" in entry.message
    assert observing.book.orders == []
