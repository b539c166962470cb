from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import pytest

from app.listing import Listing
from app.polling.feeds import (
    ListFeed,
    heartland_feed,
    iso_time,
    magento_feed,
    magento_time,
    magento_transactions,
    taken,
)
from streams.topics import RAW_ENTITIES

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Connector:
    """Answers the same page to everything, and remembers what it was asked."""

    answer: Listing
    asked: list[tuple[datetime, int, int]] = field(default_factory=list)

    async def list_rows(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        self.asked.append((updated_since, page, page_size))
        return self.answer


MAGENTO = Listing(({"entity_id": 42, "updated_at": "2026-01-31 12:00:00", "created_at": "2026-01-31 12:00:00"},), 1)
HEARTLAND = Listing(({"OrderID": "17", "SKU": "TEE", "UpdatedAt": "2026-01-31T12:00:00Z"},), 1)


WEB_ENTITIES = ("order", "invoice", "shipment", "credit_memo", "customer")
ENTITIES = ("order", "inventory", "payment", "customer", "product", "gift_card")


def feeds(magento: Connector, heartland: Connector) -> list[ListFeed]:
    return [
        *(magento_feed("web", entity, magento.list_rows, 50) for entity in WEB_ENTITIES),
        magento_transactions("web", magento.list_rows, 50),
        *(heartland_feed("pos", entity, heartland.list_rows, 50) for entity in ENTITIES),
    ]


async def test_every_feed_asks_its_connector_and_reads_the_time_of_its_rows() -> None:
    magento, heartland = Connector(MAGENTO), Connector(HEARTLAND)
    for feed in feeds(magento, heartland):
        page = await feed.page(SINCE, 3)
        assert page.rows[0].updated_at == datetime(2026, 1, 31, 12, tzinfo=UTC)
        assert orjson.loads(page.rows[0].body) == page.rows[0].document
    assert magento.asked == [(SINCE, 3, 50)] * (len(WEB_ENTITIES) + 1)
    assert heartland.asked == [(SINCE, 3, 50)] * len(ENTITIES)


@pytest.mark.rule("starting.polling_default")
def test_there_is_a_feed_for_every_raw_topic_and_their_names_differ() -> None:
    made = feeds(Connector(MAGENTO), Connector(HEARTLAND))
    assert {(feed.system, feed.entity) for feed in made} == RAW_ENTITIES
    assert [feed.name for feed in made] == [
        *(f"web.{entity}" for entity in (*WEB_ENTITIES, "transaction")),
        *(f"pos.{entity}" for entity in ENTITIES),
    ]


def test_what_no_flow_takes_is_not_read() -> None:
    made = feeds(Connector(MAGENTO), Connector(HEARTLAND))
    assert [feed.name for feed in taken(made, {("heartland", "payment"), ("magento", "product")})] == ["pos.payment"]
    assert taken(made, ()) == []


@pytest.mark.parametrize(("number", "total", "more"), [(1, 1, False), (1, 2, True), (2, 51, False), (2, 52, True)])
async def test_the_total_decides_whether_there_is_more(number: int, total: int, more: bool) -> None:
    connector = Connector(Listing(({"entity_id": 1, "updated_at": None},), total))
    page = await magento_feed("web", "order", connector.list_rows, 50).page(SINCE, number)
    assert page.more is more


@pytest.mark.parametrize("value", [None, "", "soon", 17, "0000-00-00 00:00:00"])
def test_a_time_that_cannot_be_read_does_not_count(value: object) -> None:
    assert magento_time(value) is None
    assert iso_time(value) is None


def test_magento_tells_utc_without_a_zone_and_heartland_must_tell_one() -> None:
    assert magento_time("2026-01-31 12:00:00") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert iso_time("2026-01-31T13:00:00+01:00") == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert iso_time("2026-01-31T12:00:00") is None
