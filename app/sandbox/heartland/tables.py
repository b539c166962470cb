"""The Heartland sandbox's tables. The auditor reads orders, order_lines, inventory and products by these names."""

from __future__ import annotations

from app.sandbox.lag import history_schema
from app.sandbox.mutations import MUTATIONS_SCHEMA
from app.sandbox.striking import PANEL_SCHEMA
from app.sandbox.webhooks import WEBHOOKS_SCHEMA

COLUMNS: dict[str, tuple[str, ...]] = {
    "orders": (
        "order_id",
        "external_id",
        "status",
        "location_id",
        "customer_id",
        "order_date",
        "total_amount",
        "currency",
        "updated_at",
        "document",
    ),
    "inventory": ("sku", "location_id", "external_id", "on_hand", "committed", "updated_at"),
    "products": ("sku", "external_id", "name", "price", "active", "updated_at"),
    "customers": ("number", "customer_id", "external_id", "email", "updated_at", "document"),
    "payments": ("payment_id", "external_id", "order_id", "status", "updated_at", "document"),
    "gift_cards": ("gift_card_id", "external_id", "number", "balance", "held", "updated_at"),
    "gift_card_holds": ("hold_id", "gift_card_id", "external_id", "status", "amount", "updated_at"),
    "gift_card_credits": ("credit_id", "gift_card_id", "external_id", "amount", "updated_at"),
    "webhook_registrations": ("webhook_id", "external_id", "url", "events", "updated_at"),
}
"""Of the tables that lists read, and that therefore keep their past."""

SCHEMA = f"""
{MUTATIONS_SCHEMA}
{WEBHOOKS_SCHEMA}
{PANEL_SCHEMA}
CREATE TABLE IF NOT EXISTS orders(
    order_id INTEGER PRIMARY KEY,
    external_id TEXT NOT NULL,         -- empty for a sale in store
    status TEXT NOT NULL,
    location_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,         -- empty if anonymous
    order_date TEXT NOT NULL,          -- UTC, like all times here
    total_amount TEXT NOT NULL,        -- decimal
    currency TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    document TEXT NOT NULL,            -- GET /v1/orders/<OrderID>
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS orders_by_external ON orders(external_id);
CREATE INDEX IF NOT EXISTS orders_by_update ON orders(updated_at, order_id);
CREATE INDEX IF NOT EXISTS orders_by_status ON orders(status, updated_at);
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders(customer_id) WHERE customer_id <> '';
CREATE TABLE IF NOT EXISTS order_lines(
    order_id INTEGER NOT NULL,
    line INTEGER NOT NULL,             -- from 1
    sku TEXT NOT NULL,
    quantity TEXT NOT NULL,            -- decimals
    price TEXT NOT NULL,
    tax TEXT NOT NULL,
    discount TEXT NOT NULL,
    PRIMARY KEY(order_id, line)
);
CREATE TABLE IF NOT EXISTS inventory(
    sku TEXT NOT NULL,
    location_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    on_hand TEXT NOT NULL,             -- decimals
    committed TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0),
    UNIQUE(sku, location_id)
);
CREATE INDEX IF NOT EXISTS inventory_by_update ON inventory(updated_at, sku, location_id);
CREATE TABLE IF NOT EXISTS products(
    sku TEXT NOT NULL UNIQUE,
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    price TEXT NOT NULL,               -- decimal
    active INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE TABLE IF NOT EXISTS customers(
    number INTEGER PRIMARY KEY,
    customer_id TEXT NOT NULL UNIQUE,
    external_id TEXT NOT NULL,
    email TEXT NOT NULL COLLATE NOCASE,
    updated_at TEXT NOT NULL,
    document TEXT NOT NULL,            -- without Purchases
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE TABLE IF NOT EXISTS payments(
    payment_id INTEGER PRIMARY KEY,
    external_id TEXT NOT NULL,
    order_id TEXT NOT NULL,            -- empty if it is of no order
    status TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    document TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE TABLE IF NOT EXISTS gift_cards(
    gift_card_id INTEGER PRIMARY KEY,
    external_id TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE,
    balance TEXT NOT NULL,             -- decimals
    held TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE TABLE IF NOT EXISTS gift_card_holds(
    hold_id INTEGER PRIMARY KEY,
    gift_card_id INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    status TEXT NOT NULL,
    amount TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE TABLE IF NOT EXISTS gift_card_credits(
    credit_id INTEGER PRIMARY KEY,
    gift_card_id INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE TABLE IF NOT EXISTS webhook_registrations(
    webhook_id INTEGER PRIMARY KEY,    -- of webhook_subscriptions
    external_id TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,              -- JSON list
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
{"".join(history_schema(table, columns) for table, columns in COLUMNS.items())}
"""
