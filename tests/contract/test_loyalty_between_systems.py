"""Loyalty points: Heartland keeps them, and its /v1 has no route that adds or takes any. It gives points for what a
customer has bought there, and takes them back for what they return. So a web sale earns its points once if it is one
sale of its customer's profile, and a refund takes them back once if it is one refund on that sale."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.customers import joined
from tests.contract.deeds import invoice, web_order
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem
from tests.contract.test_buyers_between_systems import bought
from tests.contract.test_refunds_between_systems import refunded_online

D = Decimal
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


async def sales(pipe: Pipe, profile: str) -> list[dict[str, Any]]:
    """What Heartland gives a customer points for."""
    rows = (await pipe.pos.orders.list_orders(BEFORE)).rows
    return [row for row in rows if row["CustomerID"] == profile]


@pytest.mark.rule("products.loyalty_accrues_once")
async def test_a_web_sale_is_one_sale_of_its_customers_profile_however_often_it_is_told(pipe: Pipe) -> None:
    account, profile = await joined(pipe, "ann@example.com")
    order = await bought(pipe, account)
    for _ in range(2):
        await pipe.changed("web", "order", order)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    (sale,) = await sales(pipe, profile)
    assert D(str(sale["TotalAmount"])) == D(str((await web_order(pipe, order))["base_grand_total"]))


@pytest.mark.rule("products.loyalty_reversed")
async def test_a_refund_is_one_refund_on_that_sale_and_makes_no_sale_of_its_own(pipe: Pipe) -> None:
    account, profile = await joined(pipe, "ann@example.com")
    order = await bought(pipe, account)
    await pipe.changed("web", "order", order)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    memo = await refunded_online(pipe, order)
    for _ in range(2):
        await pipe.changed("web", "credit_memo", memo)
    (sale,) = await sales(pipe, profile)
    await pipe.changed("pos", "order", str(sale["OrderID"]))
    assert pipe.failed == []
    (sale,) = await sales(pipe, profile)
    (refund,) = sale["Refunds"]
    (shown,) = await pipe.web.connector.credit_memos.credit_memos_of(order)
    assert D(str(refund["Amount"])) == shown.total
