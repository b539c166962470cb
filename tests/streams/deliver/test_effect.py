"""Create-once effects: one mutating request at most, whatever happens around it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import MissingLink, Ref
from streams.deliver.create_once import Step
from streams.deliver.effect import Made
from streams.deliver.ledger import SENDS, AlreadyDone, LookUp, next_action, same_target
from streams.deliver.operations import CREATE_ORDER
from streams.errors import (
    AuthFailed,
    DependencyMissing,
    OutcomeUnknown,
    Rejected,
    TillstreamError,
    Transient,
    Unavailable,
)
from streams.ports import EffectDone, EffectKey, EffectState, LedgerRow
from tests.streams.deliver.effect_bench import KEY, LINK, SETTLED, SETTLING, Bench
from tests.twins.clock import START


@pytest.fixture
def bench() -> Bench:
    return Bench()


def soon(bench: Bench) -> datetime:
    return bench.clock.now() + timedelta(seconds=SETTLING.look_again)


async def test_it_is_sent_once_linked_and_confirmed(bench: Bench) -> None:
    assert await bench.perform() == Made("1", found=False)
    assert bench.target.made == ["1"]
    assert bench.announced == ["1"]
    assert await bench.store.links.find([LINK[0]], "pos") == {LINK[0]: LINK[1]}


async def test_a_second_try_sends_nothing(bench: Bench) -> None:
    await bench.perform()
    assert await bench.perform() == Made("1", found=True)
    assert bench.target.sent == 1


async def test_what_is_there_already_is_taken_without_sending(bench: Bench) -> None:
    bench.target.made = ["7"]
    assert await bench.perform() == Made("7", found=True)
    assert bench.target.sent == 0
    assert bench.state is EffectState.DONE


async def test_another_one_in_the_place_of_what_was_made_is_refused_before_it_is_confirmed(bench: Bench) -> None:
    await bench.perform()
    bench.target.made = ["9"]
    with pytest.raises(
        Rejected, match=r"was done as 1, but pos shows 9 .* keep one, then discard this event\.$"
    ) as told:
        await bench.perform()
    assert told.value.code == "doubled_effect"
    assert bench.announced == ["1"]


@pytest.mark.parametrize("shown", ["7", ""])
async def test_the_id_that_the_target_did_not_name_is_the_one_it_shows_later(bench: Bench, shown: str) -> None:
    """As Magento with its comments."""
    send = bench.target.send

    async def names_no_id() -> str:
        await send()
        bench.target.made = [shown] if shown else []
        return ""

    bench.target.send = names_no_id  # type: ignore[method-assign]
    assert await bench.perform() == Made("", found=False)
    assert await bench.perform() == Made(shown, found=True)
    assert bench.target.sent == 1


EARLY = DependencyMissing("too early", waits_for=MissingLink(Ref("web", "invoice", "7"), "pos"))


@pytest.mark.parametrize("error", [Transient("500"), Unavailable("down"), AuthFailed("401"), Rejected("no"), EARLY])
async def test_a_refusal_before_the_effect_leaves_the_row_open_for_the_next_try(
    bench: Bench, error: TillstreamError
) -> None:
    bench.target.answer, bench.target.acts = error, False
    with pytest.raises(type(error)):
        await bench.perform()
    assert bench.state is EffectState.OPEN
    bench.target.answer, bench.target.acts = None, True
    assert await bench.perform() == Made("1", found=False)


async def test_an_answer_that_never_came_is_found_and_not_sent_again(bench: Bench) -> None:
    bench.target.answer = OutcomeUnknown("silence")
    with pytest.raises(OutcomeUnknown) as unknown:
        await bench.perform()
    assert unknown.value.retry_at == soon(bench)
    bench.target.answer = None
    assert await bench.perform("b") == Made("1", found=True)
    assert bench.target.sent == 1


async def test_a_negative_look_counts_only_after_the_target_has_settled(bench: Bench) -> None:
    """The effect lands seconds after the client's time-out: sending before would make two."""
    bench.target.answer, bench.target.shows = OutcomeUnknown("silence"), False
    with pytest.raises(OutcomeUnknown):
        await bench.perform()
    bench.clock.move(SETTLED - 1)
    with pytest.raises(OutcomeUnknown, match="looked up until") as unknown:
        await bench.perform()
    assert unknown.value.retry_at == soon(bench)
    assert bench.target.sent == 1
    bench.target.shows = True
    assert await bench.perform() == Made("1", found=True)


async def test_an_effect_that_never_landed_is_sent_again_after_it_has_settled(bench: Bench) -> None:
    bench.target.answer, bench.target.acts = OutcomeUnknown("silence"), False
    with pytest.raises(OutcomeUnknown):
        await bench.perform()
    bench.clock.move(SETTLED)
    bench.target.answer, bench.target.acts = None, True
    assert await bench.perform() == Made("1", found=False)


async def test_a_worker_that_was_taken_over_does_not_send(bench: Bench) -> None:
    original = bench.target.find

    async def slow_find() -> str | None:
        bench.target.find = original  # type: ignore[method-assign]
        await bench.perform("b")
        return None

    bench.target.find = slow_find  # type: ignore[method-assign]
    assert await bench.perform("a") == Made("1", found=True)
    assert bench.target.sent == 1


async def test_a_worker_that_is_taken_over_after_it_read_the_row_does_not_send(bench: Bench) -> None:
    bench.target.answer, bench.target.acts = Transient("429"), False
    with pytest.raises(Transient):
        await bench.perform("a")
    bench.target.answer, bench.target.acts = None, True
    get = bench.store.ledger.get

    async def slow_get(key: EffectKey) -> LedgerRow | None:
        bench.store.ledger.get = get  # type: ignore[method-assign]
        row = await get(key)
        bench.target.shows = False
        await bench.perform("b")
        return row

    bench.store.ledger.get = slow_get  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown, match="another worker") as unknown:
        await bench.perform("a")
    assert unknown.value.retry_at == soon(bench)
    assert bench.target.made == ["1"]


async def test_a_look_from_before_the_target_has_settled_is_made_again(bench: Bench) -> None:
    """Found missing just before that moment and sent just after it, it would be made twice."""
    bench.target.answer, bench.target.shows = OutcomeUnknown("silence"), False
    with pytest.raises(OutcomeUnknown):
        await bench.perform()
    bench.target.answer = None
    find, looks = bench.target.find, 0

    async def lands_after_the_look() -> str | None:
        nonlocal looks
        looks += 1
        if looks > 1:
            return await find()
        bench.clock.move(SETTLED)
        bench.target.shows = True
        return None

    bench.target.find = lands_after_the_look  # type: ignore[method-assign]
    assert await bench.perform() == Made("1", found=True)
    assert bench.target.sent == 1


async def test_a_worker_that_was_frozen_before_sending_does_not_send(bench: Bench) -> None:
    begin = bench.store.ledger.begin

    async def frozen(*args: object, **kwargs: object) -> LedgerRow:
        row = await begin(*args, **kwargs)  # type: ignore[arg-type]
        bench.clock.move(2)
        return row

    bench.store.ledger.begin = frozen  # type: ignore[method-assign]
    with pytest.raises(Transient, match="had stopped"):
        await bench.perform()
    assert bench.target.sent == 0
    assert bench.state is EffectState.OPEN


async def test_a_refusal_after_a_take_over_is_read_again_and_is_no_fault(bench: Bench) -> None:
    send = bench.target.send

    async def overtaken() -> str:
        bench.clock.move(SETTLED)
        bench.target.send = send  # type: ignore[method-assign]
        await bench.perform("b")
        raise Transient("429")

    bench.target.send = overtaken  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown, match="another worker"):
        await bench.perform("a")
    assert bench.target.made == ["1"]


async def crash_in(bench: Bench, owner: object, method: str) -> None:
    async def crash(*_args: object) -> None:
        raise asyncio.CancelledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, method, crash)
        with pytest.raises(asyncio.CancelledError):
            await bench.perform()


async def test_after_a_crash_before_done_it_is_found_and_confirmed(bench: Bench) -> None:
    await crash_in(bench, bench.store.ledger, "finish")
    assert bench.announced == []
    assert await bench.perform() == Made("1", found=True)
    assert bench.announced == ["1"]
    assert bench.target.sent == 1


async def test_after_a_crash_between_done_and_its_confirmation_it_is_confirmed(bench: Bench) -> None:
    await crash_in(bench, bench, "_announce")
    assert bench.state is EffectState.DONE
    for _ in range(2):  # and once only
        assert await bench.perform() == Made("1", found=True)
        assert bench.announced == ["1"]


async def test_a_confirmation_waits_until_the_target_shows_what_it_tells(bench: Bench) -> None:
    await crash_in(bench, bench, "_announce")
    bench.target.shows = False
    told = r"done as 1, and is confirmed as soon as pos shows it\. If it was deleted or renumbered there, discard this "
    with pytest.raises(Transient, match=told + r"event: then its number is told to nobody\.$"):
        await bench.perform()
    bench.target.shows = True
    await bench.perform()
    assert bench.announced == ["1"]


async def test_what_the_ledger_refuses_because_another_was_made_is_not_confirmed(bench: Bench) -> None:
    send = bench.target.send

    async def overtaken() -> str:
        made = await send()
        await bench.store.ledger.finish(EffectDone(KEY, 1, "9"))
        return made

    bench.target.send = overtaken  # type: ignore[method-assign]
    with pytest.raises(Rejected) as told:
        await bench.perform()
    assert told.value.code == "doubled_effect"
    assert bench.announced == []


async def never_answer(bench: Bench, times: int) -> None:
    bench.target.answer, bench.target.acts = OutcomeUnknown("silence"), False
    for _ in range(times):
        with pytest.raises(OutcomeUnknown):
            await bench.perform()
        bench.clock.move(SETTLED)


async def test_what_never_answers_and_is_never_seen_ends_with_a_person(bench: Bench) -> None:
    await never_answer(bench, SENDS)
    for _ in range(2):  # nor does it go on by itself later
        with pytest.raises(
            Rejected,
            match=rf"sent {SENDS} times, got no answer, and pos never showed it: .* order W-42\. .* then replay: "
            r"that looks again, and sends it once more only if it is not there\.$",
        ) as told:
            await bench.perform()
    assert told.value.code == "never_seen"
    assert bench.target.sent == SENDS


async def test_what_a_person_made_by_hand_meanwhile_is_taken_at_the_replay(bench: Bench) -> None:
    await never_answer(bench, SENDS)
    bench.target.made = ["7"]
    assert await bench.perform(replays=1) == Made("7", found=True)
    assert bench.target.sent == SENDS


async def test_each_replay_sends_once_more_at_most(bench: Bench) -> None:
    await never_answer(bench, SENDS)
    for replays in (1, 2):
        with pytest.raises(OutcomeUnknown):
            await bench.perform(replays=replays)
        bench.clock.move(SETTLED)
        with pytest.raises(Rejected, match=f"sent {SENDS + replays} times"):
            await bench.perform(replays=replays)
    assert bench.target.sent == SENDS + 2


class Blind(Bench):
    """A target that cannot be asked for what it made."""

    def step(self) -> Step:
        return replace(super().step(), operation=replace(CREATE_ORDER, lookup=None), find=None)


async def test_what_cannot_be_looked_up_is_sent_once_and_then_a_person_looks() -> None:
    bench = Blind()
    bench.target.answer = OutcomeUnknown("silence")
    with pytest.raises(OutcomeUnknown, match="silence"):
        await bench.perform()
    with pytest.raises(OutcomeUnknown, match="pos cannot be asked for it"):
        await bench.perform()
    bench.clock.move(SETTLED)
    for replays in range(3):
        with pytest.raises(Rejected, match=r"look in pos for order W-42\. If .* a replay sends nothing\.$") as told:
            await bench.perform(replays=replays)
        assert told.value.code == "cannot_be_looked_up"
    assert bench.target.made == ["1"]


async def test_what_cannot_be_looked_up_is_sent_again_after_a_refusal_and_never_after_it_is_done() -> None:
    bench = Blind()
    bench.target.answer, bench.target.acts = Transient("429"), False
    with pytest.raises(Transient):
        await bench.perform()
    bench.target.answer, bench.target.acts = None, True
    assert await bench.perform() == Made("1", found=False)
    assert await bench.perform() == Made("1", found=True)
    assert bench.target.made == ["1"]


async def test_a_refusal_is_no_send_that_was_never_seen(bench: Bench) -> None:
    await never_answer(bench, SENDS - 1)
    bench.target.answer = Transient("429")
    for _ in range(4):
        with pytest.raises(Transient):
            await bench.perform()
    bench.target.answer, bench.target.acts = None, True
    assert await bench.perform() == Made("1", found=False)


@given(st.lists(st.sampled_from(["ok", "unknown-acted", "unknown-lost", "refused", "down"]), max_size=8))
def test_no_sequence_of_failures_makes_two(fates: list[str]) -> None:
    async def run() -> None:
        bench = Bench()
        replays = 0
        for number, fate in enumerate([*fates, "ok", "ok"]):
            bench.target.acts = fate in ("ok", "unknown-acted")
            bench.target.answer = {
                "refused": Transient("429"),
                "down": Unavailable("down"),
                "unknown-acted": OutcomeUnknown("silence"),
                "unknown-lost": OutcomeUnknown("silence"),
            }.get(fate)
            try:
                await bench.perform(f"worker-{number % 2}", replays=replays)
            except TillstreamError as error:
                replays += isinstance(error, Rejected)  # a person lets it try once more
                bench.clock.move(SETTLED)
        assert bench.target.made == ["1"]
        assert bench.state is EffectState.DONE

    asyncio.run(run())


@given(state=st.sampled_from(EffectState), epoch=st.integers(1, 9), settled=st.booleans(), sends=st.integers(0, 9))
def test_the_next_action_follows_from_the_row_alone(state: EffectState, epoch: int, settled: bool, sends: int) -> None:
    row = LedgerRow(KEY, state, "a", epoch, "h", START, settled, sends, "1")
    action = next_action(row, sends_allowed=SENDS)
    if state is EffectState.DONE:
        assert action == AlreadyDone("1", announced=True)
    else:
        unseen = sends if row.may_begin and sends >= SENDS else 0
        assert action == LookUp(after_epoch=epoch, settles_at=None if row.may_begin else START, unseen=unseen)


@pytest.mark.parametrize(
    ("one", "other", "same"), [("1", "1", True), ("1", "2", False), ("", "2", True), ("1", "", True), ("", "", True)]
)
def test_an_id_that_the_target_did_not_name_can_be_any(one: str, other: str, same: bool) -> None:
    assert same_target(one, other) is same


def test_an_effect_never_begun_is_looked_up_first() -> None:
    assert next_action(None, sends_allowed=SENDS) == LookUp(after_epoch=0)
