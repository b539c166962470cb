"""The contract of `streams.ports.WebRefunds`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from decimal import Decimal

import pytest

from streams.errors import Rejected
from streams.ports import CreditMemoDraft, InvoiceDraft, SourceItem, WebOrder, WebRefunds, WebShipmentDraft
from tests.contract.systems import WebSystem

STOCKED = Decimal(50)


@pytest.fixture
def refunds(web: WebSystem) -> WebRefunds:
    return web.connector.credit_memos


@pytest.fixture
async def order(web: WebSystem) -> WebOrder:
    """An order of three pieces, paid."""
    await web.stock.write_source_items([SourceItem(web.sku, web.source, STOCKED)])
    order = await shown(web, await web.place_order(3))
    mark = "[tillstream contract]"
    await web.connector.invoices.invoice_order(
        InvoiceDraft(order.order_id, {order.lines[0].item_id: Decimal(3)}, False, mark, mark)
    )
    return await shown(web, order.order_id)


async def shown(web: WebSystem, order_id: str) -> WebOrder:
    order = await web.connector.lifecycle.order_lines(order_id)
    assert order is not None
    return order


async def held(web: WebSystem) -> Decimal:
    return next(i.quantity for i in await web.stock.list_source_items([web.sku]) if i.source == web.source)


def draft(order: WebOrder, pieces: int = 1, *, back: bool = True) -> CreditMemoDraft:
    mark, row = f"[tillstream contract {secrets.token_hex(4)}]", order.lines[0].item_id
    units, returned = {row: Decimal(pieces)}, [row] if back and pieces else []
    return CreditMemoDraft(order.order_id, units, Decimal(0), mark, f"Back {mark}", return_to_stock=returned)


@pytest.mark.rule("money.pos_return_offline")
async def test_what_is_refunded_is_what_was_asked_for_and_no_shipping(
    web: WebSystem, refunds: WebRefunds, order: WebOrder
) -> None:
    made = await refunds.refund_offline(draft(order))
    assert (made.order_id, made.state, made.shipping, made.invoice_id) == (order.order_id, "refunded", Decimal(0), "")
    assert made.units[order.lines[0].item_id] == 1
    after = await shown(web, order.order_id)
    assert (after.lines[0].refunded, after.lines[0].left_to_ship) == (Decimal(1), Decimal(2))


async def test_a_credit_memo_is_found_by_its_mark(refunds: WebRefunds, order: WebOrder) -> None:
    asked = draft(order)
    assert await refunds.find_credit_memo(order.order_id, asked.marker) is None
    made = await refunds.refund_offline(asked)
    other = await refunds.refund_offline(draft(order))
    assert await refunds.find_credit_memo(order.order_id, asked.marker) == made
    assert await refunds.credit_memos_of(order.order_id) == (made, other)


async def test_an_amount_alone_is_refunded_without_goods(refunds: WebRefunds, order: WebOrder) -> None:
    made = await refunds.refund_offline(replace(draft(order, 0), adjustment_positive=Decimal(3)))
    assert (made.total, made.adjustment) == (Decimal(3), Decimal(3))
    assert not made.units


async def test_a_fee_is_kept_back(refunds: WebRefunds, order: WebOrder) -> None:
    whole = await refunds.refund_offline(draft(order))
    less = await refunds.refund_offline(replace(draft(order), adjustment_negative=Decimal(2)))
    assert (less.total, less.adjustment) == (whole.total - Decimal(2), Decimal(-2))


async def test_more_than_was_bought_is_rejected(refunds: WebRefunds, order: WebOrder) -> None:
    with pytest.raises(Rejected):
        await refunds.refund_offline(draft(order, 4))
    assert await refunds.credit_memos_of(order.order_id) == ()


@pytest.mark.rule("money.return_to_stock_unshipped")
async def test_what_was_never_shipped_leaves_the_source_alone_if_it_is_listed(
    web: WebSystem, refunds: WebRefunds, order: WebOrder
) -> None:
    await refunds.refund_offline(draft(order))
    assert await held(web) == STOCKED
    await refunds.refund_offline(draft(order, back=False))
    assert await held(web) == STOCKED - 1, "Magento takes what is left out off a source, as if it were gone"


async def test_what_was_shipped_and_is_not_listed_is_not_put_back(
    web: WebSystem, refunds: WebRefunds, order: WebOrder
) -> None:
    units = {order.lines[0].item_id: Decimal(3)}
    shipment = WebShipmentDraft(order.order_id, units, web.source, "[tillstream c]", "[tillstream c]")
    await web.connector.shipments.ship_order(shipment)
    await refunds.refund_offline(draft(order, back=False))
    assert await held(web) == STOCKED - 3


async def test_money_of_a_check_does_not_go_back_through_a_gateway(
    web: WebSystem, refunds: WebRefunds, order: WebOrder
) -> None:
    (invoice,) = await web.connector.invoices.invoices_of(order.order_id)
    with pytest.raises(Rejected):
        await refunds.refund_online(invoice.invoice_id, draft(order))
