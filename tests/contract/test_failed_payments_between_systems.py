"""A gateway that reserved money and does not give it: the web order shows it, nothing leaves, and nobody is told in
words that nobody has approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.ports.web_invoices import CAPTURE_FAILED
from tests.contract.deeds import exported, in_store, pos_order, web_order
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem

RESERVED = "sandbox_card_authorised"
WORDING = "We could not take the payment for your order."
APPROVED = f"""
kind: mapping
id: magento.payment.out
version: 3
description: The shop's own words.
system: magento
entity: payment
direction: out
rules:
  - {{to: comment, expression: "join(' ', ['Payment failed.', context('marker')])"}}
  - {{to: failed_status, value: payment_failed, lookup: magento.order_statuses}}
  - {{to: failed_wording, value: {WORDING}}}
"""


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


@pytest.fixture
def with_wording(web: WebSystem, pos: PosSystem, tmp_path: Path) -> Pipe:
    """Of a shop that has approved what its customers are told."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "payment.yaml").write_text(APPROVED)
    return Pipe(web, pos, documents)


async def handed_over(pipe: Pipe, created: str) -> None:
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.changed("pos", "order", created)


async def declined(pipe: Pipe, created: str) -> None:
    """The goods were to leave, and the gateway gave no money for them."""
    await pipe.web.faults.switch(card_declines=True)
    await handed_over(pipe, created)
    await pipe.web.faults.switch(card_declines=False)
    assert CAPTURE_FAILED in {error.code for error in pipe.failed}
    pipe.failed.clear()


async def comments(pipe: Pipe, order: str) -> list[dict[str, Any]]:
    return [row for row in (await web_order(pipe, order))["status_histories"] if ":capture:" in row["comment"]]


@pytest.mark.rule("money.failed_capture")
async def test_an_order_whose_money_is_not_given_shows_it_to_the_clerk_and_to_nobody_else(pipe: Pipe) -> None:
    order, created = await exported(pipe, method=RESERVED)
    mails = pipe.web.faults.mails()
    await declined(pipe, created)
    document = await web_order(pipe, order)
    assert (document["state"], document["status"]) == ("processing", "payment_review")
    (comment,) = await comments(pipe, order)
    assert "failed, the goods are held" in comment["comment"]
    assert (comment["is_customer_notified"], comment["is_visible_on_front"]) == (0, 0)
    assert pipe.web.faults.mails() == mails
    assert (await pos_order(pipe, created))["PaymentStatus"] == "Unpaid"
    assert await pipe.pos.connector.payments.payments_of(created) == ()


async def test_a_failure_that_is_told_again_is_shown_once(pipe: Pipe) -> None:
    order, created = await exported(pipe, method=RESERVED)
    for _ in range(2):
        await declined(pipe, created)
    assert len(await comments(pipe, order)) == 1


async def test_money_that_is_given_after_all_sets_the_status_right(pipe: Pipe) -> None:
    order, created = await exported(pipe, method=RESERVED)
    await declined(pipe, created)
    await handed_over(pipe, created)
    assert pipe.failed == []
    document = await web_order(pipe, order)
    assert (document["state"], document["status"]) == ("complete", "complete")
    assert len(await pipe.web.connector.shipments.shipments_of(order)) == 1


async def test_a_customer_is_told_once_in_approved_words(with_wording: Pipe) -> None:
    order, created = await exported(with_wording, method=RESERVED)
    mails = with_wording.web.faults.mails()
    for _ in range(2):
        await declined(with_wording, created)
    (told,) = [row for row in await comments(with_wording, order) if row["is_customer_notified"]]
    assert told["comment"].startswith(WORDING)
    assert told["is_visible_on_front"] == 1
    assert with_wording.web.faults.mails() == mails + 1
