"""What one system told before a write of ours, and what arrives after it: it takes back nothing that came since."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.envelope import Via
from tests.streams.deliver.customer_world import FIRST, joined, streets, till_has, web_has


@pytest.mark.parametrize(
    ("edit", "echoes", "apart"),
    [(web_has, "pos", 1), (till_has, "web", 0)],
    ids=["by_customer", "in_one_second_by_till"],
)
async def test_a_late_echo_takes_no_address_that_was_removed_and_added_again(
    edit: Callable[..., None], echoes: str, apart: int
) -> None:
    world = await joined()
    world.tell(echoes)
    first = world.waiting.pop()

    def edited(*numbers: int) -> None:
        world.account.second += apart
        edit(world, *numbers)

    edited(1, 2)
    await world.deliver()
    late = world.waiting.pop()
    edited(1)
    await world.deliver()
    echo = world.waiting.pop()
    edited(1, 2)
    news = world.waiting.pop()
    for event in (first, late):
        world.waiting.insert(0, event)
        await world.deliver()
    world.waiting += [news, echo]
    await world.settled()
    assert streets(world.customer("web")) == streets(world.customer("pos")) == {FIRST, "2 Oak St"}


async def test_a_reading_that_comes_twice_takes_no_address_that_was_added_in_the_same_second() -> None:
    world = await joined()
    world.tell("web")
    web_has(world, 1, 2)
    await world.deliver(1)
    web_has(world, 1, 2, 3)
    web_has(world, 1, 2, 3, 4)
    web_has(world, 1, 2, 3, 4, 5)
    till_has(world, 1, 6)
    world.tell("web")
    till_has(world, 1)
    world.waiting.append(world.waiting[1])
    await world.deliver(1)
    await world.deliver(6)
    await world.settled()
    every = {f"{number} Oak St" for number in range(1, 6)}
    assert streets(world.customer("web")) == streets(world.customer("pos")) == every


async def test_what_was_sent_without_an_answer_is_no_news_once_something_else_is_wanted() -> None:
    world = await joined()
    till_has(world, 1, 2)
    await world.deliver(trouble="after")
    sent, echo = world.waiting
    till_has(world, 1)
    gone = world.waiting[-1]
    world.waiting = [echo]
    await world.deliver()
    world.waiting += [sent, gone, echo]
    await world.settled()
    assert streets(world.customer("web")) == streets(world.customer("pos")) == {FIRST}


@pytest.mark.parametrize("again", [False, True], ids=["sent_once", "sent_twice"])
async def test_a_write_that_arrives_late_is_not_the_last(again: bool) -> None:
    """Magento takes a whole list of addresses: a late one would set back all that came since."""
    world = await joined()
    till_has(world, 1, 2)
    await world.deliver(trouble="late")
    if again:
        await world.deliver(after=1)
        assert streets(world.customer("web")) == {FIRST, "2 Oak St"}
        world.waiting.clear()
    till_has(world, 1, 3)
    world.waiting = world.waiting[-1:]
    writes = world.account.writes
    await world.deliver(after=1)
    assert (world.account.writes, len(world.waiting)) == (writes, 1), "it waits"
    world.account.trouble.land()
    world.tell("web")
    await world.settled()
    assert streets(world.customer("web")) == streets(world.customer("pos")) == {FIRST, "3 Oak St"}


async def test_a_write_after_one_that_was_refused_does_not_wait() -> None:
    world = await joined()
    till_has(world, 1, 2)
    await world.deliver(trouble="before")
    till_has(world, 1, 3)
    world.waiting = world.waiting[-1:]
    await world.deliver(after=1)
    assert streets(world.customer("web")) == {FIRST, "3 Oak St"}


async def test_a_reading_from_before_a_write_of_the_same_second_takes_nothing_back() -> None:
    """It is read again once more: it shows how things stood before what is known by now."""
    world = await joined()
    till_has(world, 1, 2)
    web_has(world, 1, 3)
    web_has(world, 1, 3, 4)
    await world.deliver(1)  # as new as what is known, and different: it is read again, and the reading waits
    web_has(world, 1, 3, 4, 5)
    till_has(world, 1, 2, 6)
    await world.settled()  # the till's address goes to the web store first, within the same second
    every = {f"{number} Oak St" for number in range(1, 7)}
    assert streets(world.customer("web")) == streets(world.customer("pos")) == every


async def test_a_telling_of_the_same_second_is_read_again_also_if_something_else_is_written() -> None:
    """Nothing else tells that it was different."""
    world = await joined()
    web_has(world, 1, 3)
    world.profile.edit({"LastName": "Reed"})  # that the till may not: it is taken back
    await world.deliver()
    assert [record.entity for _, record, _ in world.waiting if record.via is Via.READ_AGAIN] == ["customer"]
    await world.settled()
    assert streets(world.customer("web")) == streets(world.customer("pos")) == {FIRST, "3 Oak St"}
