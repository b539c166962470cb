"""The model of `test_delivery_model.py` finds what each mechanism prevents: with it taken out, something goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from streams.ports import EffectKey, EffectState, LedgerRow
from streams.runtime.holding import HeldQueue
from streams.runtime.places import SettledPlaces
from tests.streams.deliver import model_checks as checks
from tests.streams.deliver.model_targets import SETTLING, Fate
from tests.streams.deliver.model_worker import POS
from tests.streams.deliver.model_world import FREEZE_SECONDS, World
from tests.streams.deliver.test_delivery_model import Delivery
from tests.twins.clock import START
from tests.twins.store import MemoryLedger

ENOUGH = settings(
    max_examples=400,
    stateful_step_count=40,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    print_blob=False,
)
"""Examples in which each mechanism is missed; some 20 are enough on average."""
AWAITS = 40
"""Iterations of the event loop from the beginning of a look at an order to its end, and some more."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def test_without_settling_something_is_sent_while_the_target_still_works_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read = MemoryLedger._row

    def settled_at_once(self: MemoryLedger, key: EffectKey) -> LedgerRow | None:
        row = read(self, key)
        return row and replace(row, settled=True)

    monkeypatch.setattr(MemoryLedger, "_row", settled_at_once)
    with pytest.raises(AssertionError, match="is sent again"):
        run_state_machine_as_test(seed(1)(Delivery), settings=ENOUGH)


def test_without_queueing_behind_a_held_event_a_later_one_overtakes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeldQueue, "blocks", lambda _queue, _record: False)
    with pytest.raises(AssertionError, match=r"is sent by .* before .* has ended"):
        run_state_machine_as_test(seed(1)(Delivery), settings=ENOUGH)


# -- what takes a longer story than chance tells often enough ----------------------------------------------------------


def stopped_at(awaits: int, *, killed: bool = False) -> list[str]:
    """What goes wrong if a worker freezes, or dies, so many awaits into its look at an order that may be sent again."""
    world = World(checks.at_request)
    try:
        world.outside.pos.fates.append(Fate.LOST)
        world.tell(0)
        world.advance(SETTLING.total.total_seconds() - 0.5)
        owner = next(n for n, worker in enumerate(world.workers) if _owns_order_0(world, worker.process.name))
        world.time.seconds += 1.0
        world.step(owner, awaits)
        if killed:
            world.kill(owner)
        world.workers[owner].process.frozen = not killed
        world.advance(FREEZE_SECONDS)
        world.workers[owner].process.frozen = False
        world.advance(FREEZE_SECONDS)
        return [*world.wrong, *checks.after_a_step(world), *checks.in_the_end(world)]
    finally:
        world.close()


@pytest.mark.parametrize("killed", [False, True], ids=["freezes", "dies"])
def test_a_worker_that_stops_at_any_await_neither_loses_nor_doubles_the_order(killed: bool) -> None:
    assert {awaits: wrong for awaits in range(AWAITS) if (wrong := stopped_at(awaits, killed=killed))} == {}


def test_without_fencing_a_worker_that_freezes_at_some_await_sends_the_order_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = MemoryLedger.begin

    async def begin_anyway(self: MemoryLedger, key: EffectKey, *, after_epoch: int, **given: Any) -> LedgerRow:
        if after_epoch:
            self.rows[key] = LedgerRow(key, EffectState.OPEN, "", after_epoch, "", START, settled=True)
        return await begin(self, key, after_epoch=after_epoch, **given)

    monkeypatch.setattr(MemoryLedger, "begin", begin_anyway)
    found = [wrong for awaits in range(AWAITS) for wrong in stopped_at(awaits)]
    assert "'W-000000000' is sent again after it was done" in found


def restarted_behind_a_stuck_order() -> list[str]:
    """What goes wrong if an order is given up while another of its partition is stuck, and the worker is killed."""
    world = World(checks.at_request)
    try:
        world.advance(1.0)
        world.outside.pos.down.add("W-000000000")
        world.tell(0)
        world.tell(2, unknown_sku=True)
        world.advance(3.0)
        ((group, row),) = world.held(in_review=True)
        world.discard(group, row)
        world.advance(3.0)
        world.link()
        for number in range(2):
            world.kill(number)
        world.advance(FREEZE_SECONDS)
        return [*world.wrong, *checks.after_a_step(world)]
    finally:
        world.close()


def test_what_was_given_up_does_not_happen_when_kafka_gives_it_again() -> None:
    assert restarted_behind_a_stuck_order() == []


def test_without_the_places_of_what_ended_it_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SettledPlaces, "__contains__", lambda _places, _record: False)
    (wrong,) = restarted_behind_a_stuck_order()
    assert "which was discarded" in wrong


def _owns_order_0(world: World, name: str) -> bool:
    return ("canonical.sale", 0) in (world.outside.groups[POS].owned_by(name) or ())
