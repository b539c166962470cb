"""Setting a feed back, so that it is read again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.polling.cursor import TRIES, cursor_time, set_back, written_cursor
from streams.ports import Fenced
from tests.app.polling.polling_fakes import START, FakeClock
from tests.twins.feeds import MemoryCursors, MemoryLeases

EARLIER = START - timedelta(days=2)


class Overtaken(MemoryCursors):
    """A poller moves the cursor on before each of the first calls."""

    times = 0

    async def set(self, feed: str, value: str, *, previous: str | None, token: int | None = None) -> None:
        if self.times:
            self.times -= 1
            self.values[feed] = written_cursor(cursor_time(self.values[feed]) + timedelta(seconds=1))
        await super().set(feed, value, previous=previous, token=token)


def standing(at: datetime | None, kind: type[MemoryCursors] = MemoryCursors) -> MemoryCursors:
    cursors = kind(MemoryLeases(FakeClock()))
    if at is not None:
        cursors.values["web.order"] = written_cursor(at)
    return cursors


def overtaken(times: int) -> Overtaken:
    cursors = standing(START, Overtaken)
    assert isinstance(cursors, Overtaken)
    cursors.times = times
    return cursors


@pytest.mark.parametrize("stored", [None, START])
async def test_a_feed_is_read_again_from_then_on(stored: datetime | None) -> None:
    cursors = standing(stored)
    await set_back(cursors, "web.order", EARLIER)
    assert cursor_time(cursors.values["web.order"]) == EARLIER


async def test_a_feed_that_has_not_come_so_far_is_not_moved_on() -> None:
    cursors = standing(EARLIER)
    await set_back(cursors, "web.order", START)
    assert cursor_time(cursors.values["web.order"]) == EARLIER


async def test_a_poller_at_work_does_not_prevent_it() -> None:
    cursors = overtaken(TRIES - 1)
    await set_back(cursors, "web.order", EARLIER)
    assert cursor_time(cursors.values["web.order"]) == EARLIER


async def test_it_is_told_if_it_could_not_be_done() -> None:
    with pytest.raises(Fenced):
        await set_back(overtaken(TRIES), "web.order", EARLIER)
