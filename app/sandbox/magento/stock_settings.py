"""What is set at a product's legacy stock item: thresholds, backorders, and the flag that a parent needs to be sold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import orjson

from app.sandbox.magento.shop import Json, Shop, decimal

DEFAULTS: Json = {
    "is_qty_decimal": False,
    "show_default_notification_message": False,
    "use_config_min_qty": True,
    "min_qty": 0,
    "use_config_min_sale_qty": 1,
    "min_sale_qty": 1,
    "use_config_max_sale_qty": True,
    "max_sale_qty": 10000,
    "use_config_backorders": True,
    "backorders": 0,
    "use_config_notify_stock_qty": True,
    "notify_stock_qty": 1,
    "use_config_qty_increments": True,
    "qty_increments": 0,
    "use_config_enable_qty_inc": True,
    "enable_qty_increments": False,
    "use_config_manage_stock": True,
    "manage_stock": True,
    "low_stock_date": None,
    "is_decimal_divided": False,
    "stock_status_changed_auto": 0,
}
"""Of a stock item that nobody touched; also the shop's configuration, which the ``use_config`` flags stand for."""
OWN = ("min_qty", "backorders", "manage_stock")
"""Settings that count only when their ``use_config`` flag is off: sent alone, such a value has no effect."""

IN_STOCK, GIVEN = "is_in_stock", "given"
"""Keys beside the settings. ``given``: the default source was written once; before, the stock item's qty is null."""


@dataclass(frozen=True, slots=True)
class StockSettings:
    """What selling depends on.

    Attributes:
        min_qty: out-of-stock threshold; so many units are never sold.
        backorders: sells what is not there.
        is_in_stock: the legacy flag, which a configurable needs to be sold.
    """

    min_qty: Decimal
    backorders: bool
    is_in_stock: bool


def stock_settings(stock: str) -> StockSettings:
    """The settings of a product's ``stock`` column."""
    stored: Json = orjson.loads(stock)
    effective = effective_settings(stored)
    return StockSettings(
        decimal(effective["min_qty"]), bool(effective["backorders"]), bool(stored.get(IN_STOCK, False))
    )


def effective_settings(stored: Json) -> Json:
    """All settings as Magento shows and follows them: the shop's own ones where a ``use_config`` flag is on."""
    merged = DEFAULTS | {name: value for name, value in stored.items() if name in DEFAULTS}
    return merged | {name: DEFAULTS[name] for name in OWN if merged[f"use_config_{name}"]}


def change_settings(shop: Shop, sku: str, changes: Json) -> None:
    """Write some of the settings or flags; ``updated_at`` of the product stays."""
    row = shop.one("SELECT stock FROM products WHERE sku = ?", sku)
    if row is not None:
        stock = orjson.dumps(orjson.loads(row["stock"]) | changes).decode()
        shop.connection.execute("UPDATE products SET stock = ? WHERE sku = ?", (stock, sku))


def put_default_stock(shop: Shop, sku: str, *, is_in_stock: bool) -> None:
    """The default source was written: from now on the legacy stock item shows it."""
    change_settings(shop, sku, {GIVEN: True, IN_STOCK: is_in_stock})
