"""Tier and group prices: per customer group and quantity, an amount or percent off. Websites have none of their own,
because catalogue prices are global here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from decimal import Decimal

from app.sandbox.magento.prices import asked_products, failure, priced_product
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.typed import read_parameters

ALL_GROUPS = "ALL GROUPS"
ALL_WEBSITES = 0
GROUPS = {ALL_GROUPS: 32000, "NOT LOGGED IN": 0, "General": 1, "Wholesale": 2, "Retailer": 3}
"""Customer group -> id."""
FIXED, DISCOUNT = "fixed", "discount"
WHOLE = 100

ROW = " Row ID: SKU = %SKU, Website ID: %websiteId, Customer Group: %customerGroup, Quantity: %qty."


def add_tier_prices(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/tier-prices: adds, or changes the one of the same group and quantity."""
    prices, failed = _valid(shop, call)
    for row, price in prices:
        put_tier_price(shop, row["entity_id"], price)
    return failed


def replace_tier_prices(shop: Shop, call: Call) -> list[Json]:
    """PUT /V1/products/tier-prices: these become the only ones of the SKUs that they name."""
    prices, failed = _valid(shop, call)
    for entity_id in {row["entity_id"] for row, _ in prices}:
        forget_tier_prices(shop, entity_id)
    for row, price in prices:
        put_tier_price(shop, row["entity_id"], price)
    return failed


def delete_tier_prices(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/tier-prices-delete: only rows that are the same in every field, the price too."""
    prices, failed = _valid(shop, call)
    for row, price in prices:
        known = (row["entity_id"], _group(price["customer_group"]), price["quantity"], price["price_type"])
        shop.connection.execute(
            "DELETE FROM tier_prices WHERE product_id = ? AND customer_group = ? AND quantity = ? AND price_type = ?"
            " AND CAST(price AS REAL) = ?",
            (*known, price["price"]),
        )
    return failed


def tier_prices_information(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/tier-prices-information."""
    return [
        {
            "price": number(Decimal(tier["price"])),
            "price_type": tier["price_type"],
            "website_id": ALL_WEBSITES,
            "sku": row["sku"],
            "customer_group": tier["customer_group"],
            "quantity": number(Decimal(str(tier["quantity"]))),
        }
        for row in asked_products(shop, call)
        for tier in _rows(shop, row["entity_id"])
    ]


def product_tier_prices(shop: Shop, product: sqlite3.Row) -> list[Json]:
    """``tier_prices`` of a product's document. Percent off is in the extension, beside the amount it makes."""
    return [_product_tier(Decimal(product["price"]), tier) for tier in _rows(shop, product["entity_id"])]


def _product_tier(base: Decimal, tier: sqlite3.Row) -> Json:
    price = Decimal(tier["price"])
    extension: Json = {"website_id": ALL_WEBSITES}
    if tier["price_type"] == DISCOUNT:
        extension = {"percentage_value": number(price)} | extension
        price = base * (WHOLE - price) / WHOLE
    return {
        "customer_group_id": GROUPS[tier["customer_group"]],
        "qty": number(Decimal(str(tier["quantity"]))),
        "value": number(price),
        "extension_attributes": extension,
    }


def put_product_tier_prices(shop: Shop, entity_id: int, tiers: list[Json]) -> None:
    """``tier_prices`` of a saved product: the whole list."""
    names = {group_id: name for name, group_id in GROUPS.items()}
    forget_tier_prices(shop, entity_id)
    for tier in tiers:
        percent = (tier.get("extension_attributes") or {}).get("percentage_value")
        price = {
            "customer_group": names.get(tier.get("customer_group_id", GROUPS[ALL_GROUPS]), ALL_GROUPS),
            "quantity": tier.get("qty") or 1,
            "price": tier.get("value") if percent is None else percent,
            "price_type": FIXED if percent is None else DISCOUNT,
        }
        put_tier_price(shop, entity_id, price)


def put_tier_price(shop: Shop, entity_id: int, price: Mapping[str, object]) -> None:
    """Add one, or change the one of the same group and quantity."""
    shop.connection.execute(
        "INSERT INTO tier_prices(product_id, customer_group, quantity, price, price_type) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT(product_id, customer_group, quantity)"
        " DO UPDATE SET price = excluded.price, price_type = excluded.price_type",
        (
            entity_id,
            _group(price["customer_group"]),
            price["quantity"],
            str(price["price"]),
            price["price_type"],
        ),
    )


def forget_tier_prices(shop: Shop, entity_id: int) -> None:
    """Take all of a product's away."""
    shop.connection.execute("DELETE FROM tier_prices WHERE product_id = ?", (entity_id,))


def _rows(shop: Shop, entity_id: int) -> list[sqlite3.Row]:
    return shop.connection.execute(
        "SELECT * FROM tier_prices WHERE product_id = ? ORDER BY customer_group, quantity", (entity_id,)
    ).fetchall()


def _valid(shop: Shop, call: Call) -> tuple[list[tuple[sqlite3.Row, Json]], list[Json]]:
    """The rows to write with their products, and what is wrong with the others."""
    prices: list[Json] = read_parameters(call.body, {"prices": "array<TierPrice>"})["prices"]
    call.resource_key = ",".join(str(price.get("sku") or "") for price in prices)
    valid, failed = [], []
    for price in prices:
        row = priced_product(shop, price.get("sku"))
        problems = _problems(row, price)
        failed += problems
        if row is not None and not problems:
            valid.append((row, price))
    return valid, failed


def _problems(row: sqlite3.Row | None, price: Json) -> list[Json]:
    amount, kind = decimal(price.get("price")), price.get("price_type")
    named = [price.get(name) for name in ("sku", "website_id", "customer_group", "quantity")]
    problems = []
    if row is None:
        problems.append(failure("Invalid attribute SKU = %SKU." + ROW, *named))
    if price.get("price") is None or amount < 0 or (kind == DISCOUNT and amount > WHOLE):
        problems.append(failure("Invalid attribute Price = %price." + ROW, price.get("price"), *named))
    if kind not in (FIXED, DISCOUNT):
        problems.append(failure("Invalid attribute Price Type = %priceType." + ROW, kind, *named))
    if decimal(price.get("quantity")) < 1:
        problems.append(failure("Invalid attribute Quantity = %qty." + ROW, *named))
    if price.get("website_id") != ALL_WEBSITES:
        problems.append(failure("Invalid attribute Website ID = %websiteId." + ROW, *named))
    if _group(price.get("customer_group")) not in GROUPS:
        problems.append(failure("No such entity with Customer Group = %customerGroup." + ROW, *named))
    return problems


def _group(sent: object) -> str:
    """A customer group's name as the shop writes it; groups are known in any letter case."""
    return next((name for name in GROUPS if name.lower() == str(sent).lower()), str(sent))


_CATALOGUE = "Magento_Catalog::catalog"
ROUTES = (
    Route("POST", "/V1/products/tier-prices", _CATALOGUE, add_tier_prices),
    Route("PUT", "/V1/products/tier-prices", _CATALOGUE, replace_tier_prices),
    Route("POST", "/V1/products/tier-prices-delete", _CATALOGUE, delete_tier_prices),
    Route("POST", "/V1/products/tier-prices-information", _CATALOGUE, tier_prices_information),
)
