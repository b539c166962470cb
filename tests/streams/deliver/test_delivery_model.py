"""Two workers, two targets, one store, and everything that can go wrong between them, in any order.

The stage, lanes, held queue, deliveries and effects are the real ones. Kafka, the store and the targets are models
(`model_*.py` beside this file), and so is time: a process can be stopped or killed at any await and at any failpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TypeVar

import hypothesis.strategies as st
import pytest
import structlog
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.ports import Failpoint
from tests.streams.deliver import model_checks as checks
from tests.streams.deliver.model_targets import Fate, Target
from tests.streams.deliver.model_worker import POS, WEB
from tests.streams.deliver.model_world import FREEZE_SECONDS, ORDERS, World

NUMBERS = st.integers(0, ORDERS - 1)
WORKERS = st.integers(0, 1)
GROUPS = st.sampled_from([POS, WEB])
One = TypeVar("One")
ANY = st.integers(0, 99)
"""Which of those that there are."""


class Delivery(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World(checks.at_request)
        self.failed = False
        self.world.advance(1.0)

    # -- the shop ---------------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, unknown_sku=st.booleans())
    def tell(self, number: int, unknown_sku: bool) -> None:
        self.world.tell(number, unknown_sku=unknown_sku)

    @precondition(lambda self: self.world.told)
    @rule(which=ANY, revision=ANY)
    def tell_again(self, which: int, revision: int) -> None:
        number = _one_of(list(self.world.told), which)
        self.world.tell_again(number, revision % len(self.world.told[number]))

    @precondition(lambda self: self.world.linked())
    @rule(which=ANY)
    def move(self, which: int) -> None:
        made = _one_of(self.world.linked(), which)
        if self.world.outside.pos.moves(made.native_id) < 2:
            self.world.move(made)

    @precondition(lambda self: self.world.linked())
    @rule(which=ANY, moves=st.integers(0, 2))
    def tell_status_again(self, which: int, moves: int) -> None:
        self.world.tell_status(_one_of(self.world.linked(), which), moves)

    # -- time -------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.2, 1.0, 3.0, 8.0, 15.0]))
    def wait(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(number=WORKERS, iterations=st.integers(1, 25))
    def step(self, number: int, iterations: int) -> None:
        self.world.step(number, iterations)

    # -- targets, store and Kafka -------------------------------------------------------------------------------------

    @rule(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=2), of=GROUPS)
    def mutations_fail(self, fates: list[Fate], of: str) -> None:
        self._target(of).fates.extend(fates)

    @rule(lag=st.sampled_from([0.0, 1.0, 2.0]), of=GROUPS)
    def look_ups_lag(self, lag: float, of: str) -> None:
        self._target(of).lag = lag

    @rule(number=NUMBERS)
    def one_order_is_refused_service(self, number: int) -> None:
        self.world.outside.pos.down ^= {f"W-{number:09}"}

    @rule(answer=st.booleans())
    def a_call_of_the_store_or_kafka_is_lost(self, answer: bool) -> None:
        self.world.outside.faults.append(answer)

    # -- processes ----------------------------------------------------------------------------------------------------

    @rule(number=WORKERS)
    def kill(self, number: int) -> None:
        self.world.kill(number)

    @rule(number=WORKERS, point=st.sampled_from(Failpoint), freezes=st.booleans())
    def stop_at(self, number: int, point: Failpoint, freezes: bool) -> None:
        self.world.trap(number, point, FREEZE_SECONDS if freezes else 0.0)

    @rule(number=WORKERS, frozen=st.booleans())
    def freeze(self, number: int, frozen: bool) -> None:
        self.world.workers[number].process.frozen = frozen

    @rule(group=GROUPS)
    def rebalance(self, group: str) -> None:
        self.world.rebalance(group)

    @rule(number=WORKERS)
    def end(self, number: int) -> None:
        self.world.stop(number)

    # -- people -------------------------------------------------------------------------------------------------------

    @rule()
    def link(self) -> None:
        self.world.link()

    @precondition(lambda self: self.world.held())
    @rule(which=ANY)
    def replay(self, which: int) -> None:
        self.world.replay(*_one_of(self.world.held(), which))

    @precondition(lambda self: self.world.held())
    @rule(which=ANY)
    def edit(self, which: int) -> None:
        group, row = _one_of(self.world.held(), which)
        if checks.is_sale(row.record):
            self.world.edit(group, row)

    @precondition(lambda self: self.world.held())
    @rule(which=ANY)
    def discard(self, which: int) -> None:
        self.world.discard(*_one_of(self.world.held(), which))

    # -- what must be true ----------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.world.restart()
        self._expect_nothing([*self.world.wrong, *checks.after_a_step(self.world)])

    def teardown(self) -> None:
        try:
            if not self.failed:
                self.world.settle()
                self.nothing_is_wrong()
                self._expect_nothing(list(checks.in_the_end(self.world)))
        finally:
            self.world.close()

    def _expect_nothing(self, wrong: list[str]) -> None:
        self.failed = bool(wrong)
        assert not wrong, "\n".join(wrong)

    def _target(self, group: str) -> Target:
        return self.world.outside.pos if group == POS else self.world.outside.web


def _one_of(them: Sequence[One], which: int) -> One:
    return them[which % len(them)]


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=4 * settings().max_examples, stateful_step_count=40)


@pytest.fixture(autouse=True, scope="module")
def _silence() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
