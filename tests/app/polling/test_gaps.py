"""A feed that falls behind raises an alarm that says what to do, and only then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.polling.cursor import written_cursor
from app.polling.gap_watch import GapWatch
from app.polling.gaps import Watched, behind, gaps
from app.store.leases import FeedStanding, Lease
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import START, FakeClock
from tests.twins.feeds import MemoryLeases

FEED = Watched("web.order", 60)


def ago(seconds: float) -> datetime:
    return START - timedelta(seconds=seconds)


def standing(read: float | None, cursor: float | None, *, held: bool = False) -> FeedStanding:
    until = START + timedelta(seconds=30 if held else -30)
    at = None if cursor is None else written_cursor(ago(cursor))
    return FeedStanding("web.order", "poll@a-1", until, None if read is None else ago(read), at)


@pytest.mark.parametrize(
    ("read", "cursor", "seconds"),
    [(10, 10, 10), (10, 9_000, 10), (9_000, 20, 20), (None, 50, 50), (50, None, 50), (None, None, None), (-5, 3, 0)],
)
def test_a_feed_is_as_far_behind_as_the_later_of_its_last_read_and_its_cursor(
    read: float | None, cursor: float | None, seconds: float | None
) -> None:
    assert behind(standing(read, cursor), START) == seconds


@given(read=st.floats(0, 1e6), cursor=st.floats(0, 1e6), alarm=st.floats(60, 1e5))
def test_there_is_an_alarm_exactly_if_a_feed_is_late_by_more_than_it_may(
    read: float, cursor: float, alarm: float
) -> None:
    known = standing(read, cursor)
    late = behind(known, START)
    assert late is not None
    assert bool(gaps([FEED], {"web.order": known}, START, alarm)) is (late > alarm + 60)


def test_a_feed_that_nobody_reads_is_told_with_the_role_to_start() -> None:
    (gap,) = gaps([FEED], {"web.order": standing(7_200, 7_300)}, START, 900)
    assert gap.problem == (
        "is 2:00:00 behind: it was last read to its end at 2026-01-01 10:00:00 UTC; no poller reads it since "
        "2026-01-01 11:59:30 UTC, the last was poll@a-1"
    )
    assert gap.mend.startswith("start `tillstream poll`")


def test_a_feed_that_catches_up_is_told_with_who_reads_it() -> None:
    (gap,) = gaps([FEED], {"web.order": standing(None, 7_200, held=True)}, START, 900)
    assert gap.problem == "is 2:00:00 behind: it was never read to its end; poll@a-1 reads it and catches up"
    assert "feed_catches_up" in gap.mend


def test_what_is_read_seldom_is_late_only_after_its_period() -> None:
    late = {"web.order": standing(4_000, None)}
    assert gaps([Watched("web.order", 3_600)], late, START, 900) == []
    assert gaps([FEED], late, START, 900) != []


async def test_an_alarm_is_told_once_and_told_over_and_the_metric_follows() -> None:
    clock, metrics = FakeClock(), Metrics()
    leases = MemoryLeases(clock)
    watch = GapWatch([FEED, Watched("pos.order", 60)], leases, clock, metrics, alarm_seconds=900)
    lease = await leases.take("web.order", "poll@a-1", 60)
    assert lease is not None
    await leases.finish(lease, 60, began=clock.now())
    with structlog.testing.capture_logs() as logs:
        for _ in range(60):
            clock.time += timedelta(seconds=await watch.once())
        late = metrics.registry.get_sample_value("tillstream_feed_late_seconds", {"feed": "web.order"})
        await leases.finish(Lease("web.order", "poll@a-1", 1), 60, began=clock.now())
        await watch.once()
    assert [line["event"] for line in logs] == ["feed_gap", "feed_gap_over"]
    assert logs[0]["log_level"] == "error"
    assert logs[0]["problem"].startswith("web.order is 0:16:30 behind: ")
    read = metrics.registry.get_sample_value
    assert late == 30 * 59 - 60, "of what it is behind, the time between two reads is as it should be"
    assert read("tillstream_feed_behind_seconds", {"feed": "web.order"}) == 0
    assert read("tillstream_feed_behind_seconds", {"feed": "pos.order"}) is None
    await watch.close()
