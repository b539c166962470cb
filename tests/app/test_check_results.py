"""How a check ended is kept for the metrics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.balance.sets import Equation, Equations
from app.balance.take import Balance
from app.commands.balance import result_of
from app.commands.results import keep_result
from streams.ports import CheckNumber, CheckResult
from tests.twins.checks import MemoryChecks
from tests.twins.clock import START

BROKEN = CheckResult("balance", START, failed=True)
FINE = CheckResult("balance", START + timedelta(hours=1), failed=False)


@pytest.fixture
def checks() -> MemoryChecks:
    return MemoryChecks()


async def test_a_look_at_a_part_does_not_take_back_what_was_found_in_the_whole(
    checks: MemoryChecks, capsys: pytest.CaptureFixture[str]
) -> None:
    await keep_result(checks, BROKEN)
    await keep_result(checks, FINE, whole=False)
    assert await checks.last() == [replace(BROKEN, ended_at=FINE.ended_at)], "it did look, and found no more"
    assert "run it without --since and --day when that is mended" in capsys.readouterr().err
    await keep_result(checks, FINE)
    assert await checks.last() == [FINE]


async def test_a_look_at_a_part_counts_if_it_found_something_or_nothing_was_wrong(checks: MemoryChecks) -> None:
    await keep_result(checks, FINE, whole=False)
    assert await checks.last() == [FINE]
    later = replace(BROKEN, ended_at=FINE.ended_at)
    await keep_result(checks, later, whole=False)
    assert await checks.last() == [later]


async def test_a_store_that_does_not_take_it_is_told_and_does_not_fail_the_check(
    checks: MemoryChecks, capsys: pytest.CaptureFixture[str]
) -> None:
    checks.down = True
    await keep_result(checks, BROKEN)
    assert "The result was not kept for the metrics: the store does not answer" in capsys.readouterr().err


def test_a_balance_is_a_check_with_what_is_missing_of_each_source() -> None:
    equations = Equations(receipts=Equation(3, missing=("r1",)))
    balance = Balance(equations, missing={("web", "order"): 1, ("pos", "stock"): 0})
    assert result_of(balance, START) == CheckResult(
        "balance", START, failed=True, numbers=(CheckNumber(("pos", "stock"), 0), CheckNumber(("web", "order"), 1))
    )
