"""What orders under way are worth, by where they wait."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.upkeep.money import Worth, in_flight, worth_of
from streams.ports import HoldReason
from tests.app.upkeep.sales import headers, sale


def dollars(order: bytes, amount: str) -> Worth:
    return Worth(order, "USD", Decimal(amount))


def test_an_order_is_worth_its_total_in_its_currency() -> None:
    worth = worth_of(b"web:order:1", headers(), sale("10.40", "EUR"), "pos")

    assert worth == Worth(b"web:order:1", "EUR", Decimal("10.40"))


@pytest.mark.parametrize(
    ("of", "body"),
    [
        (headers(entity="payment"), sale("1")),
        (headers(target="outlet"), sale("1")),
        ((), sale("1")),
        (headers(), b"not json"),
        (headers(), b"[]"),
        (headers(), b'{"currency": "USD"}'),
        (headers(), sale("much")),
    ],
)
def test_what_is_no_order_for_the_target_is_worth_nothing(of: tuple[tuple[str, bytes], ...], body: bytes) -> None:
    assert worth_of(b"k", of, body, "pos") is None


def test_amounts_are_added_up_by_currency_and_where_they_wait() -> None:
    queued = {(0, 1): dollars(b"a", "1.10"), (1, 7): dollars(b"b", "2.20"), (1, 9): Worth(b"c", "EUR", Decimal(5))}
    held = {(0, 3): (HoldReason.PERSON, dollars(b"d", "4"))}

    assert in_flight(queued, held) == {
        ("USD", "queued"): Decimal("3.30"),
        ("EUR", "queued"): Decimal(5),
        ("USD", "person"): Decimal(4),
    }


def test_the_newest_telling_of_an_order_counts_alone() -> None:
    queued = {(0, 1): dollars(b"a", "1"), (0, 8): dollars(b"a", "3"), (0, 4): dollars(b"a", "2")}

    assert in_flight(queued, {}) == {("USD", "queued"): Decimal(3)}


def test_what_is_held_and_not_committed_yet_counts_once() -> None:
    order = dollars(b"a", "1")

    assert in_flight({(0, 1): order}, {(0, 1): (HoldReason.LINK, order)}) == {("USD", "link"): Decimal(1)}
