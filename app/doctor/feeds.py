"""The feeds: whether each is read, and how far it is behind."""

from __future__ import annotations

from app.doctor.finding import Finding, note, ok, wrong
from app.polling.composed import feeds_of, watched
from app.polling.gaps import Watched, gaps
from app.polling.sources import sources_of
from app.settings import Settings
from app.store import Store
from app.store.leases import FeedStanding
from app.systems import Systems
from streams.engine.errors import DocumentError
from streams.errors import TillstreamError
from streams.metrics import Metrics
from streams.ports import Clock


async def feeds(settings: Settings, clock: Clock) -> list[Finding]:
    """Which feeds have fallen behind. Silent where the store or the documents have a finding of their own."""
    systems = Systems(settings, clock, Metrics())
    store = Store.open(settings.store.whole_url, role="doctor", clock=clock, connections=1)
    try:
        expected = watched(settings.polling, feeds_of(settings.polling, systems, sources_of(settings)))
        standings = {standing.feed: standing for standing in await store.leases.standings()}
    except (TillstreamError, DocumentError):
        return []
    finally:
        await systems.close()
        await store.close()
    return _findings(expected, standings, settings, clock)


def _findings(
    expected: list[Watched], standings: dict[str, FeedStanding], settings: Settings, clock: Clock
) -> list[Finding]:
    late = gaps(expected, standings, clock.now(), settings.polling.alarm_seconds)
    never = [watched.feed for watched in expected if watched.feed not in standings]
    found = [wrong(f"feed {gap.feed}", gap.problem, gap.mend) for gap in late]
    if never:
        found.append(note("feeds", f"never read so far: {', '.join(never)}", "start `tillstream poll`"))
    if expected and not found:
        found.append(ok("feeds", f"{len(expected)} are read, none is behind"))
    return found
