"""Whom the web store writes to because of us, in a shop whose mapping has parcels told by e-mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from app.sandbox.faults import Fault, Rule
from streams.ports import Way
from tests.contract.deeds import exported, in_store, pos_order
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem

SHIPMENTS = Way("shipment", "pos", "web")


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem, tmp_path: Path) -> Pipe:
    document = (resources.files("streams") / "mappings" / "magento.shipment.out.yaml").read_text("utf-8")
    assert document.count("{to: notify, value: false}") == 1
    (tmp_path / "shipment.yaml").write_text(document.replace("{to: notify, value: false}", "{to: notify, value: true}"))
    return Pipe(web, pos, tmp_path)


def parcel(pipe: Pipe, number: str, at: datetime) -> dict[str, object]:
    lines = [{"SKU": pipe.pos.sku, "Quantity": 1}]
    return {"ShippedAt": at.isoformat(), "Carrier": "UPS Ground", "TrackingNumber": number, "Lines": lines}


@pytest.mark.rule("guards.mail_once")
async def test_a_parcel_is_mailed_once_however_often_it_is_told(pipe: Pipe) -> None:
    _, created = await exported(pipe, pieces=2)
    await in_store(pipe, created, Shipments=[parcel(pipe, "1Z1", datetime.now(UTC))])
    mails = pipe.web.faults.mails()
    for _ in range(3):
        await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    assert pipe.web.faults.mails() == mails + 1


@pytest.mark.rule("guards.mail_once")
async def test_a_parcel_whose_answer_was_lost_is_looked_for_and_not_mailed_again(pipe: Pipe) -> None:
    _, created = await exported(pipe, pieces=2)
    await in_store(pipe, created, Shipments=[parcel(pipe, "1Z1", datetime.now(UTC))])
    mails = pipe.web.faults.mails()
    pipe.web.faults.put(Rule(Fault.RESET_AFTER, every=1, path="*/ship", method="POST"))
    await pipe.changed("pos", "order", created)
    assert pipe.failed != []
    pipe.web.faults.put()
    await pipe.changed("pos", "order", created)
    assert pipe.web.faults.mails() == mails + 1


@pytest.mark.rule("guards.mail_after_cutover_only")
async def test_only_a_parcel_from_after_the_cutover_is_mailed(pipe: Pipe) -> None:
    now = datetime.now(UTC)
    await pipe.cutovers.launch(SHIPMENTS, now - timedelta(hours=1), by="test")
    order, created = await exported(pipe, pieces=2)
    mails = pipe.web.faults.mails()
    await in_store(pipe, created, Shipments=[parcel(pipe, "1Z1", now - timedelta(hours=2))])
    await pipe.changed("pos", "order", created)
    assert pipe.web.faults.mails() == mails
    assert list(await pipe.web.connector.shipments.shipments_of(order)) == []
    older = (await pos_order(pipe, created))["Shipments"]
    await in_store(pipe, created, Shipments=[*older, parcel(pipe, "1Z2", now)])
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    assert pipe.web.faults.mails() == mails + 1


@pytest.mark.rule("guards.mail_after_cutover_only")
async def test_a_flow_that_is_not_launched_mails_nobody_and_tells_whom_it_would(pipe: Pipe) -> None:
    await pipe.cutovers.undo(SHIPMENTS, by="test")
    _, created = await exported(pipe, pieces=2)
    await in_store(pipe, created, Shipments=[parcel(pipe, "1Z1", datetime.now(UTC))])
    mails = pipe.web.faults.mails()
    told = await pipe.changed("pos", "order", created)
    assert pipe.web.faults.mails() == mails
    assert any("and e-mail the customer" in entry.message for entry in told if entry.flow == "shipment")
