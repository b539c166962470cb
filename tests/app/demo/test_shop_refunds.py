"""Which orders the demo's people give money back for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.demo import shop as module
from app.demo.back_office import rows
from app.demo.lives import Fate, Life
from app.demo.web_store import Shopper
from tests.app.demo.stage import Stage

TILL, WEB = 1.0, 0.0
"""Share of the refunds that the till gives."""


async def gone(stage: Stage) -> Life:
    """An order that was paid in both systems and has left the point of sale, of which the web store knows nothing."""
    item = {"sku": stage.web.sku, "qty": 1}
    order = await stage.store.place([item], Shopper("ann@example.com"), method="checkmo")
    await stage.office.invoice(order.order_id)
    order_id = await stage.enter(order)
    await stage.till.fulfil(order_id)
    life = Life(order.order_id, order.number, Fate.WHOLE, refundable=True)
    stage.shop.lives.gone.append((order_id, life))
    return life


async def ship(stage: Stage, life: Life) -> None:
    order = await stage.office.read(life.order_id)
    items = [{"order_item_id": row["item_id"], "qty": row["qty_ordered"]} for row in rows(order)]
    await stage.office.ship(life.order_id, stage.web.source, items)


@pytest.mark.parametrize("giver", [TILL, WEB])
async def test_no_money_goes_back_before_the_web_store_has_shipped_the_goods(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, giver: float
) -> None:
    monkeypatch.setattr(module, "BROUGHT_BACK", giver)
    life = await gone(stage)
    await stage.shop.refund()
    assert stage.deeds.read().refunds == []
    await ship(stage, life)
    await stage.shop.refund()
    (refund,) = stage.deeds.read().refunds
    assert (refund.number, refund.amount > Decimal(0)) == (life.number, True)
    assert not stage.shop.lives.gone


async def test_an_order_is_given_back_once(stage: Stage) -> None:
    await ship(stage, await gone(stage))
    for _ in range(3):
        await stage.shop.refund()
    assert len(stage.deeds.read().refunds) == 1


async def test_what_the_second_invoice_took_goes_back_by_that_invoice(stage: Stage) -> None:
    items = [{"sku": stage.web.sku, "qty": 1}, {"sku": "SKU-00020", "qty": 1}]
    placed = await stage.store.place(items, Shopper("ann@example.com"), method="sandbox_card_authorised")
    lines = rows(await stage.office.read(placed.order_id))
    for line in lines:
        item = {"order_item_id": line["item_id"], "qty": 1}
        await stage.office.invoice(placed.order_id, [item])
    back = {"order_item_id": lines[1]["item_id"], "qty": 1}
    given = await stage.office.refund_online(placed.order_id, [back], {"shipping_amount": 0})
    assert given >= Decimal(str(lines[1]["base_price"]))
    order = await stage.office.read(placed.order_id)
    assert [line["qty_refunded"] for line in rows(order)] == [0, 1]
