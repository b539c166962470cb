"""What a web order's gift cards are asked to pay, and what of it goes back to which card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected
from streams.sale.gift_cards import (
    UNNAMED,
    gift_card_redemptions,
    gift_card_stage,
    gift_cards_to_store_credit,
    spread_back,
)
from streams.sale.tenders import prepaid, sale_tenders

D = Decimal
CENTS = st.integers(min_value=1, max_value=99_999_99).map(lambda cents: D(cents) / 100)
CARDS = st.lists(CENTS, min_size=1, max_size=6)


def order(state: str = "processing", *, due: str = "0", canceled: str = "0", rows: Any = None, **options: Any) -> Any:
    return {
        "increment_id": "000000042",
        "state": state,
        "payment": {"method": "checkmo"},
        "base_total_due": D(due),
        "base_total_canceled": D(canceled),
        "items": rows or [{"item_id": 1, "qty_ordered": 2, "qty_invoiced": 2}],
        "extension_attributes": options,
    }


def carded(*amounts: Decimal, **changes: Any) -> Any:
    cards = [{"id": n, "code": f"GC-00-{n:04d}", "base_amount": paid} for n, paid in enumerate(amounts, 1)]
    return order(**{"gift_cards": cards, "base_gift_cards_amount": sum(amounts, D(0)), **changes})


@pytest.mark.rule("orders.prepaid_are_tenders")
@pytest.mark.rule("orders.total")
@given(amounts=CARDS)
def test_what_is_asked_of_the_cards_is_to_the_cent_what_the_order_calls_prepaid(amounts: list[Decimal]) -> None:
    document = carded(*amounts)
    asked = [card["amount"] for card in gift_card_redemptions(document)]
    assert sum(asked, D(0)) == prepaid(document)
    assert asked == [tender["amount"] for tender in sale_tenders({}, document)]


@pytest.mark.rule("money.gift_card_ledger")
@given(amounts=CARDS, refunds=st.lists(CENTS, max_size=6))
def test_refunds_split_in_any_way_sum_to_what_goes_back_and_no_card_gets_more_than_it_paid_or_loses_again(
    amounts: list[Decimal], refunds: list[Decimal]
) -> None:
    before = [D(0)] * len(amounts)
    for last in range(len(refunds) + 1):
        refunded = min(sum(refunds[:last], D(0)), sum(amounts, D(0)))
        shares = spread_back(amounts, refunded)
        assert sum(shares, D(0)) == refunded
        assert all(was <= now <= paid for was, now, paid in zip(before, shares, amounts, strict=True))
        before = shares


@pytest.mark.rule("money.gift_card_ledger")
@pytest.mark.parametrize(
    ("document", "stage"),
    [
        (carded(D(5), state="pending_payment", due="10"), "waiting"),
        (carded(D(5), state="holded", due="10"), "waiting"),
        (carded(D(5), state="new", due="10"), "held"),
        (carded(D(5), state="new", due="10", canceled="2"), "held"),
        (carded(D(5), state="processing", due="10"), "held"),
        (carded(D(5), state="processing", due="0"), "spent"),
        (carded(D(5), state="processing", due="10", base_gift_cards_invoiced=5), "spent"),
        (carded(D(5), state="canceled", due="10", canceled="10"), "released"),
        (carded(D(5), state="canceled", base_gift_cards_invoiced=5), "spent"),
        (carded(D(5), state="closed", base_gift_cards_invoiced=5, base_gift_cards_refunded=5), "spent"),
    ],
)
def test_money_is_held_while_it_may_be_needed_and_spent_once_anything_is_paid(document: Any, stage: str) -> None:
    context = {"whole": document, "channel": {"offline_methods": ["checkmo"]}}
    assert gift_card_stage(context, {}) == stage


def test_what_was_spent_for_goods_that_are_canceled_goes_back_once_nothing_is_left_to_invoice() -> None:
    half = {"base_gift_cards_invoiced": D(6)}
    row = {"item_id": 1, "qty_ordered": 2, "qty_invoiced": 1}
    (open_,) = gift_card_redemptions(carded(D(10), rows=[row], **half))
    (rest,) = gift_card_redemptions(carded(D(10), rows=[row | {"qty_canceled": 1}], **half))
    assert (open_["given_back"], rest["given_back"]) == (D(0), D(4))


def test_an_order_that_names_no_card_asks_one_that_nobody_knows_for_all_of_it() -> None:
    (card,) = gift_card_redemptions(order(base_gift_cards_amount=10))
    assert (card["id"], card["amount"], card["code"]) == (UNNAMED, D(10), {"fingerprint": "", "last_four": ""})
    assert gift_card_redemptions(order()) == []


def test_only_store_credit_that_store_credit_did_not_pay_may_be_a_cards_money() -> None:
    document = order(base_customer_balance_total_refunded=12, base_customer_balance_refunded=5)
    assert gift_cards_to_store_credit({"whole": document}, {}) == D(7)
    assert gift_cards_to_store_credit({"whole": order()}, {}) == D(0)


def test_an_unusable_amount_names_the_order() -> None:
    with pytest.raises(Rejected, match="order 000000042: base_gift_cards_amount"):
        gift_card_redemptions(order(base_gift_cards_amount="much"))
