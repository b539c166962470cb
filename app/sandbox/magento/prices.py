"""Base and special prices. A call answers 200 with the rows that failed; the others are written.

Catalogue prices are global here, Magento's default: a base price sent for a store view becomes the global one, a
special price sent for one is refused. A parent has no price of its own, so that its SKU counts as invalid.
``updated_at`` does not move.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from decimal import Decimal

import orjson

from app.sandbox.catalogue import ProductKind
from app.sandbox.magento.product_rows import change_row, write_values
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import ALL_STORES, Call, Json, Shop, decimal, number
from app.sandbox.magento.typed import read_parameters

INVALID = "Invalid attribute %fieldName = %fieldValue."
NO_STORE = "Requested store is not found. Row ID: SKU = {sku}, Store ID: {store_id}."
ROW = " Row ID: SKU = {sku}, Store ID: {store_id}, Price From: {price_from}, Price To: {price_to}."
"""Which row of special prices it was; unlike with base prices the values are filled in."""
DATES = {"price_from": "special_from_date", "price_to": "special_to_date"}
"""Field of a special price -> attribute of the product."""


def priced_product(shop: Shop, sku: object) -> sqlite3.Row | None:
    """The product of a SKU, if it has prices of its own."""
    row = shop.one("SELECT * FROM products WHERE sku = ?", sku)
    return row if row is not None and row["type_id"] != ProductKind.CONFIGURABLE else None


def failure(message: str, *parameters: object) -> Json:
    """One failed row as the price routes tell it: placeholders and parameters need not fit."""
    return {"message": message, "parameters": ["" if value is None else str(value) for value in parameters]}


def set_base_prices(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/base-prices."""
    prices = _read(call, "BasePrice")
    failed: list[Json] = []
    for price in prices:
        problems = _base_problems(shop, price)
        failed += problems
        row = priced_product(shop, price.get("sku"))
        if not problems and row is not None:
            change_row(shop, row["entity_id"], {"price": str(price["price"])})
    return failed


def _base_problems(shop: Shop, price: Json) -> list[Json]:
    problems = []
    if priced_product(shop, price.get("sku")) is None:
        problems.append(failure(INVALID, "SKU", price.get("sku")))
    if _is_no_price(price):
        problems.append(failure(INVALID, "Price", price.get("price")))
    if not _has_store(shop, price):
        message = NO_STORE.format(sku=price.get("sku"), store_id=price.get("store_id"))
        problems.append(failure(message, price.get("sku"), price.get("store_id")))
    return problems


def base_prices_information(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/base-prices-information."""
    return [
        {"price": number(Decimal(row["price"])), "store_id": ALL_STORES, "sku": row["sku"]}
        for row in asked_products(shop, call)
    ]


def asked_products(shop: Shop, call: Call) -> list[sqlite3.Row]:
    """The priced products among ``skus``; the others are left out without a word."""
    skus = read_parameters(call.body, {"skus": "array<string>"})["skus"]
    call.resource_key = ",".join(skus)
    return [row for row in (priced_product(shop, sku) for sku in skus) if row is not None]


def set_special_prices(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/special-price. A date that is not sent stays as it was."""
    failed: list[Json] = []
    for price in _read(call, "SpecialPrice"):
        problems = _special_problems(shop, price)
        failed += problems
        row = priced_product(shop, price.get("sku"))
        if not problems and row is not None:
            dates = {attribute: price[name] for name, attribute in DATES.items() if price.get(name)}
            write_values(shop, row, {"special_price": str(price["price"]), **dates}, ALL_STORES)
    return failed


def delete_special_prices(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/special-price-delete: by SKU; the row must be as good as for setting one."""
    failed: list[Json] = []
    for price in _read(call, "SpecialPrice"):
        problems = _special_problems(shop, price)
        failed += problems
        row = priced_product(shop, price.get("sku"))
        if not problems and row is not None:
            write_values(shop, row, dict.fromkeys(("special_price", *DATES.values())), ALL_STORES)
    return failed


def special_prices_information(shop: Shop, call: Call) -> list[Json]:
    """POST /V1/products/special-price-information."""
    found = []
    for row in asked_products(shop, call):
        values = orjson.loads(row["attributes"])
        if values.get("special_price") is None:
            continue
        dates = {name: values.get(attribute) for name, attribute in DATES.items()}
        price = number(Decimal(values["special_price"]))
        found.append({"price": price, "store_id": ALL_STORES, "sku": row["sku"], **dates})
    return found


def _special_problems(shop: Shop, price: Json) -> list[Json]:
    shown = {name: price.get(name) for name in ("sku", "store_id", *DATES)}
    texts = []
    if priced_product(shop, price.get("sku")) is None:
        texts.append("The product that was requested doesn't exist. Verify the product and try again.")
    if price.get("store_id") != ALL_STORES:
        texts.append("Could not change non global Price when price scope is global.")
    if not _has_store(shop, price):
        texts.append("Requested store is not found.")
    if _is_no_price(price):
        texts.append(f"Invalid attribute Price = {price.get('price')}.")
    texts += [
        f"Invalid attribute {label} = {price['price_to']}."
        for name, label in (("price_from", "Price From"), ("price_to", "Price To"))
        if price.get(name) and not _is_moment(price[name])
    ]
    return [failure(text + ROW.format(**shown), *shown.values()) for text in texts]


def _read(call: Call, kind: str) -> list[Json]:
    prices: list[Json] = read_parameters(call.body, {"prices": f"array<{kind}>"})["prices"]
    call.resource_key = ",".join(str(price.get("sku") or "") for price in prices)
    return prices


def _has_store(shop: Shop, price: Json) -> bool:
    return price.get("store_id") in (ALL_STORES, *shop.premises.stores)


def _is_no_price(price: Json) -> bool:
    return price.get("price") is None or decimal(price["price"]) < 0


def _is_moment(text: str) -> bool:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").strftime("%Y-%m-%d %H:%M:%S") == text  # noqa: DTZ007
    except ValueError:
        return False


_CATALOGUE = "Magento_Catalog::catalog"
ROUTES = (
    Route("POST", "/V1/products/base-prices", _CATALOGUE, set_base_prices),
    Route("POST", "/V1/products/base-prices-information", _CATALOGUE, base_prices_information),
    Route("POST", "/V1/products/special-price", _CATALOGUE, set_special_prices),
    Route("POST", "/V1/products/special-price-delete", _CATALOGUE, delete_special_prices),
    Route("POST", "/V1/products/special-price-information", _CATALOGUE, special_prices_information),
)
