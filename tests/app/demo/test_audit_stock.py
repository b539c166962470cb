"""Stock that is not what the formula makes of the point of sale's books is told by the auditor."""

from __future__ import annotations

import pytest

from app.demo.audit.findings import Entity
from tests.app.demo.books_in_balance import Shops, shops_entities, verdicts


@pytest.mark.parametrize("sku", ["A", "V"])
@pytest.mark.parametrize("change", ["quantity - 1", "quantity + 1", "0"])
def test_stock_off_the_formula_is_different(shops: Shops, sku: str, change: str) -> None:
    shops.magento(f"UPDATE source_items SET quantity = {change} WHERE sku = '{sku}'")
    assert ("different", sku) in verdicts(shops.audit())


def test_stock_that_is_missing_is_different(shops: Shops) -> None:
    shops.magento("DELETE FROM source_items WHERE sku = 'A'")
    assert ("different", "A") in verdicts(shops.audit())


def test_units_taken_off_but_not_shipped_stay_sellable_in_the_source(shops: Shops) -> None:
    shops.heartland("UPDATE orders SET status = 'Fulfilled'")
    shops.heartland("UPDATE inventory SET on_hand = '8', committed = '1' WHERE sku = 'A'")
    shops.heartland("UPDATE inventory SET on_hand = '49', committed = '0' WHERE sku = 'V'")
    shops.magento("UPDATE order_comments SET comment = 'Fulfilled [tillstream pos:order:17 Fulfilled]'")
    assert {entity for entity, _ in shops_entities(shops)} == {Entity.SHIPMENTS}
