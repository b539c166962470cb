from __future__ import annotations

import asyncio
import time

import pytest

from app.deadlines import Deadlines

SECONDS = 0.1


def wait() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_a_wait_that_nothing_ends_is_ended_in_time() -> None:
    deadlines, future = Deadlines(SECONDS), wait()
    began = time.monotonic()
    deadlines.watch(future)
    with pytest.raises(TimeoutError):
        await future
    assert SECONDS * 0.9 < time.monotonic() - began < SECONDS * 5


async def test_each_wait_has_its_own_time_though_they_share_a_timer() -> None:
    deadlines, first, second = Deadlines(SECONDS), wait(), wait()
    deadlines.watch(first)
    await asyncio.sleep(SECONDS / 2)
    deadlines.watch(second)
    with pytest.raises(TimeoutError):
        await first
    assert not second.done()
    with pytest.raises(TimeoutError):
        await second


async def test_a_wait_that_ended_is_left_alone_and_forgotten() -> None:
    deadlines, answered, cancelled = Deadlines(SECONDS), wait(), wait()
    deadlines.watch(answered)
    deadlines.watch(cancelled)
    answered.set_result(None)
    cancelled.cancel()
    deadlines.watch(late := wait())
    assert len(deadlines._waits) == 1
    late.set_result(None)
    await asyncio.sleep(SECONDS * 2)
    assert answered.result() is None
    assert not deadlines._waits
    assert deadlines._timer is None
