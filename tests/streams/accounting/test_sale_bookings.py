"""What a sale's events move, by role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import Sale
from schemas.canonical.payment import PaymentKind, PaymentLine, PaymentState
from schemas.canonical.refund import RefundLine, RefundShipping, RefundTender
from schemas.canonical.sale import Fee, Line, LineKind, Tender, TenderKind
from streams.accounting.booking import Booking, Movement, Role
from streams.accounting.sale import History, Part, bookings_of
from tests.streams.accounting.books import a_sale, line, payment, refund, shipment, tax

D = Decimal
ZERO = D(0)


def book(sale: Sale, *parts: Part) -> tuple[Booking, ...]:
    return bookings_of(History(sale, "MAIN", parts))


def moved(booking: Booking) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in booking.movements:
        sums[f"{one.role} {one.code}".strip()] += one.amount
    return {name: amount for name, amount in sums.items() if amount}


def sums(bookings: Sequence[Booking]) -> dict[str, Decimal]:
    movements = tuple(movement for one in bookings for movement in one.movements)
    return moved(Booking("all", WHOLE.placed_at, "MAIN", "USD", movements))


GOODS = line(discount=D("2.00"), tax=D("1.48"), taxes=(tax("US-CA", "1.31"), tax("LA", "0.17")))
WHOLE = a_sale(GOODS, shipping="5.00", shipping_tax="0.41", fees=(Fee(name="gift wrap", amount=D(3), tax=D("0.25")),))
TOTAL = "28.14"


@pytest.mark.rule("money.journal_split")
def test_what_is_paid_is_a_deposit_until_its_goods_leave() -> None:
    paid, left = book(WHOLE, payment(TOTAL), shipment(2, {1: "2"}))
    assert moved(paid) == {"card": D(TOTAL), "deposits": -D(TOTAL)}
    assert moved(left) == {
        "deposits": D(TOTAL),
        "discounts": D("2.00"),
        "sales": D("-20.00"),
        "tax US-CA": D("-1.31"),
        "tax LA": D("-0.17"),
        "shipping": D("-5.00"),
        "surcharges": D(-3),
        "tax": D("-0.66"),
    }


@pytest.mark.rule("money.journal_split")
def test_a_part_that_leaves_takes_its_share_and_shipping_once() -> None:
    first, second = book(WHOLE, shipment(2, {1: "1"}), shipment(3, {1: "1"}))
    assert moved(first)["sales"] == moved(second)["sales"] == D("-10.00")
    assert "shipping" not in moved(second)
    assert sums([first, second])["deposits"] == D(TOTAL)


def test_goods_that_left_another_store_are_its_sales() -> None:
    (left,) = book(WHOLE, shipment(2, {1: "2"}, location="STORE2"))
    assert left.location == "STORE2"


@pytest.mark.rule("money.journal_split")
def test_a_gift_card_is_a_liability_when_sold_and_pays_when_spent() -> None:
    sold = a_sale(line(kind=LineKind.GIFT_CARD, pieces="1", price="50.00"))
    paid, delivered = book(sold, payment("50.00", lines=(PaymentLine(line_id="1", quantity=D(1)),)))
    assert moved(paid) == {"card": D(50), "deposits": D(-50)}
    assert moved(delivered) == {"deposits": D(50), "gift_cards": D(-50)}
    tenders = (Tender(kind=TenderKind.GIFT_CARD, method="giftcard", amount=D("20.00"), reference="1234"),)
    (spent,) = book(a_sale(line(), tenders=tenders))
    assert moved(spent) == {"gift_cards": D("20.00"), "deposits": D("-20.00")}


def test_what_did_not_succeed_moves_nothing() -> None:
    failed = payment(TOTAL, state=PaymentState.FAILED)
    assert book(WHOLE, failed, payment(TOTAL, kind=PaymentKind.AUTHORIZATION)) == ()


def back(pieces: str, amount: str, discount: str = "0", taxed: str = "0") -> RefundLine:
    return RefundLine(line_id="1", quantity=D(pieces), amount=D(amount), discount=D(discount), tax=D(taxed))


def card(amount: str) -> tuple[RefundTender, ...]:
    return (RefundTender(kind=TenderKind.CARD, method="braintree", amount=D(amount)),)


@pytest.mark.rule("money.journal_split")
def test_a_refund_of_goods_that_had_left_takes_sales_and_tax_back() -> None:
    given = refund(
        3,
        lines=(back("1", "10.00", "1.00", "0.74"),),
        shipping=RefundShipping(amount=D(5), tax=D("0.41")),
        adjustment_negative=D(2),
        total=D("13.15"),
        tenders=card("13.15"),
    )
    *_, gave = book(WHOLE, payment(TOTAL), shipment(2, {1: "2"}), given)
    assert moved(gave) == {
        "refunds": D("13.00"),
        "discounts": D("-1.00"),
        "tax US-CA": D("0.66"),
        "tax LA": D("0.08"),
        "tax": D("0.41"),
        "card": D("-13.15"),
    }


@pytest.mark.rule("money.journal_split")
def test_a_refund_of_goods_that_never_left_gives_the_deposit_back() -> None:
    given = refund(2, lines=(back("2", "20.00"),), total=D("20.00"), tenders=card("20.00"))
    *_, gave = book(a_sale(line()), payment("20.00"), given)
    assert moved(gave) == {"deposits": D("20.00"), "card": D("-20.00")}


def test_a_refund_takes_what_had_left_first() -> None:
    given = refund(3, lines=(back("2", "20.00"),), total=D("20.00"), tenders=card("20.00"))
    *_, gave = book(a_sale(line()), payment("20.00"), shipment(2, {1: "1"}), given)
    assert moved(gave) == {"refunds": D("10.00"), "deposits": D("10.00"), "card": D("-20.00")}


def test_a_second_refund_does_not_take_back_again_what_the_first_one_did() -> None:
    first, second = (
        refund(hours, lines=(back("1", "10.00"),), total=D("10.00"), tenders=card("10.00")) for hours in (3, 4)
    )
    *_, gave, gave_more = book(a_sale(line()), payment("20.00"), shipment(2, {1: "1"}), first, second)
    assert moved(gave) == {"refunds": D("10.00"), "card": D("-10.00")}
    assert moved(gave_more) == {"deposits": D("10.00"), "card": D("-10.00")}


def test_debits_that_do_not_equal_credits_are_no_booking() -> None:
    with pytest.raises(ValueError, match=r"0.01 USD apart"):
        Booking("x", WHOLE.placed_at, "MAIN", "USD", (Movement(Role.CARD, D("0.01")),))


CENTS = st.integers(0, 5_000).map(lambda cents: D(cents) / 100)


@st.composite
def a_line(draw: st.DrawFn, number: int) -> Line:
    pieces, price = draw(st.integers(1, 5)), draw(CENTS)
    off = min(draw(CENTS), price * pieces)
    parts = tuple(tax(f"T{n}", str(amount)) for n, amount in enumerate(draw(st.lists(CENTS, max_size=3))))
    return line(
        number, str(pieces), str(price), discount=off, tax=sum((part.amount for part in parts), ZERO), taxes=parts
    )


@st.composite
def shipped(draw: st.DrawFn) -> tuple[Sale, list[Part]]:
    """A sale, all of which leaves, in any parts and any order."""
    lines = [draw(a_line(number)) for number in range(1, draw(st.integers(1, 3)) + 1)]
    sale = a_sale(*lines, shipping=str(draw(CENTS)), shipping_tax=str(draw(CENTS)))
    pieces = draw(st.permutations([int(one.line_id) for one in lines for _ in range(int(one.quantity))]))
    parts: list[Part] = [shipment(hours, {number: "1"}) for hours, number in enumerate(pieces, start=2)]
    if sale.totals.total:
        parts.append(payment(str(sale.totals.total), draw(st.integers(1, 30))))
    return sale, parts


@pytest.mark.rule("money.journal_split")
@given(shipped())
def test_however_a_sale_leaves_its_books_are_the_sale_to_the_cent(case: tuple[Sale, list[Part]]) -> None:
    sale, parts = case
    bookings = book(sale, *parts)
    told = sums(bookings)
    assert all(sum(movement.amount for movement in booking.movements) == 0 for booking in bookings)
    assert told.get("deposits", ZERO) == 0
    assert -told.get("sales", ZERO) == sum(one.unit_price * one.quantity for one in sale.lines)
    assert told.get("discounts", ZERO) == sale.totals.discount
    assert -sum(amount for name, amount in told.items() if name.startswith("tax")) == sale.totals.tax
    for code in ("T0", "T1", "T2"):
        exact = sum((part.amount for one in sale.lines for part in one.taxes if part.code == code), ZERO)
        pieces = sum(int(one.quantity) for one in sale.lines)
        assert abs(-told.get(f"tax {code}", ZERO) - exact) <= D("0.02") * pieces


@given(shipped(), st.integers(0, 40))
def test_whenever_all_of_it_is_given_back_nothing_is_owed(case: tuple[Sale, list[Part]], hours: int) -> None:
    sale, parts = case
    if not sale.totals.total:
        return
    lines = tuple(
        RefundLine(
            line_id=one.line_id,
            quantity=one.quantity,
            amount=one.unit_price * one.quantity,
            discount=one.discount,
            tax=one.tax,
        )
        for one in sale.lines
    )
    before = [part for part in parts if not part.ref.startswith("web:shipment") or int(part.number) <= hours]
    paid = [part for part in before if part.ref.startswith("web:invoice")]
    given = refund(
        hours + 50,
        lines=lines,
        shipping=RefundShipping(amount=sale.shipping.amount, tax=sale.shipping.tax),
        total=sale.totals.total,
        tenders=card(str(sale.totals.total)),
    )
    told = sums(book(sale, *before, given))
    assert paid
    assert told.get("card", ZERO) == 0
    assert abs(told.get("deposits", ZERO)) <= D("0.02") * len(sale.lines)
