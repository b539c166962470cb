"""The contract of `streams.ports.Ledger`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.store import Store
from schemas.ids import MissingLink, Ref
from streams.errors import Rejected
from streams.ports import EffectDone, EffectKey, EffectState, Fenced, Hold, HoldReason, LedgerRow, Record, Revision
from tests.postgres_server import Ports
from tests.twins import claims
from tests.twins.clock import START, FakeClock
from tests.twins.store import MemoryStore

ORDER = Ref("web", "order", "42")
MADE = Ref("pos", "order", "17")
KEY = EffectKey("pos", "create_order", ORDER)
AT_ONCE = timedelta(0)
LONG = timedelta(hours=1)


async def begin(
    store: Ports, after_epoch: int, *, key: EffectKey = KEY, owner: str = "worker-1", settle: timedelta = AT_ONCE
) -> LedgerRow:
    return await store.ledger.begin(key, owner=owner, after_epoch=after_epoch, request_hash="hash", settle=settle)


async def test_an_effect_that_was_never_begun_has_no_row(any_store: Ports) -> None:
    assert await any_store.ledger.get(KEY) is None


async def test_begin_makes_a_pending_row_with_the_next_epoch(any_store: Ports) -> None:
    row = await begin(any_store, 0)
    assert row == LedgerRow(KEY, EffectState.PENDING, "worker-1", 1, "hash", row.settle_until, settled=True, sends=1)
    assert await any_store.ledger.get(KEY) == row
    assert (await begin(any_store, 1, owner="worker-2")).epoch == 2


@pytest.mark.parametrize("after_epoch", [0, 2, 7])
async def test_begin_from_another_epoch_than_the_rows_is_fenced(any_store: Ports, after_epoch: int) -> None:
    row = await begin(any_store, 0)
    with pytest.raises(Fenced):
        await begin(any_store, after_epoch)
    assert await any_store.ledger.get(KEY) == row


async def test_what_has_not_settled_is_begun_by_nobody(any_store: Ports) -> None:
    row = await begin(any_store, 0, settle=LONG)
    assert not row.settled
    with pytest.raises(Fenced):
        await begin(any_store, 1, owner="worker-2")
    assert await any_store.ledger.get(KEY) == row


async def test_what_was_provably_not_done_need_not_settle(any_store: Ports) -> None:
    await begin(any_store, 0, settle=LONG)
    await any_store.ledger.reopen(KEY, epoch=1)
    assert (await begin(any_store, 1)).epoch == 2


async def test_the_databases_clock_judges_what_has_settled_and_no_workers(
    clocked_store: Store, clock: FakeClock
) -> None:
    row = await begin(clocked_store, 0, settle=LONG)
    clock.move(2 * LONG.total_seconds())
    assert await clocked_store.ledger.get(KEY) == row
    with pytest.raises(Fenced):
        await begin(clocked_store, 1)
    await clocked_store.database.fetch("UPDATE ledger SET settle_until = now()")
    clock.move(-3 * LONG.total_seconds())
    settled = await clocked_store.ledger.get(KEY)
    assert settled is not None
    assert settled.settled
    assert (await begin(clocked_store, 1)).epoch == 2


async def test_the_twins_clock_judges_what_has_settled(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    await begin(store, 0, settle=LONG)
    clock.move(LONG.total_seconds())
    settled = await store.ledger.get(KEY)
    assert settled is not None
    assert settled.settled
    assert (await begin(store, 1)).epoch == 2


async def test_begin_after_an_epoch_that_was_lost_is_fenced(any_store: Ports) -> None:
    with pytest.raises(Fenced):
        await begin(any_store, 3)
    assert await any_store.ledger.get(KEY) is None


async def test_of_many_who_begin_at_once_one_may_send(any_store: Ports) -> None:
    results = await asyncio.gather(
        *(begin(any_store, 0, owner=f"worker-{n}") for n in range(30)), return_exceptions=True
    )
    winners = [result for result in results if isinstance(result, LedgerRow)]
    assert len(winners) == 1
    assert sum(isinstance(result, Fenced) for result in results) == 29
    assert await any_store.ledger.get(KEY) == winners[0]


async def test_who_is_fenced_does_not_hinder_the_others_of_its_batch(any_store: Ports) -> None:
    await begin(any_store, 0)
    keys = [EffectKey("pos", "create_order", Ref("web", "order", str(n))) for n in (41, 42, 43)]
    results = await asyncio.gather(*(begin(any_store, 0, key=key) for key in keys), return_exceptions=True)
    assert [type(result) for result in results] == [LedgerRow, Fenced, LedgerRow]


async def test_reopen_says_that_nothing_was_done(any_store: Ports) -> None:
    await begin(any_store, 0)
    await any_store.ledger.reopen(KEY, epoch=1)
    row = await any_store.ledger.get(KEY)
    assert row is not None
    assert (row.state, row.epoch) == (EffectState.OPEN, 1)
    assert (await begin(any_store, 1)).state is EffectState.PENDING


@pytest.mark.parametrize("epoch", [0, 2])
async def test_reopen_of_another_epoch_is_fenced(any_store: Ports, epoch: int) -> None:
    row = await begin(any_store, 0)
    with pytest.raises(Fenced):
        await any_store.ledger.reopen(KEY, epoch=epoch)
    assert await any_store.ledger.get(KEY) == row


async def test_reopen_of_what_was_never_begun_is_fenced(any_store: Ports) -> None:
    with pytest.raises(Fenced):
        await any_store.ledger.reopen(KEY, epoch=1)


async def test_it_is_counted_how_often_the_target_may_have_been_reached(any_store: Ports) -> None:
    assert (await begin(any_store, 0)).sends == 1
    assert (await begin(any_store, 1)).sends == 2
    for _ in range(2):
        await any_store.ledger.reopen(KEY, epoch=2)
        row = await any_store.ledger.get(KEY)
        assert row is not None
        assert row.sends == 1
    assert (await begin(any_store, 2)).sends == 2


async def test_each_step_of_an_effect_has_its_own_row(any_store: Ports) -> None:
    refund = replace(KEY, step="refund")
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17"))
    assert await any_store.ledger.get(refund) is None
    row = await begin(any_store, 0, key=refund)
    await any_store.ledger.reopen(refund, epoch=1)
    await any_store.ledger.finish(EffectDone(refund, 1, "18"))
    done = [await any_store.ledger.get(key) for key in (KEY, refund)]
    assert [row and row.target_id for row in done] == ["17", "18"]
    assert row.key == refund


async def test_finish_records_effect_link_and_revision_together(any_store: Ports) -> None:
    revision = Revision(START, "content")
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17", link=(ORDER, MADE), applied={ORDER: revision}))
    row = await any_store.ledger.get(KEY)
    assert row is not None
    assert (row.state, row.target_id, row.epoch, row.owner) == (EffectState.DONE, "17", 1, "worker-1")
    assert await any_store.links.find([ORDER], "pos") == {ORDER: MADE}
    assert await any_store.applied.get("pos", [ORDER]) == {ORDER: revision}


async def test_finish_does_not_compare_the_epoch(any_store: Ports) -> None:
    await begin(any_store, 0)
    await begin(any_store, 1)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17"))
    row = await any_store.ledger.get(KEY)
    assert row is not None
    assert (row.state, row.epoch) == (EffectState.DONE, 2)


async def test_finish_of_what_was_found_without_a_row_makes_one(any_store: Ports) -> None:
    await any_store.ledger.finish(EffectDone(KEY, 0, "17", link=(ORDER, MADE)))
    row = await any_store.ledger.get(KEY)
    assert row is not None
    assert (row.state, row.target_id) == (EffectState.DONE, "17")
    with pytest.raises(Fenced):
        await begin(any_store, 0)


async def test_finishing_again_with_the_same_id_changes_nothing(any_store: Ports) -> None:
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17"))
    before = await any_store.ledger.get(KEY)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17"))
    assert await any_store.ledger.get(KEY) == before


@pytest.mark.parametrize(("first", "then"), [("", "17"), ("17", "")])
async def test_an_id_that_the_target_did_not_name_is_no_other_one(any_store: Ports, first: str, then: str) -> None:
    """Magento names no id for a comment that it adds, but shows it when it is read."""
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, first))
    await any_store.ledger.finish(EffectDone(KEY, 1, then))
    row = await any_store.ledger.get(KEY)
    assert row is not None
    assert row.state is EffectState.DONE


async def test_finishing_with_another_id_goes_to_a_person_and_the_first_stays(any_store: Ports) -> None:
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17"))
    with pytest.raises(Rejected, match="18") as caught:
        await any_store.ledger.finish(EffectDone(KEY, 1, "18"))
    assert caught.value.code == "doubled_effect"
    row = await any_store.ledger.get(KEY)
    assert row is not None
    assert row.target_id == "17"


async def test_a_done_effect_is_neither_begun_nor_reopened(any_store: Ports) -> None:
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17"))
    with pytest.raises(Fenced):
        await begin(any_store, 1)
    with pytest.raises(Fenced):
        await any_store.ledger.reopen(KEY, epoch=1)


async def test_finish_never_turns_an_applied_revision_back(any_store: Ports) -> None:
    newer = Revision(START + timedelta(seconds=9), "newer")
    await any_store.applied.put("pos", {ORDER: newer})
    await any_store.ledger.finish(EffectDone(KEY, 1, "17", applied={ORDER: Revision(START, "older")}))
    assert await any_store.applied.get("pos", [ORDER]) == {ORDER: newer}


async def is_announced(store: Ports) -> bool:
    if isinstance(store, Store):
        await store.ledger.close()  # writes what lingers
    row = await store.ledger.get(KEY)
    assert row is not None
    return row.announced


async def test_what_has_no_confirmation_owes_none(any_store: Ports) -> None:
    await any_store.ledger.finish(EffectDone(KEY, 0, "17"))
    assert await is_announced(any_store)


async def test_it_is_remembered_whether_the_confirmation_was_published(any_store: Ports) -> None:
    await begin(any_store, 0)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17", announced=False))
    assert not await is_announced(any_store)
    any_store.ledger.note_announced(KEY)
    assert await is_announced(any_store)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17", announced=False))
    assert await is_announced(any_store)


async def test_finish_wakes_what_waits_for_either_ref(any_store: Ports, clock: FakeClock) -> None:
    for offset, ref in enumerate((ORDER, MADE, Ref("web", "order", "43"))):
        record = Record("canonical.sale", 0, offset, str(ref).encode(), b"{}", (), 0)
        hold = Hold(str(ref), HoldReason.LINK, "deliver", f"r{offset}", waits_for=MissingLink(ref))
        await claims.hold(any_store.held, "deliver-pos", record, hold)
    await any_store.ledger.finish(EffectDone(KEY, 1, "17", link=(ORDER, MADE)))
    due = await any_store.held.due("deliver-pos", "canonical.sale", [0], clock.now(), 10)
    assert [held.hold.waits_for for held in due] == [MissingLink(ORDER), MissingLink(MADE)]


async def test_many_finish_at_once(any_store: Ports) -> None:
    keys = [EffectKey("pos", "create_order", Ref("web", "order", str(n))) for n in range(100)]
    await asyncio.gather(*(begin(any_store, 0, key=key) for key in keys))
    await asyncio.gather(
        *(
            any_store.ledger.finish(
                EffectDone(key, 1, f"made-{key.source.native_id}", link=(key.source, Ref("pos", "order", f"made-{n}")))
            )
            for n, key in enumerate(keys)
        )
    )
    found = await any_store.links.find([key.source for key in keys], "pos")
    assert found == {key.source: Ref("pos", "order", f"made-{n}") for n, key in enumerate(keys)}
