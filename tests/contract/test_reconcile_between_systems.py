"""Something is broken between two real connectors; it is found with its amount, and a repair has it read again."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
import typer

from app.commands.reconcile import Options, reconcile
from app.handlers import engine_of
from app.reconcile.joint import Joint
from app.reconcile.repair import Repair
from app.settings import Settings
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.channels import Channels
from streams.errors import Rejected
from streams.ports import CheckNumber, Revision, SourceItem
from streams.reconcile.drift import Subject
from tests.contract.pipe import CHANNEL, Pipe
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.checks import MemoryChecks
from tests.twins.clock import FakeClock
from tests.twins.kafka import MemoryPublisher
from tests.twins.store import MemoryJournal

D = Decimal


class Desk:
    """The command on both systems, with what it tells and publishes."""

    def __init__(self, pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> None:
        self.pipe = pipe
        self.publisher = MemoryPublisher()
        self.clock = FakeClock()
        self.checks = MemoryChecks()
        self._capsys = capsys

    async def look(self, subject: Subject, **options: Any) -> tuple[int, str]:
        """Exit code, and what was told."""
        pipe, channels = self.pipe, Channels([CHANNEL])
        engine = engine_of(Settings())
        joint = Joint(
            "web", "pos", pipe.web.connector, pipe.pos.connector, channels, engine, pipe.store.links, lambda *_: None
        )
        now = FakeClock(datetime.now(UTC) + timedelta(seconds=1))
        chosen = Options(grace=timedelta(0), by="ann", **options)
        code = await reconcile([joint], subject, chosen, self.checks, now, self._repair)
        return code, self._capsys.readouterr().out

    async def _repair(self) -> Repair:
        return Repair(self.publisher, self.pipe.store.journal, self.pipe.store.applied, self.clock)

    @property
    def published(self) -> Sequence[tuple[str, dict[str, Any]]]:
        return [(record.topic, orjson.loads(record.value)) for record in self.publisher.records]


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


@pytest.fixture
def desk(pipe: Pipe, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(pipe, capsys)


async def exported(pipe: Pipe) -> tuple[str, str, str]:
    """A web order in both systems: its ids there, and the number by which both know it."""
    order = await pipe.web.place_order()
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    found = await pipe.pos.orders.find_order(f"W-{await number(pipe, order)}")
    assert found is not None
    return order, found.order_id, found.public_id


async def number(pipe: Pipe, order: str) -> str:
    content = await pipe.web.connector.reader.read("order", order)
    return str(orjson.loads(content or b"{}")["increment_id"])


# -- Orders ------------------------------------------------------------------------------------------------------


async def test_systems_that_agree_have_no_drift(desk: Desk) -> None:
    await exported(desk.pipe)
    code, told = await desk.look(Subject.ORDERS)
    assert code == 0, told
    assert "orders: 1 compared, 0 drift" in told


async def test_an_order_that_never_arrived_is_told_and_repaired_by_being_read_again(desk: Desk, tmp_path: Path) -> None:
    order = await desk.pipe.web.place_order()
    name = f"W-{await number(desk.pipe, order)}"
    file = tmp_path / "drift.csv"
    code, told = await desk.look(Subject.ORDERS, csv=file)
    assert code == 1
    assert "1 compared, 1 drift (" in told
    with file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["name"], row["what"], row["pos"], row["repair"]) == (name, "missing", "", "read again")
    assert D(row["amount"]) > 0
    assert desk.published == []
    code, told = await desk.look(Subject.ORDERS, repair=True, confirm=1, reason="Kafka was down on Monday")
    assert (code, desk.published) == (0, [("raw.magento.order", {"entity_id": order})])
    envelope = Envelope.from_headers(desk.publisher.records[0].headers)
    assert (envelope.native_id, envelope.via) == (order, Via.READ_AGAIN)
    (line,) = cast("MemoryJournal", desk.pipe.store.journal).entries
    assert line.receipt_id == envelope.receipt_id
    assert line.message == "orders drift, repaired by ann: Kafka was down on Monday"
    await desk.pipe.changed("web", "order", order)
    assert (await desk.look(Subject.ORDERS))[0] == 0


@pytest.mark.rule("guards.repair_second_confirmation")
async def test_orders_are_not_repaired_without_a_second_look(desk: Desk) -> None:
    await desk.pipe.web.place_order()
    with pytest.raises(Rejected, match="--confirm 1 and --reason"):
        await desk.look(Subject.ORDERS, repair=True)
    assert desk.published == []


async def test_what_a_person_changed_at_the_till_is_told_with_the_difference(desk: Desk) -> None:
    _, pos_order, name = await exported(desk.pipe)
    twin = await desk.pipe.pos.orders.create_order(desk.pipe.pos.draft(ExternalID=name))
    code, told = await desk.look(Subject.ORDERS)
    assert code == 1
    assert "doubled" in told
    assert f"order {twin.order_id}, Open, 21.65 USD" in told
    await desk.pipe.pos.orders.cancel_order(twin.order_id)
    await desk.pipe.pos.orders.cancel_order(pos_order)
    code, told = await desk.look(Subject.ORDERS)
    assert code == 1
    assert "cancelled in the point of sale alone" in told


async def test_a_till_order_with_a_web_number_that_nobody_placed_is_told(desk: Desk) -> None:
    await desk.pipe.pos.orders.create_order(desk.pipe.pos.draft(ExternalID="W-404"))
    code, told = await desk.look(Subject.ORDERS)
    assert code == 1
    assert "W-404" in told
    assert "not a web order" in told


# -- Stock -------------------------------------------------------------------------------------------------------


async def in_step(desk: Desk) -> None:
    """Both systems agree on stock, as after a first synchronisation."""
    file = desk.pipe.pos
    levels = await file.stock.levels([file.sku])
    sources = {"MAIN": "main", "STORE2": "store2"}
    items = [
        SourceItem(file.sku, sources[level.location], level.on_hand)
        for level in levels[file.sku]
        if level.location in sources
    ]
    await desk.pipe.web.stock.write_source_items(items)


@pytest.mark.rule("stock.accuracy")
async def test_a_source_that_somebody_changed_is_told_and_read_again_as_if_never_written(
    desk: Desk, tmp_path: Path
) -> None:
    pipe, file = desk.pipe, tmp_path / "drift.csv"
    await in_step(desk)
    _, told = await desk.look(Subject.STOCK, csv=file)
    before = {row["name"] for row in csv.DictReader(file.read_text().splitlines())}
    assert f"{pipe.pos.sku} at main" not in before
    assert "stock accuracy " in told
    (held,) = [item for item in await pipe.web.stock.list_source_items([pipe.pos.sku]) if item.source == "main"]
    await pipe.web.stock.write_source_items([SourceItem(held.sku, "main", held.quantity + 3)])
    await pipe.store.applied.put("web", {Ref("pos", "sku", held.sku): Revision(datetime.now(UTC), "written")})
    assert (await desk.look(Subject.STOCK))[0] == 1
    drifting = {name.partition(" at ")[0] for name in before} | {held.sku}
    (found,) = await desk.checks.last()
    assert (found.check, found.failed, found.numbers) == ("stock", True, (CheckNumber(("web",), len(drifting)),))
    code, _ = await desk.look(Subject.STOCK, csv=file, repair=True, up_to=1_000)
    (found,) = await desk.checks.last()
    assert (found.failed, found.numbers) == (False, (CheckNumber(("web",), len(drifting)),))
    rows = {row["name"]: row for row in csv.DictReader(file.read_text().splitlines())}
    row = rows[f"{held.sku} at main"]
    assert (code, set(rows) - before) == (0, {row["name"]})
    assert (row["what"], D(row["web"]), D(row["pos"]), D(row["amount"])) == (
        "quantity",
        held.quantity + 3,
        held.quantity,
        D(3),
    )
    assert ("raw.heartland.inventory", {"SKU": held.sku}) in desk.published
    assert await pipe.store.applied.get("web", [Ref("pos", "sku", held.sku)]) == {}


async def test_what_a_web_order_holds_is_taken_from_the_orders_themselves(desk: Desk) -> None:
    await in_step(desk)
    await exported(desk.pipe)
    _, told = await desk.look(Subject.STOCK)
    assert f"{desk.pipe.pos.sku} at main" not in told


# -- Payments ----------------------------------------------------------------------------------------------------


async def test_a_payment_that_the_till_does_not_know_is_an_exception(desk: Desk) -> None:
    order, _, name = await exported(desk.pipe)
    code, told = await desk.look(Subject.PAYMENTS)
    assert code == 0, told
    answer = await desk.pipe.web.client.post("invoice_order", order, f"/V1/order/{order}/invoice", {"capture": False})
    assert answer
    code, told = await desk.look(Subject.PAYMENTS, repair=True, confirm=1, reason="the books of March")
    assert code == 0
    assert "differs" in told
    assert f"{name}" in told
    assert desk.published == [("raw.magento.order", {"entity_id": order})]


@pytest.mark.rule("money.payouts")
async def test_a_payout_that_no_invoice_belongs_to_is_an_exception(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "payouts.csv"
    file.write_text("date,reference,gross,fee,net,currency\n2026-03-02,ch_1,10.00,0.59,9.41,USD\n")
    code, told = await desk.look(Subject.PAYMENTS, payouts=file)
    assert code == 1
    assert "ch_1" in told
    assert "not in the web store" in told
    file.write_text("date,amount\n")
    with pytest.raises(typer.BadParameter, match="no column reference, gross, fee, net, currency"):
        await desk.look(Subject.PAYMENTS, payouts=file)


# -- Customers ---------------------------------------------------------------------------------------------------


async def test_a_profile_of_another_name_is_told_with_both_names(desk: Desk) -> None:
    pipe = desk.pipe
    account = {"email": "ann@example.com", "firstname": "Ann", "lastname": "Webb", "website_id": 1}
    made = orjson.loads(await pipe.web.client.post("create_account", "ann", "/V1/customers", {"customer": account}))
    code, told = await desk.look(Subject.CUSTOMERS)
    assert (code, "missing" in told) == (1, True)
    profile = {"FirstName": "Anne", "LastName": "Webb", "Email": "Ann@example.com"}
    answer = await pipe.pos.client.change("POST", "create_customer", "ann", "/v1/customers", profile)
    theirs = str(orjson.loads(answer)["CustomerID"])
    assert "not linked" in (await desk.look(Subject.CUSTOMERS))[1]
    await pipe.store.links.insert(Ref("web", "customer", str(made["id"])), Ref("pos", "customer", theirs))
    code, told = await desk.look(Subject.CUSTOMERS, repair=True)
    assert code == 0
    assert "first_name" in told
    assert "Anne" in told
    assert desk.published == [("raw.magento.customer", {"id": str(made["id"])})]
