"""Whatever is written where, every store view shows its own value, else the global one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.database import Database
from app.sandbox.faults import FaultPanel
from app.sandbox.magento.attributes import ATTRIBUTES, Scope
from app.sandbox.magento.product_rows import NewProduct, find_product, insert_product, values_at, write_values
from app.sandbox.magento.shop import ALL_STORES, Shop
from app.sandbox.magento.tables import SCHEMA
from app.sandbox.webhooks import WebhookSender

STORES = (ALL_STORES, 1, 4)
FIRST = {"name": "First", "description": "Soft", "brand": "7"}

Write = tuple[int, str, str | None]
writes = st.one_of(
    st.tuples(st.sampled_from(STORES), st.sampled_from(("description", "brand")), st.none() | st.text(max_size=3)),
    st.tuples(st.sampled_from(STORES), st.just("name"), st.text(min_size=1, max_size=3)),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    path: Path = tmp_path_factory.mktemp("scopes") / "magento.db"
    database = Database(path, SCHEMA)
    with database.transaction() as connection:
        made = Shop(connection, WebhookSender(database, FaultPanel(1)))
    yield made
    database.close()


@given(st.lists(writes, max_size=12))
def test_a_view_shows_its_own_value_else_the_global_one(shop: Shop, plan: list[Write]) -> None:
    sku = f"P-{shop.next_id('test')}"
    insert_product(shop, NewProduct(sku, "simple", {"price": 1, **FIRST}))
    model: dict[int, dict[str, str]] = {store: {} for store in STORES} | {ALL_STORES: dict(FIRST)}
    for store, code, value in plan:
        write_values(shop, find_product(shop, sku), {code: value}, store)
        kept_at = ALL_STORES if ATTRIBUTES[code].scope is Scope.GLOBAL else store
        if value is None:
            model[kept_at].pop(code, None)
        else:
            model[kept_at][code] = value
    row = find_product(shop, sku)
    for store in STORES:
        expected = model[ALL_STORES] | model[store]
        assert {code: value for code, value in values_at(shop, row, store).items() if code in FIRST} == expected
