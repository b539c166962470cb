"""Products whose price or name is not who owns it says, and new ones that are missing, are told by the auditor."""

from __future__ import annotations

import pytest

from app.demo.audit.findings import Entity
from app.demo.deeds import MadeProduct
from tests.app.demo.books_in_balance import Shops, shops_entities


def test_another_price_is_different_and_a_name_stays_the_web_teams(shops: Shops) -> None:
    shops.heartland("UPDATE products SET price = '11', name = 'Hat'")
    assert (Entity.PRODUCTS, "different") in {(entity, one.verdict) for entity, one in shops_entities(shops)}
    shops.heartland("UPDATE products SET price = '10' WHERE sku = 'A'")
    shops.heartland("UPDATE products SET price = '5.5' WHERE sku = 'V'")
    shops.deeds.renamed["A"] = "Cap"
    assert shops.audit().balanced
    shops.magento("UPDATE products SET name = 'Hat' WHERE sku = 'A'")
    assert not shops.audit().balanced


@pytest.mark.parametrize(
    ("made", "verdict"),
    [("", "lost"), ("('N', 'New', '3', 1, 'simple')", "different"), ("('N', 'New', '3', 2, 'simple')", "")],
)
def test_a_new_product_is_there_disabled_under_its_name(shops: Shops, made: str, verdict: str) -> None:
    shops.deeds.add(MadeProduct("N", "New"))
    if made:
        shops.magento(f"INSERT INTO products VALUES {made}")
    assert [one.verdict for _, one in shops_entities(shops)] == ([verdict] if verdict else [])
