"""What a web order has taken off an account is not put back before the ledger has it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.deliver.gift_card_to_web import Written, on_its_way

MONEY = st.integers(min_value=0, max_value=100_00).map(lambda cents: Decimal(cents) / 100)
DEEDS = st.lists(st.tuples(st.sampled_from(["order", "hold", "top up", "till"]), MONEY), max_size=12)


@pytest.mark.rule("money.gift_card_ledger")
@given(start=MONEY, deeds=DEEDS)
def test_after_every_write_the_account_has_what_the_ledger_has_less_what_is_on_its_way(
    start: Decimal, deeds: list[tuple[str, Decimal]]
) -> None:
    ledger = account = start + 10_000
    held, waiting = Decimal(0), list[Decimal]()
    written = Written(ledger, held)
    for deed, amount in deeds:
        if deed == "order":
            account -= amount
            waiting.append(amount)
        elif deed == "hold" and waiting:
            taken = waiting.pop(0)
            ledger, held = ledger - taken, held + taken
        elif deed in ("top up", "till"):
            ledger += amount if deed == "top up" else -amount
        account = ledger - on_its_way(written, Written(account, held))
        written = Written.read(str(Written(ledger, held)))
        assert account == ledger - sum(waiting, Decimal(0))


def test_money_that_the_store_gave_back_is_nothing_on_its_way() -> None:
    assert on_its_way(Written(Decimal(45), Decimal(5)), Written(Decimal(50), Decimal(5))) == 0
