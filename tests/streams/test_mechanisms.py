"""Each mechanism that a promise rests on is taken out, and the test that is named for it must fail.

A test that still passes without its mechanism proves nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.store import Store
from app.store import ledger as sql_ledger
from schemas.ids import Ref
from streams.deliver.doubts import Doubts
from streams.ports import EffectKey, EffectState, LastApplied, LedgerRow, Outgoing, SourceItem
from streams.runtime.holding import HeldQueue
from streams.runtime.producer import Producer
from streams.runtime.watermark import Watermark
from tests.contract import test_ledger_contract
from tests.integration import test_runtime_defects
from tests.integration.runtime_world import committed
from tests.kafka_broker import Topics
from tests.streams.deliver import effect_bench, test_effect, test_late_stock
from tests.streams.deliver.late_shop import Way, WebShop
from tests.streams.runtime import test_holding, test_watermark
from tests.streams.runtime.stage_bench import Bench, assigned_bench
from tests.twins.clock import START
from tests.twins.store import MemoryLedger
from tests.twins.writes import MemoryOpenWrites
from tests.waiting import eventually

NothingRaised = pytest.fail.Exception
"""What a test ends with that expects an error and gets none."""


# -- fencing: a ledger row is begun by comparing its epoch and setting the next ----------------------------------------


async def test_without_compare_and_set_a_worker_that_was_taken_over_sends_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = MemoryLedger.begin

    async def begin_anyway(self: MemoryLedger, key: EffectKey, *, after_epoch: int, **given: Any) -> LedgerRow:
        if after_epoch:  # a row was read: whatever it has become since is written over
            self.rows[key] = LedgerRow(key, EffectState.OPEN, "", after_epoch, "", START, settled=True)
        return await begin(self, key, after_epoch=after_epoch, **given)

    monkeypatch.setattr(MemoryLedger, "begin", begin_anyway)
    bench = effect_bench.Bench()
    with pytest.raises(NothingRaised):
        await test_effect.test_a_worker_that_is_taken_over_after_it_read_the_row_does_not_send(bench)
    assert bench.target.made == ["1", "2"]


async def test_without_the_epoch_in_its_statement_the_sql_ledger_lets_anybody_begin(
    clocked_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = "l.epoch = excluded.epoch - 1 AND "
    assert compare in sql_ledger._BEGIN
    monkeypatch.setattr(sql_ledger, "_BEGIN", sql_ledger._BEGIN.replace(compare, ""))
    with pytest.raises(NothingRaised):
        await test_ledger_contract.test_begin_from_another_epoch_than_the_rows_is_fenced(clocked_store, 7)


# -- settling: a look that finds nothing counts only after settle_until ------------------------------------------------


async def test_without_settle_until_what_lands_late_is_sent_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    read = MemoryLedger._row

    def settled_at_once(self: MemoryLedger, key: EffectKey) -> LedgerRow | None:
        row = read(self, key)
        return row and replace(row, settled=True)

    monkeypatch.setattr(MemoryLedger, "_row", settled_at_once)
    bench = effect_bench.Bench()
    with pytest.raises(AssertionError):
        await test_effect.test_a_negative_look_counts_only_after_the_target_has_settled(bench)
    assert bench.target.made == ["1", "2"]


async def test_without_it_in_its_statement_the_sql_ledger_lets_one_begin_what_has_not_settled(
    clocked_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = " AND (l.state <> 'pending' OR l.settle_until <= now())"
    assert settled in sql_ledger._BEGIN
    monkeypatch.setattr(sql_ledger, "_BEGIN", sql_ledger._BEGIN.replace(settled, ""))
    with pytest.raises(NothingRaised):
        await test_ledger_contract.test_what_has_not_settled_is_begun_by_nobody(clocked_store)


# -- doubt: an absolute write is open until nothing can come of it any more --------------------------------------------


def test_without_doubt_stock_that_lands_late_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    last_applied = MemoryOpenWrites.last_applied

    async def certain(self: MemoryOpenWrites, target: str, entity: Ref) -> LastApplied:
        return replace(await last_applied(self, target, entity), doubtful=False)

    monkeypatch.setattr(MemoryOpenWrites, "last_applied", certain)
    with pytest.raises(AssertionError):
        test_late_stock.test_a_write_that_lands_after_its_retry_and_after_a_newer_one_is_written_over()


def test_without_looking_for_doubts_stock_that_lands_late_stays_until_the_next_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def look(_self: Doubts) -> None:
        """It sees nothing."""

    monkeypatch.setattr(Doubts, "look", look)
    with pytest.raises(AssertionError):
        test_late_stock.test_a_write_that_lands_after_its_retry_and_after_a_newer_one_is_written_over()


def test_without_its_beginning_a_frozen_write_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    write = WebShop.write_source_items

    async def whenever(self: WebShop, items: Sequence[SourceItem], *, began: float | None = None) -> None:
        await write(self, items, began=float("inf"))

    monkeypatch.setattr(WebShop, "write_source_items", whenever)
    with pytest.raises(AssertionError):
        test_late_stock.test_a_worker_that_was_frozen_before_its_write_left_sends_nothing(Way(leaves=60))


# -- order: later events of a key queue behind its held one ------------------------------------------------------------


@pytest.mark.parametrize(
    "story",
    [
        test_holding.test_later_events_of_a_held_key_queue_behind_it_and_go_on_in_order,
        test_holding.test_order_behind_a_held_event_survives_a_restart,
    ],
)
async def test_without_queueing_behind_a_held_event_later_ones_overtake_it(
    story: Callable[[Bench], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeldQueue, "blocks", lambda _queue, _record: False)
    bench = await assigned_bench()
    with pytest.raises(AssertionError):
        await story(bench)
    assert "r1" not in bench.handler.done
    assert "r2" in bench.handler.done


# -- a produce is awaited before its record is acknowledged ------------------------------------------------------------


async def test_without_waiting_for_kafkas_answer_a_record_whose_result_was_refused_is_committed(
    kafka_topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def publish(self: Producer, records: Sequence[Outgoing]) -> None:
        producer = await self._connected()
        for record in records:
            await self._send(producer, record)

    monkeypatch.setattr(Producer, "publish", publish)
    monkeypatch.setattr(test_runtime_defects, "eventually", partial(eventually, seconds=5.0))
    with pytest.raises(TimeoutError):
        await test_runtime_defects.test_a_record_whose_result_kafka_refused_is_not_committed(
            "ours", kafka_topics, tmp_path
        )
    group = kafka_topics.prefix
    assert await committed(kafka_topics.bootstrap_servers, group, f"{group}.topic.1") == 1


# -- the watermark stays behind what is in flight ----------------------------------------------------------------------


def last_done(watermark: Watermark) -> int:
    """Where a commit goes that looks at the newest acknowledgement alone."""
    watermark.position = max(
        [watermark.position, *(offset + 1 for offset, _ in watermark._open if offset not in watermark._sizes)]
    )
    return watermark.position


def test_without_the_watermark_a_commit_passes_a_head_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watermark, "advance", last_done)
    with pytest.raises(AssertionError):
        test_watermark.test_a_head_that_is_in_flight_holds_everything_behind_it()


async def test_without_the_watermark_a_worker_commits_past_a_record_in_flight(
    kafka_topics: Topics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watermark, "advance", last_done)
    with pytest.raises(AssertionError, match="assert 8 =="):
        await test_runtime_defects.test_nothing_is_committed_past_a_record_in_flight("ours", 2, kafka_topics, tmp_path)
