"""``tillstream backfill`` and ``observe`` on the sandboxes and a real store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.commands import backfill, observe
from app.connections import HeartlandConnection, MagentoConnection
from app.settings import Settings, StoreSettings
from app.settings.model import FlowSettings
from app.store import Store
from schemas.documents import Channel, Mode
from schemas.envelope import Envelope, Via
from streams.ports import Way
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.kafka import MemoryPublisher

CHANNEL = Channel(name="main", web="web", pos="pos", prefix="W-", location="MAIN", sources={"MAIN": "main"})


@pytest.fixture
def settings(store_url: str, web: WebSystem, pos: PosSystem) -> Settings:
    assert web.faults.handle is not None
    assert pos.faults.handle is not None
    secrets = {name: value for name, value in web.faults.handle.credentials.items() if name != "bearer_token"}
    return Settings(
        store=StoreSettings(url=SecretStr(store_url)),
        connections={
            "web": MagentoConnection.model_validate({"base_url": web.faults.handle.url, **secrets}),
            "pos": HeartlandConnection.model_validate(
                {"base_url": pos.faults.handle.url, **pos.faults.handle.credentials}
            ),
        },
        channels={"main": CHANNEL},
        flows={"order": FlowSettings(mode=Mode.LIVE)},
    )


def ago(**age: int) -> datetime:
    return datetime.now(UTC) - timedelta(**age)


async def publish(settings: Settings, store: Store, wanted: backfill.Wanted, *, agrees: bool = True) -> MemoryPublisher:
    kafka = MemoryPublisher()
    await backfill.publish(settings, wanted, store, kafka, lambda _: agrees, asyncio.Event())
    return kafka


@pytest.mark.rule("starting.backfill_approved")
async def test_it_prints_its_counts_and_publishes_nothing_until_a_person_agrees(
    settings: Settings, store: Store, web: WebSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        await web.place_order()
    wanted = backfill.Wanted("order", ago(days=1), per_second=1_000.0)
    assert (await publish(settings, store, wanted, agrees=False)).records == []
    shown = capsys.readouterr().out
    assert "2 rows of web.order changed since" in shown
    assert "'order' is not launched: it only observes" in shown
    kafka = await publish(settings, store, wanted)
    envelopes = [Envelope.from_headers(record.headers) for record in kafka.records]
    assert [(one.via, one.backfill and one.backfill.flow) for one in envelopes] == [(Via.BACKFILL, "order")] * 2
    assert "2 rows are published" in capsys.readouterr().out


async def test_a_flow_without_a_source_or_a_channel_is_refused(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    kafka = MemoryPublisher()
    assert await backfill.publish(settings, backfill.Wanted("ordr"), store, kafka, lambda _: True, asyncio.Event()) == 1
    assert "There is no flow 'ordr' (known: " in capsys.readouterr().out


@pytest.mark.rule("starting.observe_writes_nothing")
async def test_a_dry_run_tells_what_it_would_do_and_does_nothing(
    settings: Settings, store: Store, web: WebSystem, pos: PosSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    await web.place_order()
    await store.cutovers.launch(Way("order", "web", "pos"), ago(hours=1), by="test")
    before = len((await pos.connector.orders.list_orders(ago(days=1))).rows)
    assert await backfill.dry_run(settings, backfill.Wanted("order", ago(days=1))) == 0
    assert "order to pos: would create 1, update 0, skip 0, would e-mail 0 people" in capsys.readouterr().out
    assert len((await pos.connector.orders.list_orders(ago(days=1))).rows) == before


@pytest.mark.rule("starting.sku_report_first")
@pytest.mark.rule("starting.sku_report_csv")
async def test_both_systems_are_compared(
    settings: Settings, store: Store, web: WebSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del store
    skus = await web.connector.products.list_skus()
    assert web.sku in skus
    reports = tmp_path / "reports"
    assert await observe.observe(settings, observe.Wanted("order", ago(days=1), reports, compare=True)) == 0
    shown = capsys.readouterr().out
    assert "SKUs of web and pos: " in shown
    lines = (reports / "skus-web-pos.csv").read_text().splitlines()
    assert lines[0] == "kind,sku in web,sku in pos"
    assert f"exact,{web.sku},{web.sku}" in lines
    assert (reports / "customers.csv").exists()
