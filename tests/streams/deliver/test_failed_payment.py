"""What a web order shows of a payment that failed, and when it shows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.canonical import Payment
from schemas.envelope import Via
from schemas.ids import Ref
from streams.deliver.entity import Nothing, Plan, SetState, Turn
from streams.deliver.failed_payment import FailedPayments
from streams.engine import Engine
from streams.ports import Outcome
from streams.ports.web_orders import WebOrder
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import Bench, Notes
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

SALE = Ref("web", "order", "42")
ORDER = WebOrder("42", "000000042", "processing", "processing", "stripe", Decimal(0), Decimal(20), "", ())
FAILED = Payment.model_validate(
    {
        "ref": "web:capture:42/17/1",
        "sale": str(SALE),
        "sale_number": "000000042",
        "channel": "main",
        "updated_at": START,
        "kind": "capture",
        "state": "failed",
        "amount": 20,
        "currency": "USD",
        "tender": "card",
        "method": "stripe",
        "failure": "insufficient funds",
        "at": START,
    }
)


class Worded:
    """The flow's mapping, with words for the customer or without. Implements `streams.deliver.desk.Mapper`."""

    def __init__(self, engine: object, words: str) -> None:
        assert isinstance(engine, Engine)
        self._engine, self._words = engine, words

    def map_in(self, flow: str, raw: Mapping[str, object], context: Mapping[str, object]) -> dict[str, object]:
        raise AssertionError(flow)

    def map_out(self, flow: str, body: Mapping[str, object], context: Mapping[str, object]) -> dict[str, object]:
        return self._engine.map_out(flow, body, context) | {"failed_wording": self._words}


class Board(Notes):
    """Implements `streams.ports.web_payments.FailedPaymentNotes`."""

    async def set_order_status(self, order_id: str, status: str) -> None:
        raise AssertionError(f"order {order_id} becomes {status}")

    async def notify_customer(self, order_id: str, comment: str) -> str:
        raise AssertionError(f"the customer of order {order_id} reads {comment}")


async def planned(order: WebOrder, *, words: str = "", exported: bool = True, via: Via = Via.WEBHOOK) -> Plan | Nothing:
    bench = Bench("web")
    if exported:
        await bench.store.links.insert(SALE, Ref("pos", "order", "17"))
    desk = replace(bench.desk, mapper=Worded(bench.desk.mapper, words))
    headers = envelope("r1", entity="payment", via=via)
    arrival = Arrival(record(FAILED.model_dump_json().encode(), headers), headers, 0)
    work = Work("deliver", [arrival])
    work.flow = "payment_to_web"
    return await FailedPayments(desk, Board()).plan(FAILED, Turn(work, arrival, {}), order)


def operations(plan: Plan | Nothing) -> list[str]:
    assert isinstance(plan, Plan)
    return [write.operation.name if isinstance(write, SetState) else write.key.operation for write in plan.writes]


@pytest.mark.parametrize(
    ("words", "via", "written"),
    [
        ("", Via.WEBHOOK, ["set_order_status", "add_comment"]),
        ("Please call us.", Via.WEBHOOK, ["set_order_status", "add_comment", "notify_customer"]),
        ("Please call us.", Via.POLL, ["set_order_status", "add_comment", "notify_customer"]),
        ("Please call us.", Via.STAGE, ["set_order_status", "add_comment"]),
    ],
)
async def test_the_customer_is_told_as_it_happens_and_only_in_words_that_there_are(
    words: str, via: Via, written: list[str]
) -> None:
    assert operations(await planned(ORDER, words=words, via=via)) == written


async def test_a_status_that_the_order_has_already_is_not_written() -> None:
    assert operations(await planned(replace(ORDER, status="payment_review"))) == ["add_comment"]


@pytest.mark.rule("orders.failed_payment_recorded")
async def test_a_payment_that_fails_before_the_export_is_recorded_and_nothing_is_written() -> None:
    plan = await planned(ORDER, words="Please call us.", exported=False)
    assert isinstance(plan, Nothing)
    assert (plan.outcome, plan.settled) == (Outcome.FILTERED, True)
    assert "20 USD for order 000000042 failed before the order was exported" in plan.why


@pytest.mark.parametrize(
    "order", [replace(ORDER, due=Decimal(0)), *(replace(ORDER, state=state) for state in ("canceled", "closed"))]
)
async def test_an_order_that_waits_for_no_money_any_more_shows_nothing(order: WebOrder) -> None:
    plan = await planned(order)
    assert isinstance(plan, Nothing)
    assert (plan.outcome, plan.settled) == (Outcome.UNCHANGED, True)
