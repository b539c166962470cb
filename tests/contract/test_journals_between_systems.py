"""A day's journals, read through both real connectors."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.commands.accounting import Export, account_map, write_journals
from app.handlers import engine_of
from app.reconcile.joint import Joint
from app.settings import Settings
from streams.accounting.formats import Format
from streams.channels import Channels
from tests.contract.pipe import CHANNEL, Pipe
from tests.contract.systems import PosSystem, WebSystem
from tests.streams.accounting.books import MAP

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


class Books:
    """The command on both systems."""

    def __init__(self, pipe: Pipe, directory: Path) -> None:
        self.pipe = pipe
        self.map, self.file = directory / "accounts.yaml", directory / "journal.csv"
        self.map.write_text(MAP)

    async def sums(self, **options: Any) -> dict[str, Decimal]:
        """Debits less credits of each account today."""
        pipe = self.pipe
        engine, channels = engine_of(Settings()), Channels([CHANNEL])
        joint = Joint(
            "web", "pos", pipe.web.connector, pipe.pos.connector, channels, engine, pipe.store.links, lambda *_: None
        )
        wanted = Export(datetime.now(UTC).date(), self.map, output=self.file, **options)
        assert await write_journals([joint], wanted, account_map(self.map)) == 0
        found: dict[str, Decimal] = defaultdict(lambda: D(0))
        with self.file.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                found[row["account"]] += D(row["debit"] or 0) - D(row["credit"] or 0)
        assert sum(found.values()) == 0
        return {account: amount for account, amount in found.items() if amount}


@pytest.fixture
def books(pipe: Pipe, tmp_path: Path) -> Books:
    return Books(pipe, tmp_path)


async def document(pipe: Pipe, order: str) -> dict[str, Any]:
    return dict(orjson.loads(await pipe.web.connector.reader.read("order", order) or b"{}"))


async def post(pipe: Pipe, path: str, body: dict[str, Any]) -> None:
    await pipe.web.client.post("admin", path, path, body)


@pytest.mark.rule("money.journal_split")
async def test_a_web_order_is_a_deposit_when_paid_a_sale_when_shipped_and_taken_back_when_refunded(
    books: Books,
) -> None:
    pipe = books.pipe
    order = await pipe.web.place_order(2)
    placed = await document(pipe, order)
    total, goods, tax, shipping = (
        D(str(placed[f"base_{name}"])) for name in ("grand_total", "subtotal", "tax_amount", "shipping_amount")
    )
    assert await books.sums() == {}
    await post(pipe, f"/V1/order/{order}/invoice", {"capture": False})
    assert await books.sums() == {"Checks": total, "Deposits": -total}
    (item, *_) = placed["items"]
    rows = [{"order_item_id": item["item_id"], "qty": 2}]
    await post(
        pipe,
        f"/V1/order/{order}/ship",
        {"items": rows, "arguments": {"extension_attributes": {"source_code": pipe.web.source}}},
    )
    wanted = {"Checks": total, "Sales": -goods, "Tax": -tax, "Shipping": -shipping}
    assert await books.sums() == {account: amount for account, amount in wanted.items() if amount}
    back = {"arguments": {"shipping_amount": 0, "adjustment_positive": 0, "adjustment_negative": 0}}
    await post(pipe, f"/V1/order/{order}/refund", {"items": [{**rows[0], "qty": 1}], **back})
    refunded = D(str((await document(pipe, order))["base_total_refunded"]))
    told = await books.sums()
    assert told["Checks"] == total - refunded
    assert told["Refunds"] == goods / 2
    assert told.get("Deposits", D(0)) == 0


async def test_a_sale_in_store_is_a_sale_at_once(books: Books) -> None:
    pos = books.pipe.pos
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    tenders = [{"Type": "Cash", "Amount": D("10.00")}, {"Type": "GiftCard", "Amount": D("11.65")}]
    draft = pos.draft(OrderDate=now, Tenders=tenders, BalanceDue=D(0))
    document = {name: value for name, value in draft.document.items() if name != "ExternalID"}
    sold = await pos.orders.create_order(replace(draft, document=document))
    assert await books.sums() == {}
    await pos.orders.fulfil_order(sold.order_id)
    wanted = {"Checks": D("10.00"), "Gift cards": D("11.65"), "Sales": D("-20.00"), "Tax": D("-1.65")}
    assert await books.sums() == wanted
    assert await books.sums(location="NOWHERE") == {}


async def test_the_gateways_fees_are_booked_with_its_payouts(books: Books, tmp_path: Path) -> None:
    file = tmp_path / "payouts.csv"
    day = datetime.now(UTC).date()
    file.write_text(f"date,reference,gross,fee,net,currency\n{day},ch_1,21.65,0.93,20.72,USD\n")
    assert await books.sums(payouts=file) == {"Bank": D("20.72"), "Fees": D("0.93"), "Card": D("-21.65")}


@pytest.mark.rule("money.late_changes")
async def test_a_closed_day_is_posted_later_in_every_format(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.map.write_text(f"{MAP}closed_until: {datetime.now(UTC).date()}\n")
    order = await books.pipe.web.place_order()
    await post(books.pipe, f"/V1/order/{order}/invoice", {"capture": False})
    assert await books.sums(format=Format.CSV)
    assert "is closed, so it is posted on" in capsys.readouterr().out
