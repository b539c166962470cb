"""A dry run of what waits for each flow tells what both systems would be sent, and sends neither anything."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from app.dry_run import DryRun
from app.settings import Settings, StoreSettings
from app.settings.model import FlowSettings
from app.store import HeldEvent, Store
from app.ways import all_ways, flows_of
from schemas.documents.flow import Mode
from schemas.envelope import Envelope
from streams import groups
from streams.engine import load
from streams.ports import HeldRecord, Hold, HoldReason, Record
from tests.contract.deeds import exported, in_store, invoice
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem
from tests.contract.test_refunds_between_systems import refunded_online, returned_in_store
from tests.twins.clock import START
from tests.twins.cutovers import ALWAYS

pytestmark = pytest.mark.postgres

CHANGES = "SELECT count(*) FROM mutations WHERE operation NOT LIKE '%information'"
"""All POSTs but those that only read prices."""


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem, store: Store) -> Pipe:
    return Pipe(web, pos, store=store)


@pytest.fixture
async def dry(pipe: Pipe, store: Store, store_url: str) -> AsyncIterator[DryRun]:
    settings = Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        connections=pipe.settings.connections,
        channels=pipe.settings.channels,
        flows={flow: FlowSettings(mode=Mode.LIVE) for flow in load().flows},
    )
    for way in all_ways(flows_of(settings), settings):
        await store.cutovers.launch(way, ALWAYS, by="test")
    made = DryRun(settings, store)
    yield made
    await made.close()


def mutations(pipe: Pipe) -> int:
    """Changes that either sandbox was asked for so far."""
    found = 0
    for faults in (pipe.web.faults, pipe.pos.faults):
        assert faults.handle is not None
        with sqlite3.connect(faults.handle.database) as connection:
            found += int(connection.execute(CHANGES).fetchone()[0])
        connection.close()
    return found


def held(record: Record, target: str) -> HeldEvent:
    return HeldEvent(
        groups.deliver(target), HeldRecord(1, Hold("k", HoldReason.PERSON, "deliver", "r1"), record, START)
    )


async def waiting(pipe: Pipe, connection: str, entity: str, native_id: str) -> list[Record]:
    """What the hint's normalised events are, none of them delivered."""
    pipe.holds = True
    pipe.waiting.clear()
    await pipe.changed(connection, entity, native_id)
    assert pipe.failed == []
    return [*pipe.waiting]


async def told(dry: DryRun, pipe: Pipe, records: list[Record], target: str, entity: str) -> str:
    """What the dry run tells of that entity, one line after the other; it is shown to have sent nothing."""
    before = mutations(pipe)
    lines = [
        line
        for record in records
        if Envelope.from_headers(record.headers).entity == entity
        for line in await dry.tell(held(record, target))
    ]
    assert mutations(pipe) == before, lines
    return "\n".join(lines)


async def test_a_new_order(dry: DryRun, pipe: Pipe) -> None:
    order = await pipe.web.place_order()
    records = await waiting(pipe, "web", "order", order)
    assert "create_order in pos: order W-000000001" in await told(dry, pipe, records, "pos", "order")


async def test_a_cancel_of_an_order_that_is_in_both(dry: DryRun, pipe: Pipe, store: Store) -> None:
    order, created = await exported(pipe)
    # else a cancel within the order's own second is read again first
    await store.database.fetch("UPDATE applied SET updated_at = updated_at - interval '1 hour'")
    await pipe.web.client.post("cancel", order, f"/V1/orders/{order}/cancel", {})
    records = await waiting(pipe, "web", "order", order)
    assert f"cancel_order: order W-000000001 ({created})" in await told(dry, pipe, records, "pos", "order")


async def test_a_payment_and_a_status(dry: DryRun, pipe: Pipe) -> None:
    order, created = await exported(pipe)
    records = await waiting(pipe, "web", "invoice", await invoice(pipe, order))
    assert "create_payment in pos" in await told(dry, pipe, records, "pos", "payment")
    await in_store(pipe, created, Status="Fulfilled")
    records = await waiting(pipe, "pos", "order", created)
    assert "add_comment in web" in await told(dry, pipe, records, "web", "order_status")
    assert "ship_order in web" in await told(dry, pipe, records, "web", "shipment")


async def test_refunds_both_ways(dry: DryRun, pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    memo = await refunded_online(pipe, order)
    records = await waiting(pipe, "web", "credit_memo", memo)
    assert "append_refund in pos" in await told(dry, pipe, records, "pos", "refund")
    await in_store(pipe, created, Status="Fulfilled")
    await returned_in_store(pipe, created, "1.00")
    records = await waiting(pipe, "pos", "order", created)
    assert "refund_offline in web" in await told(dry, pipe, records, "web", "refund")


async def test_a_price_is_read_again_before_it_is_written(dry: DryRun, pipe: Pipe) -> None:
    sku = pipe.pos.sku
    await pipe.pos.client.change("PUT", "till", sku, f"/v1/products/{sku}", {"Price": 12.34})
    records = await waiting(pipe, "pos", "product", sku)
    assert f"publish to raw.heartland.product: pos:{sku}" in await told(dry, pipe, records, "web", "product")
