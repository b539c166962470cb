"""Taking the balance while everything moves: what is on its way is never missing, what is lost always is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from app.balance.kafka import Labelled, Log, Span, Unread
from app.balance.sets import Equation
from app.balance.take import LOOKS, Balance, Reader, Way, take_balance, way_of
from app.store.receipts import HeldReceipt, Receipts
from streams.ports import HoldReason, Outcome

WAY = Way(
    ("door",),
    (Reader("normalize", ("door",)), Reader("inventory", ("hints",)), Reader("deliver.web", ("stock",), target="web")),
)
GROUPS = [reader.group for reader in WAY.readers]
PLACES = [*((kind, group) for group in GROUPS for kind in ("kafka", "held")), ("ended", "")]
"""In the order in which an event comes by."""
LOST = -1
IDS = ("r1", "r2", "r3", "r3.s0")


class World:
    """Where each id is; before each look, `move` may take some of them along their way."""

    def __init__(self, places: dict[str, int], move: Callable[[dict[str, int]], None]) -> None:
        self._places = places
        self._move = move

    def at(self, kind: str, group: str = "") -> list[str]:
        self._move(self._places)
        wanted = PLACES.index((kind, group))
        return [one for one, place in self._places.items() if place == wanted]


class WorldsLog(Log):
    """Kafka's side of a `World`: of a group's unread records, the ids of the moment at which it was asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._before: dict[str, list[str]] = {}

    async def written(self, topics: Sequence[str], since: datetime | None = None) -> list[Span]:
        self._before["door"] = [one for one in IDS if "." not in one]
        return [Span("door", 0, 0, 1)]

    async def unread(self, group: str, topics: Sequence[str]) -> list[Unread]:
        self._before[group] = self._world.at("kafka", group)
        return [Unread(group, Span(group, 0, 0, 1))]

    async def ids(self, spans: Sequence[Span]) -> AsyncIterator[list[Labelled]]:
        for span in spans:
            yield [Labelled(one, "web") for one in self._before[span.topic]]


class WorldsReceipts(Receipts):
    """The store's side."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def ended(self, after: str = "") -> AsyncIterator[list[tuple[str, Outcome]]]:
        yield [(one, Outcome.DELIVERED) for one in self._world.at("ended") if one > after]

    async def children(self, after: str = "", since: datetime | None = None) -> AsyncIterator[list[str]]:
        yield [one for one in IDS if "." in one]

    async def holding_groups(self) -> list[str]:
        return GROUPS

    async def held(self, group: str) -> list[HeldReceipt]:
        return [HeldReceipt(one, "", HoldReason.TIME, behind_person=False) for one in self._world.at("held", group)]


def taken(world: World, pauses: list[float] | None = None) -> Balance:
    async def sleep(seconds: float) -> None:
        (pauses if pauses is not None else []).append(seconds)

    return asyncio.run(take_balance(WorldsLog(world), WorldsReceipts(world), WAY, sleep))


@settings(deadline=None)
@given(st.data())
def test_what_moves_while_it_is_looked_for_is_found_at_the_first_look(data: st.DataObject) -> None:
    def move(places: dict[str, int]) -> None:
        for one, place in places.items():
            places[one] = data.draw(st.integers(place, len(PLACES) - 1))

    pauses: list[float] = []
    starts = {one: data.draw(st.integers(0, len(PLACES) - 1)) for one in IDS}
    balance = taken(World(starts, move), pauses)
    assert balance.holds
    assert (balance.equations.receipts.accepted, balance.equations.children.accepted) == (3, 1)
    assert pauses == []


@given(st.sets(st.sampled_from(IDS), min_size=1))
def test_what_is_nowhere_is_missing_whatever_else_moves(lost: set[str]) -> None:
    def move(places: dict[str, int]) -> None:
        for one in set(places) - lost:
            places[one] = min(places[one] + 1, len(PLACES) - 1)

    pauses: list[float] = []
    equations = taken(World({one: LOST if one in lost else 0 for one in IDS}, move), pauses).equations
    assert {*equations.receipts.missing, *equations.children.missing} == lost
    assert len(pauses) == LOOKS


def test_a_suspect_that_turns_up_at_a_later_look_is_cleared() -> None:
    """A record that Kafka gives again, or a held event that is put back."""
    looks = 0

    def move(places: dict[str, int]) -> None:
        nonlocal looks
        looks += 1
        if looks > len(PLACES):
            places["r1"] = 1

    balance = taken(World({"r1": LOST, "r2": 6, "r3": 6, "r3.s0": 6}, move))
    assert balance.equations.receipts == Equation(3, ended={Outcome.DELIVERED: 2}, parked=1)


def test_the_way_leads_from_the_door_through_every_groups_topics() -> None:
    way = way_of({"web": "magento", "pos": "heartland"})
    assert way.door == way.readers[0].topics
    assert [(reader.group.removeprefix("tillstream."), reader.target) for reader in way.readers] == [
        ("normalize", ""),
        ("inventory", ""),
        ("deliver.web", "web"),
        ("deliver.pos", "pos"),
    ]


def test_a_target_takes_what_is_for_it_or_for_whoever_reads_it() -> None:
    web = Reader("deliver.web", target="web")
    assert [web.takes(target) for target in ("web", "", "pos")] == [True, True, False]
    assert Reader("normalize").takes("pos")
