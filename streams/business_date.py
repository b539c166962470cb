"""The day on which a shop books something: that of the location's own clock, not of UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def business_date(at: datetime, zone: ZoneInfo) -> date:
    """The day in that zone. Raises ValueError if ``at`` has no zone of its own."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone, so it may be any day")
    return at.astimezone(zone).date()


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a business day begins, and the next one does, in UTC: 23 to 25 hours."""
    first = datetime.combine(day, time(), zone)
    following = datetime.combine(day + timedelta(days=1), time(), zone)
    return first.astimezone(UTC), following.astimezone(UTC)
