"""Running a list through a preview, with a bar."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.clock import SystemClock
from app.commands.progress import bar
from app.gift_card_codes import CodeMask
from app.polling.feeds import ListFeed
from app.polling.paging import walk
from app.polling.polls import EVERYTHING
from app.polling.publishing import RowPublisher
from app.polling.seen import Seen
from app.preview import Preview
from schemas.envelope import Backfill
from streams.launch.report import ObserveReport
from streams.metrics import Metrics
from streams.ports import Outgoing


async def preview_feed(
    feed: ListFeed,
    preview: Preview,
    report: ObserveReport,
    flows: Collection[str],
    *,
    since: datetime = EVERYTHING,
    until: datetime | None = None,
    backfill: Backfill | None = None,
    codes: CodeMask,
) -> None:
    """Report what those flows would do with every row that changed in between."""
    collected, seen = _Collector(), Seen()
    rows = RowPublisher(collected, SystemClock(), Metrics(), codes=codes, backfill=backfill)
    with bar() as shown:
        task = shown.add_task(f"{feed.entity} of {feed.connection}", total=None)
        async for page in walk(feed, since):
            shown.update(task, total=page.total)
            fresh = seen.fresh(row for row in page.rows if not (until and row.updated_at and row.updated_at > until))
            seen.add(fresh)
            await rows.publish(feed, fresh, seen=0)
            for raw in collected.taken():
                for line in await preview.tell(raw):
                    if line.flow in flows:
                        report.add(line)
                shown.advance(task)


@dataclass(slots=True)
class _Collector:
    """Keeps what would go to Kafka. Implements `streams.ports.Publisher`."""

    records: list[Outgoing] = field(default_factory=list)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.records += records

    def taken(self) -> list[Outgoing]:
        taken, self.records = self.records, []
        return taken
