"""A list of either sandbox is polled while its rows change: offset paging skips rows then, and polling loses none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from app.clock import SystemClock
from app.listing import Listing
from app.polling.feeds import ListFeed, heartland_feed, magento_feed
from app.polling.polls import ChangesConfig, ChangesPoll
from app.polling.publishing import RowPublisher
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import FakeKafka, turns_of
from tests.contract.systems import PosSystem, WebSystem

ROWS, PAGE = 9, 2
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Change = Callable[[str], Awaitable[object]]


@dataclass
class Busy:
    """A connector's list in which an older row changes between every two reads."""

    rows: Callable[..., Awaitable[Listing]]
    change: Change
    ids: list[str]
    changed: list[str] = field(default_factory=list)

    async def list_rows(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        found = await self.rows(updated_since, page=page, page_size=page_size)
        waiting = [one for one in self.ids if one not in self.changed]
        if waiting:
            self.changed.append(waiting[0])
            await self.change(waiting[0])
        return found


def poll_of(feed: ListFeed, kafka: FakeKafka) -> ChangesPoll:
    clock = SystemClock()
    _, turns = turns_of(clock)
    config = ChangesConfig(overlap_seconds=0, since=LONG_AGO)
    return ChangesPoll(feed, turns, RowPublisher(kafka, clock, Metrics()), clock, config)


def newest(kafka: FakeKafka) -> Mapping[str, Any]:
    """The last that was published of each row."""
    return {record.key.decode().partition(":")[2]: orjson.loads(record.value) for record in kafka.records}


@pytest.mark.rule("starting.polling_default")
async def test_no_order_of_the_web_store_is_lost_while_orders_move(web: WebSystem) -> None:
    ids = [await web.place_order() for _ in range(ROWS)]
    busy = Busy(web.orders.list_orders, web.connector.lifecycle.hold_web_order, ids)
    kafka = FakeKafka()
    poll = poll_of(magento_feed("web", "order", busy.list_rows, PAGE), kafka)
    await poll.once()
    assert set(kafka.keys()) >= set(ids)
    await poll.once()
    assert busy.changed == ids
    assert {key: row["state"] for key, row in newest(kafka).items() if key in ids} == dict.fromkeys(ids, "holded")


async def test_no_order_of_the_point_of_sale_is_lost_while_orders_move(pos: PosSystem) -> None:
    ids = [(await pos.orders.create_order(pos.draft())).order_id for _ in range(ROWS)]
    busy = Busy(pos.orders.list_orders, pos.orders.cancel_order, ids)
    kafka = FakeKafka()
    poll = poll_of(heartland_feed("pos", "order", busy.list_rows, PAGE), kafka)
    await poll.once()
    assert set(kafka.keys()) >= set(ids)
    await poll.once()
    assert busy.changed == ids
    assert {key: row["Status"] for key, row in newest(kafka).items() if key in ids} == dict.fromkeys(ids, "Cancelled")


async def test_pages_that_are_only_counted_skip_a_row_of_the_point_of_sale(pos: PosSystem) -> None:
    """The trap of the sandbox that the tests above fall into without the walk."""
    began = datetime.now(UTC) - timedelta(minutes=5)
    ids = [(await pos.orders.create_order(pos.draft())).order_id for _ in range(4)]
    first = await pos.orders.list_orders(began, page=1, page_size=PAGE)
    await pos.orders.cancel_order(ids[0])
    second = await pos.orders.list_orders(began, page=2, page_size=PAGE)
    counted = {row["OrderID"] for row in (*first.rows, *second.rows)}
    assert ids[2] not in counted
