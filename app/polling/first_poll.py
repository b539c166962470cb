"""The guard of a first poll: a shop's whole past never comes in because a date was set too early."""

from __future__ import annotations

from datetime import datetime

from app.polling.feed import Page
from streams.errors import TillstreamError

MOST_ROWS = 1_000
"""Rows of a first poll that need no person: more than any shop sells while its poller is set up."""


class FirstPollHeld(TillstreamError):
    """A first poll would publish more than it may: nothing is published, and the feed waits for a person."""


def check_first_poll(feed: str, since: datetime, page: Page, most: int) -> None:
    """Let the first page of a first poll pass, or not.

    Args:
        feed: name of the feed.
        since: where it begins.
        page: the first one, with the number of all rows.
        most: rows that may come.

    Raises:
        FirstPollHeld: the source says that there are more.
    """
    rows = len(page.rows) if page.total is None else page.total
    if rows <= most:
        return
    raise FirstPollHeld(
        f"the first poll of {feed} would take in {rows} rows that changed since {since:%Y-%m-%d %H:%M} UTC, more than "
        f"{most} (polling.first_poll_rows): nothing of it is published, and nothing newer either until a person "
        "decides. To begin now: take polling.since out of the settings and start the poller again; what is older then "
        "comes by `tillstream launch FLOW --since` and `tillstream backfill FLOW --since`, which print what they will "
        "do. To take all of it in as if it happened now: raise polling.first_poll_rows.",
        code="first_poll",
    )
