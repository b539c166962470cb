"""Refunds of web orders that reach the point of sale before, between and after the payments whose money they give
back."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ids import MissingLink, Ref
from streams.errors import DependencyMissing, Rejected
from streams.ports import Outcome
from streams.ports.refunds import MORE_THAN_TENDERED
from tests.streams.deliver.money_bench import Money

D = Decimal


async def exported(*invoices: str, before: int = 0, states: tuple[str, ...] = ()) -> Money:
    money = Money([D(amount) for amount in invoices], before, states)
    await money.export()
    return money


async def test_it_waits_for_the_payment_that_is_missing_and_is_recorded_once_after_it() -> None:
    money = await exported("20.00", "10.00", before=1)
    with pytest.raises(DependencyMissing, match=r"waits until the payment of invoice 000000002, 10\.00 USD") as early:
        await money.refund(1, D("25.00"))
    assert early.value.waits_for == MissingLink(Ref("web", "invoice", "2"), "pos")
    assert (await money.pay(1)).outcome is Outcome.UNCHANGED
    await money.pay(2)
    assert (await money.refund(1, D("25.00"))).outcome is Outcome.DELIVERED
    assert (await money.refund(1, D("25.00"))).outcome is Outcome.UNCHANGED
    assert money.till.refunded == D("25.00")


async def test_what_the_money_that_is_there_covers_waits_for_no_other() -> None:
    money = await exported("20.00", "10.00", before=1)
    assert (await money.refund(1, D("20.00"))).outcome is Outcome.DELIVERED


@pytest.mark.parametrize("state", ["open", "canceled"])
async def test_an_invoice_that_took_no_money_is_not_waited_for(state: str) -> None:
    money = await exported("20.00", "10.00", before=1, states=("paid", state))
    with pytest.raises(Rejected):
        await money.refund(1, D("25.00"))


async def test_more_than_all_invoices_took_is_for_a_person() -> None:
    money = await exported("20.00", "10.00", before=1)
    await money.pay(2)
    await money.refund(1, D("29.99"))
    with pytest.raises(Rejected) as refused:
        await money.refund(2, D("0.02"))
    assert refused.value.code == MORE_THAN_TENDERED


CENTS = st.integers(1, 50_000).map(lambda cents: D(cents) / 100)


@st.composite
def paid_and_refunded(draw: st.DrawFn) -> tuple[list[Decimal], int, list[Decimal], list[tuple[str, int]]]:
    """Invoices, how many of them were exported, refunds that split their sum, and in which order all is told."""
    invoices = draw(st.lists(CENTS, min_size=1, max_size=3))
    whole = sum(invoices, D(0))
    cuts = draw(st.lists(st.integers(1, int(whole * 100)).map(lambda cents: D(cents) / 100), max_size=4))
    edges = sorted({D(0), *cuts, whole})
    refunds = [after - before for before, after in pairwise(edges)]
    told = [("pay", number + 1) for number in range(len(invoices))]
    told += [("refund", number + 1) for number in range(len(refunds))]
    return invoices, draw(st.integers(0, len(invoices))), refunds, draw(st.permutations(told))


@pytest.mark.rule("money.web_refund")
@settings(max_examples=60, deadline=None)
@given(paid_and_refunded())
def test_a_payment_that_is_refunded_in_any_parts_told_in_any_order_goes_back_to_the_cent(
    case: tuple[list[Decimal], int, list[Decimal], list[tuple[str, int]]],
) -> None:
    invoices, before, refunds, told = case

    async def run() -> None:
        money = Money(invoices, before)
        await money.export()
        waiting: list[int] = []
        for what, number in told:
            if what == "pay":
                await money.pay(number)
            due = [*waiting, number] if what == "refund" else waiting
            waiting = [each for each in due if not await recorded(money, each, refunds[each - 1])]
        assert waiting == []
        assert money.till.refunded == money.till.paid == sum(invoices, D(0))
        assert sorted(refund.amount for refund in money.till.refunds.values()) == sorted(refunds)

    asyncio.run(run())


async def recorded(money: Money, number: int, amount: Decimal) -> bool:
    try:
        await money.refund(number, amount)
    except DependencyMissing:
        return False
    return True
