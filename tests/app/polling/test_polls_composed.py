"""Which polls the poll role runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

import pytest
from pydantic import SecretStr

from app.connections import HeartlandConnection, MagentoConnection
from app.polling.publishing import RowPublisher
from app.roles import _polls
from app.settings import PollingSettings, Settings
from app.systems import Systems
from streams.engine import load
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import FakeClock, FakeKafka, turns_of

WEB = ["web.order", "web.invoice", "web.shipment", "web.credit_memo", "web.customer"]
CHANGES = [*WEB, "pos.order", "pos.inventory", "pos.payment", "pos.customer", "pos.product", "pos.gift_card"]
SOURCES = {flow.normalize.source.key for flow in load().flows.values() if flow.normalize is not None}


@pytest.fixture
async def systems() -> AsyncIterator[Systems]:
    web = MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t"))
    pos = HeartlandConnection(base_url="http://127.0.0.1:1", client_id="till", client_secret=SecretStr("s"))
    systems = Systems(Settings(connections={"web": web, "pos": pos}), FakeClock(), Metrics())
    yield systems
    await systems.close()


def names(
    systems: Systems, polling: PollingSettings, sources: Collection[tuple[str, str]] = frozenset(SOURCES)
) -> list[str]:
    clock = FakeClock()
    rows = RowPublisher(FakeKafka(), clock, Metrics())
    return [poll.name for poll in _polls(polling, systems, sources, turns_of(clock)[1], rows, clock)]


async def test_stock_is_also_read_whole_by_a_cursor_of_its_own(systems: Systems) -> None:
    assert names(systems, PollingSettings()) == [*CHANGES, "pos.inventory.snapshot"]


async def test_without_snapshots_only_changes_are_read(systems: Systems) -> None:
    assert names(systems, PollingSettings(snapshot_minutes=0)) == CHANGES


async def test_a_list_is_read_only_if_a_flow_takes_it(systems: Systems) -> None:
    assert names(systems, PollingSettings(), SOURCES | {("magento", "transaction")}) == [
        *WEB,
        "web.transaction",
        *CHANGES[len(WEB) :],
        "pos.inventory.snapshot",
    ]
    assert names(systems, PollingSettings(), {("heartland", "product")}) == ["pos.product"]
    assert names(systems, PollingSettings(), {("magento", "credit_memo"), ("magento", "transaction")}) == [
        "web.credit_memo",
        "web.transaction",
    ]
