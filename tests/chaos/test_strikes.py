"""How strikes overlap, on a world that takes every blow."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, field
from typing import cast

import pytest

from tests.chaos import strikes
from tests.chaos.plan import BROKER, Blow, Strike
from tests.chaos.recovery import Mark, Recovery
from tests.chaos.state import Struck
from tests.chaos.strikes import OVERLAP, Striker
from tests.chaos.world import NotReady, World

ROLES = ("ingress", "poll", "normalize", "inventory", "deliver-pos", "deliver-web")


@dataclass
class Calm:
    """A world in which every place has one process; stands in for processes and broker, too."""

    frozen: set[str] = field(default_factory=set)
    together: list[frozenset[str]] = field(default_factory=list)
    ready: bool = True

    @property
    def processes(self) -> Calm:
        return self

    @property
    def broker(self) -> OneBroker:
        return OneBroker(self)

    def processes_of(self, place: str) -> list[str]:
        return [place]

    def signal(self, name: str, number: signal.Signals) -> None:
        if number is signal.SIGSTOP:
            assert name not in self.frozen, f"{name} is struck twice at once"
            self.frozen.add(name)
            self.together.append(frozenset(self.frozen))
        else:
            self.frozen.discard(name)

    async def until_ready(self, names: list[str]) -> None:
        await asyncio.sleep(0)
        if not self.ready:
            raise NotReady(str(names))

    async def until_all_ready(self) -> None:
        await self.until_ready([BROKER])


@dataclass
class OneBroker:
    calm: Calm

    def signal(self, number: signal.Signals) -> None:
        self.calm.signal(BROKER, number)


class Unhurt:
    """Nothing was delayed."""

    def mark(self, place: str) -> Mark:
        return Mark({}, {})

    def gone(self, mark: Mark) -> bool:
        return True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strikes, "BEYOND_SESSION", 0.05)
    monkeypatch.setattr(strikes, "FROZEN_SERVER", 0.05)


def striker(calm: Calm, told: list[Struck]) -> Striker:
    async def order_unknown() -> None:
        raise AssertionError("no point is armed here")

    return Striker(
        cast(World, calm), cast(Recovery, Unhurt()), order_unknown, lambda _strike, struck: told.append(struck)
    )


def freezes(*places: str) -> list[Strike]:
    return [Strike(number, Blow.FREEZE, place) for number, place in enumerate(places, start=1)]


async def test_strikes_at_different_places_overlap_but_not_too_many() -> None:
    calm, told = Calm(), list[Struck]()
    striking = striker(calm, told)
    await striking.run(freezes(*ROLES))
    await striking.recovered()
    assert max(map(len, calm.together)) == OVERLAP
    assert sorted(struck.number for struck in told) == [1, 2, 3, 4, 5, 6]
    assert all(struck.hit and struck.seconds is not None for struck in told)


async def test_one_place_is_struck_by_one_strike_at_a_time_and_the_broker_alone() -> None:
    calm, told = Calm(), list[Struck]()
    await striker(calm, told).run(freezes("ingress", "ingress", "poll", BROKER, "poll", "ingress"))
    assert len(calm.together) == 6
    assert all(together == {BROKER} for together in calm.together if BROKER in together)


async def test_a_place_that_does_not_become_ready_again_is_not_recovered_from() -> None:
    calm, told = Calm(ready=False), list[Struck]()
    striking = striker(calm, told)
    await striking.run(freezes("poll"))
    await striking.recovered()
    assert [(struck.hit, struck.seconds) for struck in told] == [(True, None)]


async def test_what_is_broken_off_leaves_nobody_frozen_and_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strikes, "BEYOND_SESSION", 60.0)
    calm, told = Calm(), list[Struck]()
    striking = striker(calm, told)
    running = asyncio.create_task(striking.run(freezes("poll", "ingress")))
    while len(calm.frozen) < 2:  # noqa: ASYNC110 - both are frozen by tasks of their own
        await asyncio.sleep(0.01)
    running.cancel()
    await striking.stop()
    assert (calm.frozen, told) == (set(), [])


async def test_what_a_strike_raises_ends_the_run() -> None:
    calm, told = Calm(), list[Struck]()

    def broken(name: str, number: signal.Signals) -> None:
        raise RuntimeError("no such process")

    calm.signal = broken  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="no such process"):
        await striker(calm, told).run(freezes("poll"))
