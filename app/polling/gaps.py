"""Feeds that have fallen behind, and what to do about each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.polling.cursor import cursor_time
from app.store.leases import FeedStanding


@dataclass(frozen=True, slots=True)
class Watched:
    """A feed that shall be read.

    Attributes:
        feed: its name.
        every_seconds: how often it is read.
    """

    feed: str
    every_seconds: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A feed that is too far behind.

    Attributes:
        feed: its name.
        problem: how far, since when, and who reads it.
        mend: what a person does.
    """

    feed: str
    problem: str
    mend: str


def behind(standing: FeedStanding, now: datetime) -> float | None:
    """Seconds since the last read to the end began, or since the row that the cursor has come to; None if never read.

    A quiet list has no newer row, so that the cursor alone would look late; while a feed catches up, only the cursor
    moves.
    """
    known = [standing.read_at, None if standing.cursor is None else cursor_time(standing.cursor)]
    times = [at for at in known if at is not None]
    return max(0.0, (now - max(times)).total_seconds()) if times else None


def gaps(
    feeds: Iterable[Watched], standings: Mapping[str, FeedStanding], now: datetime, alarm_seconds: float
) -> list[Gap]:
    """The feeds that are further behind than they may be.

    Args:
        feeds: that shall be read. One that was never read is none of these: a poller says so when it begins.
        standings: of the feeds that were, by name.
        now: the time.
        alarm_seconds: how far behind a feed may be on top of the time between two reads.
    """
    found = []
    for watched in feeds:
        standing = standings.get(watched.feed)
        seconds = None if standing is None else behind(standing, now)
        if standing is not None and seconds is not None and seconds > watched.every_seconds + alarm_seconds:
            found.append(_gap(standing, seconds, now))
    return found


def _gap(standing: FeedStanding, seconds: float, now: datetime) -> Gap:
    last = "was never read to its end"
    if standing.read_at is not None:
        last = f"was last read to its end at {standing.read_at:%Y-%m-%d %H:%M:%S} UTC"
    problem = f"is {timedelta(seconds=round(seconds))} behind: it {last}"
    if standing.until > now:
        return Gap(
            standing.feed,
            f"{problem}; {standing.owner} reads it and catches up",
            "wait for it; its log tells when it will be done (feed_catches_up). If it gets later still, the system "
            "answers too slowly: raise polling.page_size, or ask for a higher limit there",
        )
    return Gap(
        standing.feed,
        f"{problem}; no poller reads it since {standing.until:%Y-%m-%d %H:%M:%S} UTC, the last was {standing.owner}",
        "start `tillstream poll`; where it runs, its log says why this feed cannot be read. Nothing is lost: it goes "
        "on from its cursor",
    )
