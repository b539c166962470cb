"""The doctor tells which feeds are behind, from the store alone."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.connections import HeartlandConnection
from app.doctor.feeds import feeds
from app.doctor.finding import Grade
from app.settings import Settings, StoreSettings
from app.store import Store
from tests.twins.clock import START, FakeClock

POS = HeartlandConnection(base_url="http://127.0.0.1:1", client_id="till", client_secret=SecretStr("s"))
FEEDS = (
    "pos.order",
    "pos.inventory",
    "pos.payment",
    "pos.customer",
    "pos.product",
    "pos.gift_card",
    "pos.inventory.snapshot",
)


@pytest.fixture
def settings(store_url: str) -> Settings:
    return Settings(store=StoreSettings(url=SecretStr(store_url)), connections={"pos": POS})


async def read(store: Store, feed: str, clock: FakeClock) -> None:
    lease = await store.leases.take(feed, "poll@a-1", 60)
    assert lease is not None
    await store.leases.finish(lease, 60, began=clock.now())


@pytest.mark.postgres
async def test_feeds_that_were_never_read_are_noted(settings: Settings) -> None:
    (found,) = await feeds(settings, FakeClock())
    assert (found.grade, found.mend) == (Grade.NOTE, "start `tillstream poll`")
    assert all(feed in found.message for feed in FEEDS)


@pytest.mark.postgres
async def test_feeds_that_are_read_are_well(settings: Settings, clocked_store: Store, clock: FakeClock) -> None:
    for feed in FEEDS:
        await read(clocked_store, feed, clock)
    (found,) = await feeds(settings, clock)
    assert (found.grade, found.message) == (Grade.OK, f"{len(FEEDS)} are read, none is behind")


@pytest.mark.postgres
async def test_a_feed_that_is_behind_must_be_mended(settings: Settings, clocked_store: Store, clock: FakeClock) -> None:
    await read(clocked_store, "pos.order", clock)
    clock.move(3_600)
    for feed in FEEDS[1:]:
        await read(clocked_store, feed, clock)
    (found,) = await feeds(settings, clock)
    assert (found.grade, found.part) == (Grade.WRONG, "feed pos.order")
    assert found.message.startswith(f"is 1:00:00 behind: it was last read to its end at {START:%Y-%m-%d %H:%M:%S} UTC")


async def test_a_store_that_is_away_is_told_by_its_own_check() -> None:
    away = Settings(store=StoreSettings(url=SecretStr("postgresql://127.0.0.1:1/none")), connections={"pos": POS})
    assert await feeds(away, FakeClock()) == []
