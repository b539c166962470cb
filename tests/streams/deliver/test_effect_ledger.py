"""What the ledger is told of an effect, and when: who sent what, after which epoch, and what it made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.effect import Effects
from streams.deliver.ledger import SENDS
from streams.errors import OutcomeUnknown, Rejected, Transient
from streams.ports import EffectDone, EffectState, Failpoint
from tests.streams.deliver.effect_bench import KEY, LINK, SETTLED, SETTLING, Bench
from tests.twins.failpoints import Reached


class Watched(Bench):
    """A bench that notes what the ledger is told at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.finished: list[EffectDone] = []
        finish = self.store.ledger.finish

        async def noted(done: EffectDone) -> None:
            self.finished.append(done)
            await finish(done)

        self.store.ledger.finish = noted  # type: ignore[method-assign]

    def effects(self, failpoints: Reached) -> Effects:
        return Effects(self.store.ledger, self.clock, owner="a", settling=SETTLING, failpoints=failpoints)


@pytest.fixture
def bench() -> Watched:
    return Watched()


def done(epoch: int) -> EffectDone:
    return EffectDone(KEY, epoch, "1", announced=False, link=LINK)


async def test_the_row_names_the_worker_that_sent_and_what_it_sent(bench: Watched) -> None:
    await bench.perform("worker-7")
    row = bench.store.ledger.rows[KEY]
    assert (row.owner, row.request_hash, row.epoch) == ("worker-7", "h", 1)


async def test_what_was_sent_is_done_in_the_epoch_that_began_it(bench: Watched) -> None:
    bench.target.answer, bench.target.acts = Transient("429"), False
    with pytest.raises(Transient):
        await bench.perform()
    bench.target.answer, bench.target.acts = None, True
    await bench.perform()
    assert bench.finished == [done(epoch=2)]


async def test_what_is_found_is_done_in_the_epoch_of_its_row_and_in_none_without_a_row(bench: Watched) -> None:
    bench.target.answer = OutcomeUnknown("silence")
    with pytest.raises(OutcomeUnknown):
        await bench.perform()
    await bench.perform()
    found_at_once = Watched()
    found_at_once.target.made = ["1"]
    await found_at_once.perform()
    assert (bench.finished, found_at_once.finished) == ([done(epoch=1)], [done(epoch=0)])


async def test_a_silence_keeps_the_word_that_it_is_grouped_by(bench: Watched) -> None:
    bench.target.answer = OutcomeUnknown("silence", code="read_timeout")
    with pytest.raises(OutcomeUnknown, match="silence") as unknown:
        await bench.perform()
    assert unknown.value.code == "read_timeout"


async def test_the_failpoints_lie_between_begin_and_send_and_between_done_and_its_confirmation(bench: Watched) -> None:
    seen: list[tuple[Failpoint, EffectState, int, int]] = []

    def look(point: Failpoint) -> None:
        seen.append((point, bench.state, bench.target.sent, len(bench.announced)))

    await bench.effects(Reached(look)).perform(bench.effect())
    assert seen == [
        (Failpoint.PENDING_WRITTEN, EffectState.PENDING, 0, 0),
        (Failpoint.DONE_WRITTEN, EffectState.DONE, 1, 0),
    ]


async def test_without_a_replay_nothing_is_sent_more_often_than_allowed(bench: Watched) -> None:
    bench.target.answer, bench.target.acts = OutcomeUnknown("silence"), False
    effects = bench.effects(Reached())
    for _ in range(SENDS):
        with pytest.raises(OutcomeUnknown):
            await effects.perform(bench.effect())
        bench.clock.move(SETTLED)
    with pytest.raises(Rejected, match=f"sent {SENDS} times"):
        await effects.perform(bench.effect())
    assert bench.target.sent == SENDS


async def test_every_step_is_given_all_that_was_made_before_it(bench: Watched) -> None:
    given: list[Ids] = []

    def step(name: str) -> Step:
        async def send(before: Ids) -> str:
            given.append(before)
            return f"made-{name}"

        async def find(_before: Ids) -> None:
            return None

        return replace(bench.step(), send=send, find=find, name=name)

    await bench.effects(Reached()).perform(CreateOnce(KEY, steps=(step(""), step("tender"), step("refund"))))
    assert given == [(), ("made-",), ("made-", "made-tender")]


# -- What was made, by the ledger ---------------------------------------------------------------------------------


async def test_what_was_never_sent_or_did_nothing_was_not_made(bench: Watched) -> None:
    assert await bench.effects(Reached()).made(KEY, bench.target.find) is None
    bench.target.answer, bench.target.acts = Transient("429"), False
    with pytest.raises(Transient):
        await bench.perform()
    assert await bench.effects(Reached()).made(KEY, bench.target.find) is None


@pytest.mark.parametrize(("acts", "made"), [(True, "1"), (False, None)])
async def test_what_got_no_answer_is_looked_for_and_counts_as_not_made_once_it_has_settled(
    bench: Watched, acts: bool, made: str | None
) -> None:
    bench.target.answer, bench.target.acts = OutcomeUnknown("cut"), acts
    with pytest.raises(OutcomeUnknown):
        await bench.perform()
    bench.target.shows = False
    with pytest.raises(Transient, match=r"create_order of web:order:42 in pos may have been done"):
        await bench.effects(Reached()).made(KEY, bench.target.find)
    bench.target.shows = True
    bench.clock.move(SETTLED)
    assert await bench.effects(Reached()).made(KEY, bench.target.find) == made


async def test_what_is_done_is_known_although_the_target_does_not_show_it_yet(bench: Watched) -> None:
    await bench.perform()
    bench.target.shows = False
    assert await bench.effects(Reached()).made(KEY, bench.target.find) == "1"
