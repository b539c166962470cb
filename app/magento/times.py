"""Times as Magento writes them: no zone, UTC in its lists and the store's own in its prices."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

FORMAT = "%Y-%m-%d %H:%M:%S"


def read_time(text: str, zone: tzinfo = UTC) -> datetime:
    """``2026-01-31 12:00:00`` in that zone. Raises ValueError for anything else."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=zone)


def write_time(moment: datetime, zone: tzinfo = UTC) -> str:
    """A time as Magento's clock on the wall shows it there, in whole seconds."""
    return moment.astimezone(zone).strftime(FORMAT)
