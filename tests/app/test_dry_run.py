"""A dry run tells what a replay would write, from the real systems, and writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.connections import HeartlandConnection, MagentoConnection
from app.dry_run import DryRun
from app.settings import Settings, StoreSettings
from app.settings.model import FlowSettings
from app.store import HeldEvent, Store
from schemas.canonical import ExportDecision, OrderStatus, Sale, Stock
from schemas.documents.channel import Channel
from schemas.documents.flow import Mode
from schemas.envelope import Envelope
from streams import groups
from streams.ports import HeldRecord, Hold, HoldReason, Record, Way
from tests.contract.systems import PosSystem, WebSystem
from tests.streams.deliver.bench import SALE, STATUS
from tests.twins.clock import START
from tests.twins.cutovers import ALWAYS

CHANNEL = Channel(name="main", web="web", pos="pos", prefix="W-", location="MAIN", sources={"MAIN": "main"})


@pytest.fixture
async def dry(store: Store, store_url: str, web: WebSystem, pos: PosSystem) -> AsyncIterator[DryRun]:
    assert web.faults.handle is not None
    assert pos.faults.handle is not None
    secrets = {name: value for name, value in web.faults.handle.credentials.items() if name != "bearer_token"}
    connections = {
        "web": MagentoConnection.model_validate({"base_url": web.faults.handle.url, **secrets}),
        "pos": HeartlandConnection.model_validate({"base_url": pos.faults.handle.url, **pos.faults.handle.credentials}),
    }
    live = {flow: FlowSettings(mode=Mode.LIVE) for flow in ("order", "order_status", "stock")}
    settings = Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        connections=connections,
        channels={"main": CHANNEL},
        flows=live,
    )
    for flow in live:
        for way in (Way(flow, "web", "pos"), Way(flow, "pos", "web")):
            await store.cutovers.launch(way, ALWAYS, by="test")
    made = DryRun(settings, store)
    yield made
    await made.close()


def held(group: str, topic: str, value: bytes, *, entity: str, stage: str = "deliver") -> HeldEvent:
    envelope = Envelope("r1", "web", "magento", entity, "42", 1_000)
    record = Record(topic, 0, 5, b"k", value, tuple(envelope.to_headers()), 1_000)
    return HeldEvent(group, HeldRecord(1, Hold("k", HoldReason.PERSON, stage, "r1"), record, START))


def to_target(name: str, body: Sale | OrderStatus | Stock, entity: str) -> HeldEvent:
    topic = "canonical.stock" if entity == "stock" else "canonical.sale"
    return held(groups.deliver(name), topic, body.model_dump_json().encode(), entity=entity)


async def test_an_order_is_looked_up_and_not_created(dry: DryRun, pos: PosSystem, store: Store) -> None:
    event = to_target("pos", SALE, "order")
    assert await dry.tell(event) == ["create_order in pos: order W-000000042"]
    assert pos.faults.mutations("create_order") == []
    assert await pos.orders.find_order("W-000000042") is None
    assert await store.database.fetch("SELECT FROM ledger") == []


async def test_an_edited_body_is_what_is_tried(dry: DryRun) -> None:
    edited = (
        SALE.model_copy(update={"export": ExportDecision(allowed=False, reason="a test order")})
        .model_dump_json()
        .encode()
    )
    assert await dry.tell(to_target("pos", SALE, "order"), edited) == ["and is filtered: a test order"]


async def test_a_status_is_told_up_to_its_comment(dry: DryRun, web: WebSystem) -> None:
    order_id = await web.place_order()
    status = STATUS.model_copy(update={"sale": f"web:order:{order_id}"})
    told = await dry.tell(to_target("web", status, "order_status"))
    assert len(told) == 2, told
    number, comment = told
    assert number == f"set_external_number: order {order_id} gets 17"
    assert comment.startswith("add_comment in web: the comment 'Heartland order 17: Open ")
    assert web.faults.mutations("add_comment") == []


async def test_stock_is_read_again_and_edited_stock_is_written(dry: DryRun, store: Store) -> None:
    values = {"ref": "pos:sku:SKU-00002", "sku": "SKU-00002", "read_at": START}
    location = {"location": "MAIN", "quantity": 3, "on_hand": 3, "committed": 0}
    stock = Stock.model_validate({**values, "locations": [location]})
    event = to_target("web", stock, "stock")
    again, end = await dry.tell(event)
    assert again == "publish to hint.stock: pos:SKU-00002"
    assert end.startswith("and is superseded: replayed: pos is read again")
    told = await dry.tell(event, stock.model_dump_json().encode())
    assert len(told) == 2, told
    written, _ = told
    assert written == "write_source_items in web: SKU-00002 main 3"
    assert await store.database.fetch("SELECT FROM applied") == []


async def test_what_fails_again_is_told(dry: DryRun) -> None:
    (told,) = await dry.tell(held(groups.NORMALIZE, "raw.magento.order", b"{", entity="order", stage="normalize"))
    assert told.startswith("and fails again with Malformed: the message of web about order ")


async def test_a_stock_hint_needs_its_worker(dry: DryRun) -> None:
    told = await dry.tell(held(groups.INVENTORY, "hint.stock", b"{}", entity="stock_hint", stage="inventory"))
    assert told == ["reads the SKU in the point of sale, and publishes its stock"]


async def test_a_connection_that_the_settings_no_longer_have_is_named(dry: DryRun) -> None:
    told = await dry.tell(to_target("gone", SALE, "order"))
    assert told == ["waits: it is held for tillstream.deliver.gone, of which the settings have no connection"]
