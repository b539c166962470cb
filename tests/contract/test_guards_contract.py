"""The contract of `streams.ports.Guards`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal

from streams.ports import GuardKind, Proposed, Standing, Verdict
from tests.postgres_server import Ports
from tests.twins.clock import START, FakeClock

ZEROED = GuardKind.STOCK_ZEROED
ODD = "B\x00:ß"


def zero(sku: str, receipt: str = "") -> Proposed:
    return Proposed(sku, Decimal(7), Decimal(0), receipt or f"r-{sku}")


async def judge(store: Ports, *skus: str, population: int = 60, target: str = "web") -> Mapping[str, Verdict]:
    return await store.guards.judge(ZEROED, target, [zero(sku) for sku in skus], population)


async def test_up_to_the_limit_passes_and_the_next_one_opens_a_hold_that_lists_both(
    any_store: Ports, clock: FakeClock
) -> None:
    assert all(verdict.passes for verdict in (await judge(any_store, "A", ODD, "C")).values())
    verdict = (await judge(any_store, "D"))["D"]
    assert (verdict.passes, verdict.carries) == (False, True)
    (hold,) = await any_store.guards.open_holds()
    assert verdict.hold == hold
    assert (hold.kind, hold.target, hold.opened_at) == (ZEROED, "web", clock.now())
    assert (hold.population, hold.allowed, hold.held, hold.passed) == (60, 3, 1, 3)
    assert [listed.sku for listed in hold.first] == ["D"]
    listed = await any_store.guards.changes(hold.number)
    assert {one.sku: one.standing for one in listed} == {"D": Standing.HELD} | dict.fromkeys(
        ["A", ODD, "C"], Standing.PASSED
    )
    first = listed[0]  # held ones come first
    assert (first.before, first.after, first.at, first.receipt_id) == (Decimal(7), Decimal(0), START, "r-D")


async def test_a_batch_that_does_not_fit_is_held_as_a_whole(any_store: Ports) -> None:
    verdicts = await judge(any_store, *"ABCD")
    assert not any(verdict.passes for verdict in verdicts.values())
    (hold,) = await any_store.guards.open_holds()
    assert (hold.held, hold.passed) == (4, 0)


async def test_a_try_that_failed_passes_again_and_counts_once(any_store: Ports) -> None:
    for _ in range(5):
        assert (await judge(any_store, "A"))["A"].passes
    assert all(verdict.passes for verdict in (await judge(any_store, "B", "C")).values())


async def test_what_is_older_than_the_window_does_not_count(any_store: Ports, clock: FakeClock) -> None:
    await judge(any_store, *"ABC")
    clock.move(15 * 60)
    assert all(verdict.passes for verdict in (await judge(any_store, *"DEF")).values())
    clock.move(15 * 60 - 1)
    assert not (await judge(any_store, "G"))["G"].passes


async def test_a_sku_that_changes_again_counts_from_then_on(any_store: Ports, clock: FakeClock) -> None:
    await judge(any_store, "A")
    clock.move(14 * 60)
    assert (await judge(any_store, "A"))["A"].passes
    clock.move(2 * 60)
    assert not any(verdict.passes for verdict in (await judge(any_store, *"BCD")).values())


async def test_a_held_window_stays_held_long_after_it_and_later_changes_join(
    any_store: Ports, clock: FakeClock
) -> None:
    await judge(any_store, *"ABCD")
    clock.move(24 * 3600 * 3)
    assert not (await judge(any_store, "E"))["E"].passes
    (hold,) = await any_store.guards.open_holds()
    assert hold.held == 5


async def test_only_one_event_of_a_sku_waits_and_what_it_caused_takes_its_place(any_store: Ports) -> None:
    await judge(any_store, *"ABCD")

    async def carries(receipt: str) -> bool:
        return (await any_store.guards.judge(ZEROED, "web", [zero("A", receipt)], 60))["A"].carries

    assert [await carries(one) for one in ("r-A", "other", "r-A.again1", "r-A")] == [True, False, True, False]


async def test_kinds_and_targets_have_windows_of_their_own(any_store: Ports) -> None:
    await judge(any_store, *"ABC")
    assert (await judge(any_store, "D", target="outlet"))["D"].passes
    changed = Proposed("D", Decimal(10), Decimal(11), "r1")
    assert (await any_store.guards.judge(GuardKind.PRICE_CHANGED, "web", [changed], 60))["D"].passes
    assert await any_store.guards.open_holds() == []


async def test_an_approval_lets_exactly_the_list_pass_and_it_counts_for_nothing(any_store: Ports) -> None:
    await judge(any_store, *"ABCD")
    approved = await any_store.guards.decide(await number(any_store), approve=True, by="ann", reason="")
    assert approved is not None
    assert [(one.sku, one.standing) for one in approved] == [(sku, Standing.APPROVED) for sku in "ABCD"]
    assert all(verdict.passes for verdict in (await judge(any_store, *"ABCD")).values())
    assert all(verdict.passes for verdict in (await judge(any_store, *"EFG")).values())
    assert not (await judge(any_store, "H"))["H"].passes


async def test_an_approved_change_passes_once(any_store: Ports, clock: FakeClock) -> None:
    await judge(any_store, *"ABCD")
    await any_store.guards.decide(await number(any_store), approve=True, by="ann", reason="")
    await judge(any_store, *"ABCD")
    clock.move(15 * 60)
    assert not any(verdict.passes for verdict in (await judge(any_store, *"ABCD")).values())


async def test_what_was_rejected_is_held_again_and_the_rest_goes_on(any_store: Ports, clock: FakeClock) -> None:
    await judge(any_store, *"ABCD")
    rejected = await any_store.guards.decide(await number(any_store), approve=False, by="ann", reason="wrong file")
    assert rejected is not None
    assert {one.standing for one in rejected} == {Standing.REJECTED}
    assert (await judge(any_store, "E"))["E"].passes
    clock.move(3600)
    verdict = (await judge(any_store, "A"))["A"]
    assert (verdict.passes, verdict.carries) == (False, True)
    clock.move(25 * 3600)
    again = await any_store.guards.decide(await number(any_store), approve=False, by="ann", reason="")
    assert again is not None
    clock.move(25 * 3600)
    assert (await judge(any_store, "A"))["A"].passes


async def test_a_decision_is_kept_with_who_and_why_and_is_made_once(any_store: Ports, clock: FakeClock) -> None:
    await judge(any_store, *"ABCD")
    known = await number(any_store)
    first, second = await asyncio.gather(
        any_store.guards.decide(known, approve=True, by="ann\x00", reason="sold out: ß"),
        any_store.guards.decide(known, approve=False, by="bob", reason="no"),
    )
    assert (first is None) != (second is None)
    hold = await any_store.guards.hold(known)
    assert hold is not None
    assert hold.decided_at == clock.now()
    assert (hold.decided_by, hold.reason, hold.approved) == (
        ("ann\x00", "sold out: ß", True) if first is not None else ("bob", "no", False)
    )
    assert await any_store.guards.open_holds() == []
    assert await any_store.guards.decide(99999, approve=True, by="ann", reason="") is None
    assert await any_store.guards.hold(99999) is None


async def test_workers_that_come_at_once_share_one_window(any_store: Ports) -> None:
    verdicts = await asyncio.gather(*(judge(any_store, f"{worker}-{n}") for worker in range(4) for n in range(3)))
    passed = [sku for some in verdicts for sku, verdict in some.items() if verdict.passes]
    assert len(passed) == 3
    (hold,) = await any_store.guards.open_holds()
    assert (hold.held, hold.passed) == (9, 3)


async def number(store: Ports) -> int:
    (hold,) = await store.guards.open_holds()
    return hold.number
