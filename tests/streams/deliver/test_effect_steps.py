"""An effect of two calls: in order, each once, and after a failure on from where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.effect import Effects, Made
from streams.deliver.ledger import SENDS
from streams.errors import OutcomeUnknown, Rejected, TillstreamError, Transient, Unavailable
from streams.ports import EffectKey, EffectState, LedgerRow, Revision
from tests.streams.deliver.effect_bench import KEY, LINK, SETTLED, SETTLING, Bench, Target
from tests.twins.clock import START

REFUND = replace(KEY, step="refund")
REVISION = Revision(START, "c")


class TwoSteps(Bench):
    """An order, and then its refund, which names the order."""

    def __init__(self) -> None:
        super().__init__()
        self.refunds = Target()
        self.refunded: list[Ids] = []

    def effect(self) -> CreateOnce:
        refund = Step(self.step().operation, "h2", "refund of W-42", self._refund, self._find_refund, name="refund")
        return replace(super().effect(), steps=(self.step(), refund), applied={KEY.source: REVISION})

    async def _refund(self, before: Ids) -> str:
        self.refunded.append(before)
        return f"R{await self.refunds.send()}"

    async def _find_refund(self, before: Ids) -> str | None:
        found = await self.refunds.find()
        return found and f"R{found}"

    async def _announce(self, ids: Ids) -> None:
        self.announced.append(" ".join(ids))

    @property
    def states(self) -> dict[str, EffectState]:
        return {key.step: row.state for key, row in self.store.ledger.rows.items()}


@pytest.fixture
def bench() -> TwoSteps:
    return TwoSteps()


async def test_the_second_step_is_given_what_the_first_made(bench: TwoSteps) -> None:
    assert await bench.perform() == Made("R1", found=False)
    assert bench.refunded == [("1",)]
    assert bench.announced == ["1 R1"]
    assert bench.states == {"": EffectState.DONE, "refund": EffectState.DONE}


async def test_link_and_revision_come_with_the_last_step(bench: TwoSteps) -> None:
    bench.refunds.answer, bench.refunds.acts = Transient("429"), False
    with pytest.raises(Transient):
        await bench.perform()
    assert bench.states == {"": EffectState.DONE, "refund": EffectState.OPEN}
    assert await bench.store.links.find([LINK[0]], "pos") == {}
    assert await bench.store.applied.get("pos", [KEY.source]) == {}
    assert bench.announced == []
    bench.refunds.answer, bench.refunds.acts = None, True
    assert await bench.perform() == Made("R1", found=False)
    assert await bench.store.links.find([LINK[0]], "pos") == {LINK[0]: LINK[1]}
    assert await bench.store.applied.get("pos", [KEY.source]) == {KEY.source: REVISION}
    assert bench.target.sent == 1


async def test_after_a_crash_between_the_steps_it_goes_on_at_the_second(bench: TwoSteps) -> None:
    begin = bench.store.ledger.begin

    async def crash_before_the_second(
        key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle: timedelta
    ) -> LedgerRow:
        if key.step:
            raise asyncio.CancelledError
        return await begin(key, owner=owner, after_epoch=after_epoch, request_hash=request_hash, settle=settle)

    bench.store.ledger.begin = crash_before_the_second  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await bench.perform("a")
    bench.store.ledger.begin = begin  # type: ignore[method-assign]
    bench.target.shows = False  # the ledger remembers the first, whatever its look-up says
    assert await bench.perform("b") == Made("R1", found=False)
    assert (bench.target.made, bench.refunded) == (["1"], [("1",)])


async def test_a_second_step_without_an_answer_is_looked_up_and_the_first_is_not_repeated(bench: TwoSteps) -> None:
    bench.refunds.answer, bench.refunds.shows = OutcomeUnknown("silence"), False
    with pytest.raises(OutcomeUnknown):
        await bench.perform()
    with pytest.raises(OutcomeUnknown, match="looked up until"):
        await bench.perform()
    bench.refunds.shows = True
    assert await bench.perform() == Made("R1", found=True)
    assert (bench.target.sent, bench.refunds.sent) == (1, 1)


async def test_the_second_step_waits_while_the_first_has_no_answer(bench: TwoSteps) -> None:
    bench.target.answer, bench.target.acts = OutcomeUnknown("silence"), False
    for _ in range(SENDS):
        with pytest.raises(OutcomeUnknown):
            await bench.perform()
        assert bench.refunds.sent == 0
        bench.clock.move(SETTLED)
    with pytest.raises(Rejected, match="order W-42"):
        await bench.perform()
    assert bench.states == {"": EffectState.PENDING}


async def test_a_confirmation_is_owed_from_the_last_steps_end_until_it_is_published(bench: TwoSteps) -> None:
    effects = Effects(bench.store.ledger, bench.clock, owner="a", settling=SETTLING)
    assert not await effects.is_unfinished(REFUND)
    bench.refunds.answer, bench.refunds.acts = Transient("429"), False
    with pytest.raises(Transient):
        await bench.perform()
    assert not await effects.is_unfinished(REFUND)  # begun, not done
    bench.refunds.answer, bench.refunds.acts = None, True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "_announce", _crash)
        with pytest.raises(asyncio.CancelledError):
            await bench.perform()
    assert await effects.is_unfinished(REFUND)
    await bench.perform()
    assert not await effects.is_unfinished(REFUND)


async def _crash(_ids: Ids) -> None:
    raise asyncio.CancelledError


async def test_an_effect_of_one_call_costs_a_look_a_begin_and_a_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, calls = Bench(), list[str]()
    for name in ("get", "begin", "reopen", "finish"):
        monkeypatch.setattr(bench.store.ledger, name, _noted(calls, name, getattr(bench.store.ledger, name)))
    for name in ("find", "send"):
        monkeypatch.setattr(bench.target, name, _noted(calls, name, getattr(bench.target, name)))
    await bench.perform()
    assert calls == ["find", "begin", "send", "finish"]


def _noted(calls: list[str], name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    async def noted(*args: object, **given: object) -> object:
        calls.append(name)
        return await method(*args, **given)

    return noted


FATES = st.tuples(st.sampled_from(["order", "refund"]), st.sampled_from(["acted", "lost", "refused", "down"]))


@given(st.lists(FATES, max_size=8))
def test_no_sequence_of_failures_at_either_step_makes_two_of_one(fates: list[tuple[str, str]]) -> None:
    async def run() -> None:
        bench, replays = TwoSteps(), 0
        for number in range(len(fates) + 3):
            where, fate = fates[number] if number < len(fates) else ("", "")
            for name, target in (("order", bench.target), ("refund", bench.refunds)):
                target.acts = name != where or fate == "acted"
                target.answer = _answer(fate) if name == where else None
            try:
                await bench.perform(f"worker-{number % 2}", replays=replays)
            except TillstreamError as error:
                replays += isinstance(error, Rejected)
                bench.clock.move(SETTLED)
        assert (bench.target.made, bench.refunds.made) == (["1"], ["1"])
        assert set(bench.refunded) == {("1",)}
        assert bench.states == {"": EffectState.DONE, "refund": EffectState.DONE}

    asyncio.run(run())


def _answer(fate: str) -> TillstreamError:
    return {"refused": Transient("429"), "down": Unavailable("down")}.get(fate) or OutcomeUnknown("silence")
