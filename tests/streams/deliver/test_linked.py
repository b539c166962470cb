"""What becomes of a payment or a refund whose order is not in the target."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from schemas.ids import MissingLink, Ref
from streams.errors import DependencyMissing
from streams.runtime.retry import Patience, Review, Trial, decide
from tests.streams.deliver.money_bench import Money
from tests.twins.clock import START

ORDER = MissingLink(Ref("web", "order", "42"), "pos")


def paid(money: Money) -> Awaitable[object]:
    return money.pay(1)


def refunded(money: Money) -> Awaitable[object]:
    return money.refund(1, Decimal("5.00"))


@pytest.mark.rule("starting.older_links_only")
@pytest.mark.parametrize("happens", [paid, refunded])
async def test_it_waits_a_day_for_an_older_order_and_then_tells_a_person_what_to_do(
    happens: Callable[[Money], Awaitable[object]],
) -> None:
    with pytest.raises(DependencyMissing) as missing:
        await happens(Money([Decimal("20.00")]))
    assert missing.value.waits_for == ORDER
    assert "An order from before the launch is brought there by `tillstream backfill order`" in missing.value.message
    assert "discard this event" in missing.value.message
    patience = Patience()
    trial = Trial(lane_tries=1, lane_seconds=0.0, attempts=patience.link_looks, now=START, looks=patience.link_looks)
    assert decide(missing.value, trial, patience, lambda: 0.5) == Review(dead=True, waits_for=ORDER)
