"""PostgreSQL itself: its version, its clock, and whether it has room for every role's connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.doctor.clocks import skew_finding
from app.doctor.finding import Finding, note, ok, wrong
from app.settings import Settings
from app.store.engine import Database
from streams.ports import Clock

OLDEST = 14
"""Major version; older ones are no longer kept up by PostgreSQL's own project."""

_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('server_encoding') AS encoding,
    current_setting('max_connections')::int AS most,
    current_setting('superuser_reserved_connections')::int AS reserved,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
    (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tillstream-%') AS ours,
    clock_timestamp() AS now, current_setting('TimeZone') AS zone
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What PostgreSQL says of itself.

    Attributes:
        version: major.
        most: connections that it takes at a time.
        reserved: of those, for superusers alone.
        used: all that are open.
        ours: of those, Tillstream's.
        now: its clock.
        zone: time zone of what it shows to people.
    """

    version: int
    encoding: str
    most: int
    reserved: int
    used: int
    ours: int
    now: datetime
    zone: str

    @property
    def room(self) -> int:
        """Connections that all roles together can have."""
        return self.most - self.reserved - (self.used - self.ours)


async def database(settings: Settings, found: Database, clock: Clock) -> list[Finding]:
    """Ask it. Raises like `Database.connection`."""
    (row,) = await found.fetch(_FACTS)
    facts = Facts(**dict(row))
    return [*fact_findings(facts, connections_of(settings)), skew_finding("store", facts.now, clock.now())]


def connections_of(settings: Settings) -> int:
    """Most that one worker of each role opens: poller, normalise, inventory, a deliver for each target, and the door's
    one."""
    return settings.store.connections * (3 + len(settings.connections)) + 1


def fact_findings(facts: Facts, needed: int) -> Iterator[Finding]:
    """What is wrong with it."""
    if facts.version < OLDEST:
        yield note("store", f"PostgreSQL {facts.version} is not tried with Tillstream", f"PostgreSQL {OLDEST} or newer")
    if facts.encoding != "UTF8":
        yield wrong(
            "store",
            f"the database's encoding is {facts.encoding}",
            "dump it, then: createdb --encoding=UTF8 --template=template0 NAME, and restore into that",
            "a name in another script could not be kept",
        )
    if facts.zone.upper() not in {"UTC", "ETC/UTC", "GMT"}:
        yield note(
            "store",
            f"it shows times in {facts.zone}; Tillstream keeps and tells them in UTC",
            "ALTER DATABASE … SET timezone = 'UTC', so that what you read in psql and in the logs agrees",
        )
    if facts.room < needed:
        yield wrong(
            "store",
            f"it has room for {facts.room} connections; one worker of each role may open {needed}",
            f"raise max_connections (now {facts.most}), or store.connections down",
            "a role that gets none does not start, and under load its work waits",
        )
    elif facts.room < 2 * needed:
        yield note(
            "store",
            f"it has room for {facts.room} connections: a second worker of each role, as in an upgrade, would need "
            f"{2 * needed}",
            f"raise max_connections (now {facts.most}), or store.connections down",
        )
    else:
        yield ok("store", f"PostgreSQL {facts.version} has room for {facts.room} connections; {needed} are needed")
