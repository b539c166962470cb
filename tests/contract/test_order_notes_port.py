"""The contract of `streams.ports.OrderNotes`, and what Magento itself does and does not do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected, Throttled
from streams.ports import OrderNotes
from tests.contract.systems import LATE, WebSystem

MARKER = "[tillstream contract Open]"


@pytest.fixture
async def order_id(web: WebSystem) -> str:
    return await web.place_order()


@pytest.fixture
def notes(web: WebSystem) -> OrderNotes:
    return web.orders


async def shown(web: WebSystem, order_id: str) -> dict[str, Any]:
    content = await web.connector.reader.read("order", order_id)
    assert content is not None
    document: dict[str, Any] = orjson.loads(content)
    return document


async def test_the_number_is_shown_and_nothing_else_changes(web: WebSystem, notes: OrderNotes, order_id: str) -> None:
    before = await shown(web, order_id)
    await notes.set_external_number(order_id, "POS-17")
    after = await shown(web, order_id)
    moving = {"ext_order_id", "updated_at"}
    assert after["ext_order_id"] == "POS-17"
    assert {k: v for k, v in after.items() if k not in moving} == {k: v for k, v in before.items() if k not in moving}


async def test_setting_the_number_again_is_safe_and_the_last_one_stays(
    web: WebSystem, notes: OrderNotes, order_id: str
) -> None:
    for number in ("POS-17", "POS-17", "POS-18"):
        await notes.set_external_number(order_id, number)
    assert (await shown(web, order_id))["ext_order_id"] == "POS-18"


async def test_a_comment_is_found_by_its_marker(notes: OrderNotes, order_id: str) -> None:
    assert await notes.find_comment(order_id, MARKER) is None
    await notes.add_comment(order_id, f"Heartland order POS-17 is Open {MARKER}")
    assert await notes.find_comment(order_id, MARKER)
    assert await notes.find_comment(order_id, "[tillstream other]") is None


async def test_a_comment_keeps_state_and_status_and_mails_nobody(
    web: WebSystem, notes: OrderNotes, order_id: str
) -> None:
    before = await shown(web, order_id)
    await notes.add_comment(order_id, MARKER)
    after = await shown(web, order_id)
    assert (after["state"], after["status"]) == (before["state"], before["status"])
    comment = next(row for row in after["status_histories"] if MARKER in row["comment"])
    assert not comment["is_customer_notified"]
    assert not comment["is_visible_on_front"]


async def test_a_status_is_shown_and_the_state_stays(web: WebSystem, order_id: str) -> None:
    before = await shown(web, order_id)
    for _ in range(2):
        await web.orders.set_order_status(order_id, "payment_review")
    after = await shown(web, order_id)
    assert (after["state"], after["status"]) == (before["state"], "payment_review")
    assert await web.orders.add_comment(order_id, MARKER) == ""


@pytest.mark.parametrize("status", ["", " "])
async def test_an_order_never_loses_its_status(web: WebSystem, order_id: str, status: str) -> None:
    before = await shown(web, order_id)
    with pytest.raises(Rejected, match=r"correct the table magento\.order_statuses"):
        await web.orders.set_order_status(order_id, status)
    assert (await shown(web, order_id))["status"] == before["status"]


async def test_what_the_customer_is_told_is_shown_to_them_and_mailed_once(
    web: WebSystem, notes: OrderNotes, order_id: str
) -> None:
    mails = web.faults.mails()
    await web.orders.notify_customer(order_id, MARKER)
    (comment,) = [row for row in (await shown(web, order_id))["status_histories"] if MARKER in row["comment"]]
    assert (comment["is_customer_notified"], comment["is_visible_on_front"]) == (1, 1)
    assert await notes.find_comment(order_id, MARKER)
    assert web.faults.mails() == mails + 1


@pytest.mark.rule("guards.notifying_comment_400")
async def test_what_is_stored_while_mail_is_down_is_unknown_and_found(
    web: WebSystem, notes: OrderNotes, order_id: str
) -> None:
    await web.faults.switch(mail_down=True)
    with pytest.raises(OutcomeUnknown, match="Unable to send mail"):
        await web.orders.notify_customer(order_id, MARKER)
    assert await notes.find_comment(order_id, MARKER)


async def test_magento_keeps_a_comment_as_often_as_it_is_sent(web: WebSystem, notes: OrderNotes, order_id: str) -> None:
    for _ in range(2):
        await notes.add_comment(order_id, MARKER)
    histories = (await shown(web, order_id))["status_histories"]
    assert sum(MARKER in (row["comment"] or "") for row in histories) == 2


async def test_an_order_that_is_not_there_is_rejected(notes: OrderNotes) -> None:
    with pytest.raises(Rejected):
        await notes.add_comment("999999999", MARKER)
    with pytest.raises(Rejected):
        await notes.find_comment("999999999", MARKER)


async def test_throttling_says_how_long_to_wait(web: WebSystem, notes: OrderNotes, order_id: str) -> None:
    web.faults.put(Rule(Fault.THROTTLE, every=1, method="POST", retry_after=7))
    with pytest.raises(Throttled) as caught:
        await notes.set_external_number(order_id, "POS-17")
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.RESET_BEFORE])
async def test_a_comment_that_failed_is_unknown_and_was_sent_once(
    web: WebSystem, notes: OrderNotes, order_id: str, fault: Fault
) -> None:
    web.faults.put(Rule(fault, every=1, method="POST"))
    with pytest.raises(OutcomeUnknown, match=f"web: add_comment for order {order_id}"):
        await notes.add_comment(order_id, MARKER)
    assert web.faults.fired(fault) == 1
    web.faults.put()
    assert await notes.find_comment(order_id, MARKER) is None


@pytest.mark.rule("guards.notifying_comment_400")
@pytest.mark.parametrize(
    "rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), Rule(Fault.HANG), LATE, Rule(Fault.OPAQUE)]
)
async def test_a_comment_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    web: WebSystem, notes: OrderNotes, order_id: str, rule: Rule
) -> None:
    web.faults.put(replace(rule, every=1, operation="add_comment", client="tillstream"))
    async with web.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"web: add_comment for order {order_id}"):
            await hurried.orders.add_comment(order_id, MARKER)
    assert web.faults.fired(rule.fault) == 1
    assert await web.faults.done("add_comment", 1) == [200]
    assert await notes.find_comment(order_id, MARKER)
    histories = (await shown(web, order_id))["status_histories"]
    assert sum(MARKER in (row["comment"] or "") for row in histories) == 1


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.OPAQUE])
async def test_a_comment_that_was_never_done_is_unknown_and_not_found(
    web: WebSystem, notes: OrderNotes, order_id: str, fault: Fault
) -> None:
    web.faults.put(Rule(fault, every=1, operation="add_comment", done=False))
    async with web.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown):
            await hurried.orders.add_comment(order_id, MARKER)
    assert web.faults.fired(fault) == 1
    assert web.faults.mutations("add_comment") == []
    assert await notes.find_comment(order_id, MARKER) is None


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.RESET_BEFORE, Fault.THROTTLE])
async def test_reads_get_through_passing_faults(web: WebSystem, notes: OrderNotes, order_id: str, fault: Fault) -> None:
    web.faults.put(Rule(fault, every=2, method="GET", retry_after=0))
    for _ in range(6):
        assert await notes.find_comment(order_id, MARKER) is None
