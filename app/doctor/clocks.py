"""Clocks: OAuth signatures, webhooks and polling all carry the time."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from app.connections import Connection
from app.doctor.finding import Finding, note, ok, wrong

SKEW_SECONDS = 30.0
"""OAuth signatures and webhooks carry the time; the default tolerance of a webhook is ten times as much."""
WHY = "signatures are refused when clocks part, and a poll that begins too late misses what changed before"


def skew_finding(of: str, theirs: datetime, ours: datetime) -> Finding:
    """How far a clock is from ours."""
    skew = (theirs - ours).total_seconds()
    part = f"clock of {of}"
    if abs(skew) > SKEW_SECONDS:
        ahead = "ahead of" if skew > 0 else "behind"
        return wrong(part, f"{abs(skew):.0f} s {ahead} this machine", "set both clocks by NTP", WHY)
    return ok(part, f"{abs(skew):.0f} s from this machine")


async def clock_of(name: str, connection: Connection) -> list[Finding]:
    """How far the system's clock is from ours, by the Date of an answer; nothing if it does not answer."""
    timeout = aiohttp.ClientTimeout(total=connection.http.timeout_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(connection.base_url, allow_redirects=False) as answer,
        ):
            theirs, ours = answer.headers.get("Date", ""), datetime.now(UTC)
    except (aiohttp.ClientError, TimeoutError):
        return []  # that it does not answer is told by the connection's own check
    try:
        return [skew_finding(name, parsedate_to_datetime(theirs), ours)]
    except (ValueError, TypeError):
        return [note(f"clock of {name}", "it sends no date, so its clock cannot be compared")]
