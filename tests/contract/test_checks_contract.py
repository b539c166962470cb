"""The contract of `streams.ports.Checks`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from streams.ports import CheckNumber, CheckResult
from tests.postgres_server import Ports
from tests.twins.clock import START

NUMBERS = (CheckNumber(("web", "order"), 0), CheckNumber(("pos", "stock"), 3), CheckNumber(("", ""), 1))
BALANCE = CheckResult("balance", START, failed=True, numbers=NUMBERS)


async def test_a_result_comes_back_as_it_was_kept(any_store: Ports) -> None:
    assert list(await any_store.checks.last()) == []
    await any_store.checks.keep(BALANCE)
    assert list(await any_store.checks.last()) == [BALANCE]


async def test_the_next_result_of_a_check_takes_the_place_of_the_last_with_all_its_numbers(any_store: Ports) -> None:
    later = CheckResult("balance", START + timedelta(days=1), failed=False, numbers=NUMBERS[:1])
    for result in (BALANCE, later):
        await any_store.checks.keep(result)
    assert list(await any_store.checks.last()) == [later]


async def test_a_result_of_the_same_moment_counts_a_repair_comes_right_after_its_look(any_store: Ports) -> None:
    repaired = replace(BALANCE, failed=False)
    for result in (BALANCE, repaired):
        await any_store.checks.keep(result)
    assert list(await any_store.checks.last()) == [repaired]


async def test_a_check_that_began_earlier_and_is_kept_late_changes_nothing(any_store: Ports) -> None:
    await any_store.checks.keep(BALANCE)
    await any_store.checks.keep(CheckResult("balance", START - timedelta(seconds=1), failed=False))
    assert list(await any_store.checks.last()) == [BALANCE]


async def test_checks_are_kept_each_by_itself_and_told_by_name(any_store: Ports) -> None:
    stock, doctor = CheckResult("stock", START, failed=False), CheckResult("doctor", START, failed=False)
    await asyncio.gather(*(any_store.checks.keep(result) for result in (stock, doctor, BALANCE)))
    assert list(await any_store.checks.last()) == [BALANCE, doctor, stock]
