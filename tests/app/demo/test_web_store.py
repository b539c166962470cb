"""The demo's customers at the checkout."""

from __future__ import annotations

import pytest

from app.demo.web_store import Shopper
from app.sandbox.catalogue import ProductKind, catalogue
from tests.app.demo.stage import Stage
from tests.contract.systems import SKUS

SHELF = {kind: next(each.sku for each in catalogue(1, SKUS) if each.kind is kind) for kind in ProductKind}


@pytest.mark.parametrize(
    ("kinds", "shipped"),
    [
        ((ProductKind.SIMPLE,), True),
        ((ProductKind.VIRTUAL,), False),
        ((ProductKind.SIMPLE, ProductKind.VIRTUAL), True),
    ],
)
async def test_a_cart_is_shipped_unless_it_is_all_virtual(
    stage: Stage, kinds: tuple[ProductKind, ...], shipped: bool
) -> None:
    items = [{"sku": SHELF[kind], "qty": 1} for kind in kinds]
    placed = await stage.store.place(items, Shopper("ann@example.com"), method="checkmo")
    order = await stage.office.read(placed.order_id)
    shipping = order["extension_attributes"]["shipping_assignments"][0]["shipping"]
    assert ("address" in shipping) is shipped
    assert order["billing_address"]["email"] == "ann@example.com"
