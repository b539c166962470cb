"""Price routes: 200 whatever happens, the failed rows in the answer, the others written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from app.sandbox.magento.server import ROUTES
from tests.app.sandbox.magento.storefront import Storefront
from tests.app.sandbox.magento.test_magento_requests import logged

CAPTURES = Path("tests/data/sandbox/magento_prices.json")
CAPTURED: dict[str, Any] = orjson.loads(CAPTURES.read_bytes())
"""``base_prices_partial_failure`` and ``special_price`` as a running Magento 2.4.7 answered."""

WINDOW = {"price_from": "2026-11-20 00:00:00", "price_to": "2026-12-31 23:59:59"}


def special(sku: str = "S4", **changes: Any) -> dict[str, Any]:
    return {"sku": sku, "store_id": 0, "price": 35, **WINDOW, **changes}


def tier(sku: str = "S1", **changes: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "price": 8,
        "price_type": "fixed",
        "website_id": 0,
        "customer_group": "Wholesale",
        "quantity": 5,
        **changes,
    }


async def send(shop: Storefront, kind: str, *rows: dict[str, Any], method: str = "POST") -> Any:
    return await shop.do(method, f"/products/{kind}", {"prices": list(rows)})


async def ask(shop: Storefront, kind: str, *skus: str) -> Any:
    return await shop.do("POST", f"/products/{kind}-information", {"skus": list(skus)})


def base(sku: str, price: float | None, store_id: int = 0) -> dict[str, Any]:
    return {"sku": sku, "price": price, "store_id": store_id}


async def test_base_prices_answer_only_the_failed_rows_and_write_the_others(shop: Storefront) -> None:
    failed = await send(shop, "base-prices", base("S4", 41.5), base("NOPE", 1), base("S5", -1))
    assert failed == CAPTURED["base_prices_partial_failure"]
    assert [(await shop.get(f"/products/{sku}"))["price"] for sku in ("S4", "S5")] == [41.5, 50]
    assert await send(shop, "base-prices", base("S4", 40)) == []


async def test_a_parent_has_no_base_price(shop: Storefront) -> None:
    (failed,) = await send(shop, "base-prices", base("CAP", 9))
    assert failed["parameters"] == ["SKU", "CAP"]


async def test_a_base_price_needs_an_amount_and_a_store_that_is_there(shop: Storefront) -> None:
    failed = await send(shop, "base-prices", base("S1", None), base("S2", 5, 9))
    assert [row["parameters"] for row in failed] == [["Price", ""], ["S2", "9"]]
    assert "Requested store is not found" in failed[1]["message"]
    assert await ask(shop, "base-prices", "S1", "S2", "CAP", "NOPE") == [
        {"price": 10, "store_id": 0, "sku": "S1"},
        {"price": 20, "store_id": 0, "sku": "S2"},
    ]


async def test_a_special_price_is_told_as_it_was_set_and_shows_at_the_product(shop: Storefront) -> None:
    assert await send(shop, "special-price", special()) == []
    assert await ask(shop, "special-price", "S4", "S1") == CAPTURED["special_price"]
    custom = await shop.custom("S4")
    assert (custom["special_from_date"], custom["special_to_date"]) == tuple(WINDOW.values())
    assert (await shop.get("/products/S4"))["price"] == 40


async def test_dates_that_are_not_sent_stay(shop: Storefront) -> None:
    await send(shop, "special-price", special())
    await send(shop, "special-price", {"sku": "S4", "store_id": 0, "price": 30})
    assert await ask(shop, "special-price", "S4") == [{"price": 30, "store_id": 0, "sku": "S4", **WINDOW}]


async def test_the_same_row_back_deletes_a_special_price_and_its_dates(shop: Storefront) -> None:
    await send(shop, "special-price", special())
    assert await send(shop, "special-price-delete", special()) == []
    assert await ask(shop, "special-price", "S4") == []
    assert "special_from_date" not in await shop.custom("S4")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sku": "NOPE"}, "The product that was requested doesn't exist."),
        ({"store_id": 1}, "Could not change non global Price when price scope is global."),
        ({"price": -1}, "Invalid attribute Price = -1."),
        ({"price_to": "2026-13-01"}, "Invalid attribute Price To = 2026-13-01."),
    ],
)
async def test_a_bad_special_price_is_told_and_not_written(shop: Storefront, change: dict[str, Any], said: str) -> None:
    (failed,) = await send(shop, "special-price", special(**change), special("S5"))
    assert said in failed["message"]
    assert f"SKU = {change.get('sku', 'S4')}," in failed["message"]
    assert [row["sku"] for row in await ask(shop, "special-price", "S4", "S5")] == ["S5"]


async def test_tier_prices_are_added_and_one_of_the_same_group_and_quantity_is_changed(shop: Storefront) -> None:
    assert await send(shop, "tier-prices", tier(), tier(quantity=10, price=7)) == []
    assert await send(shop, "tier-prices", tier(customer_group="wholesale", price=7.5)) == []
    assert await ask(shop, "tier-prices", "S1") == [tier(price=7.5), tier(quantity=10, price=7)]
    document = await shop.get("/products/S1")
    assert [(row["customer_group_id"], row["qty"], row["value"]) for row in document["tier_prices"]] == [
        (2, 5, 7.5),
        (2, 10, 7),
    ]


async def test_percent_off_shows_the_amount_that_it_makes(shop: Storefront) -> None:
    await send(shop, "tier-prices", tier(price=25, price_type="discount", customer_group="ALL GROUPS"))
    (row,) = (await shop.get("/products/S1"))["tier_prices"]
    assert (row["customer_group_id"], row["value"]) == (32000, 7.5)
    assert row["extension_attributes"] == {"percentage_value": 25, "website_id": 0}


async def test_a_put_of_tier_prices_replaces_those_of_the_skus_that_it_names(shop: Storefront) -> None:
    await send(shop, "tier-prices", tier(), tier(quantity=10), tier("S2"))
    assert await send(shop, "tier-prices", tier(quantity=3), method="PUT") == []
    assert await ask(shop, "tier-prices", "S1", "S2") == [tier(quantity=3), tier("S2")]


async def test_a_tier_price_is_deleted_only_by_the_row_as_it_is(shop: Storefront) -> None:
    await send(shop, "tier-prices", tier())
    assert await send(shop, "tier-prices-delete", tier(price=1)) == []
    assert await ask(shop, "tier-prices", "S1") == [tier()]
    assert await send(shop, "tier-prices-delete", tier()) == []
    assert await ask(shop, "tier-prices", "S1") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sku": "NOPE"}, "Invalid attribute SKU"),
        ({"price": 101, "price_type": "discount"}, "Invalid attribute Price ="),
        ({"price_type": "free"}, "Invalid attribute Price Type"),
        ({"quantity": 0}, "Invalid attribute Quantity"),
        ({"website_id": 1}, "Invalid attribute Website ID"),
        ({"customer_group": "Friends"}, "No such entity with Customer Group"),
    ],
)
async def test_a_bad_tier_price_is_told_and_not_written(shop: Storefront, change: dict[str, Any], said: str) -> None:
    (failed,) = await send(shop, "tier-prices", tier(**change), tier("S2"))
    assert failed["message"].startswith(said)
    assert await ask(shop, "tier-prices", "S1", "S2") == [tier("S2")]


async def test_tier_prices_of_a_saved_product_are_the_whole_list(shop: Storefront) -> None:
    await send(shop, "tier-prices", tier())
    await shop.put_product("S1", price=11)
    assert await ask(shop, "tier-prices", "S1") == [tier()]
    await shop.put_product("S1", tier_prices=[{"customer_group_id": 1, "qty": 2, "value": 9}])
    assert await ask(shop, "tier-prices", "S1") == [tier(customer_group="General", quantity=2, price=9)]
    await shop.put_product("S1", tier_prices=[])
    assert await ask(shop, "tier-prices", "S1") == []


async def test_price_calls_are_in_the_mutation_log_under_their_skus(shop: Storefront) -> None:
    await send(shop, "base-prices", base("S4", 1), base("NOPE", 1))
    assert [(row["resource_key"], row["status"]) for row in logged(shop, "set_base_prices")] == [("S4,NOPE", 200)]


def test_every_route_that_changes_something_has_an_operation_of_its_own() -> None:
    names = [route.operation for route in ROUTES if route.method != "GET" and route.operation != "save_order"]
    assert len(names) == len(set(names))
