"""The Magento sandbox's tables. The auditor reads them by these names."""

from __future__ import annotations

from app.sandbox.lag import history_schema
from app.sandbox.magento.mail import MAILS_SCHEMA
from app.sandbox.magento.switches import SWITCHES_SCHEMA
from app.sandbox.mutations import MUTATIONS_SCHEMA
from app.sandbox.striking import PANEL_SCHEMA
from app.sandbox.webhooks import WEBHOOKS_SCHEMA

ORDER_COLUMNS = (
    "entity_id",
    "increment_id",
    "store_id",
    "state",
    "status",
    "ext_order_id",
    "created_at",
    "updated_at",
    "base_grand_total",
    "customer_email",
    "document",
)
SOURCE_ITEM_COLUMNS = ("source_item_id", "sku", "source_code", "quantity", "status")
DOCUMENT_COLUMNS = ("entity_id", "increment_id", "order_id", "created_at", "updated_at", "document")

TRANSACTION_COLUMNS = (
    "transaction_id",
    "order_id",
    "payment_id",
    "parent_id",
    "txn_id",
    "parent_txn_id",
    "txn_type",
    "is_closed",
    "created_at",
)
CUSTOMER_COLUMNS = ("entity_id", "email", "website_id", "created_at", "updated_at", "document")

COMMENT_COLUMNS = (
    "id",
    "order_id",
    "comment",
    "status",
    "created_at",
    "entity_name",
    "is_customer_notified",
    "is_visible_on_front",
)
PRODUCT_COLUMNS = (
    "entity_id",
    "sku",
    "type_id",
    "name",
    "price",
    "attribute_set_id",
    "status",
    "visibility",
    "weight",
    "parent_id",
    "shade",
    "attributes",
    "website_ids",
    "options",
    "stock",
    "created_at",
    "updated_at",
)

_TEXT = "TEXT COLLATE NOCASE"
"""MySQL compares and sorts text without regard to case."""

SCHEMA = f"""
{MUTATIONS_SCHEMA}
{WEBHOOKS_SCHEMA}
{PANEL_SCHEMA}
{SWITCHES_SCHEMA}
{MAILS_SCHEMA}
CREATE TABLE IF NOT EXISTS orders(
    entity_id INTEGER PRIMARY KEY,
    increment_id {_TEXT} NOT NULL,
    store_id INTEGER NOT NULL,
    state {_TEXT},
    status {_TEXT},
    ext_order_id {_TEXT},
    created_at TEXT NOT NULL,          -- YYYY-MM-DD HH:MM:SS, UTC, as in the answers
    updated_at TEXT NOT NULL,
    base_grand_total REAL,
    customer_email {_TEXT},
    document TEXT NOT NULL,            -- GET /V1/orders/:id without status_histories, parent_item and shipped items
    valid_from REAL NOT NULL DEFAULT (0),
    UNIQUE(increment_id, store_id)
);
CREATE INDEX IF NOT EXISTS orders_updated ON orders(updated_at, entity_id);
CREATE INDEX IF NOT EXISTS orders_created ON orders(created_at);
CREATE INDEX IF NOT EXISTS orders_ext ON orders(ext_order_id);
CREATE TABLE IF NOT EXISTS order_comments(
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    comment TEXT,
    status TEXT,
    created_at TEXT NOT NULL,
    entity_name TEXT,
    is_customer_notified INTEGER,
    is_visible_on_front INTEGER NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS order_comments_by_order ON order_comments(order_id);
CREATE TABLE IF NOT EXISTS invoices(
    entity_id INTEGER PRIMARY KEY, increment_id {_TEXT} NOT NULL, order_id INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, document TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS invoices_by_order ON invoices(order_id);
CREATE TABLE IF NOT EXISTS shipments(
    entity_id INTEGER PRIMARY KEY, increment_id {_TEXT} NOT NULL, order_id INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, document TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS shipments_by_order ON shipments(order_id);
CREATE TABLE IF NOT EXISTS creditmemos(
    entity_id INTEGER PRIMARY KEY, increment_id {_TEXT} NOT NULL, order_id INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, document TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS creditmemos_by_order ON creditmemos(order_id);
CREATE TABLE IF NOT EXISTS transactions(
    transaction_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, payment_id INTEGER NOT NULL,
    parent_id INTEGER,                 -- the transaction that this one is about
    txn_id {_TEXT} NOT NULL,           -- the gateway's
    parent_txn_id {_TEXT},
    txn_type TEXT NOT NULL,            -- authorization, capture, refund, void
    is_closed INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS transactions_by_order ON transactions(order_id);
CREATE TABLE IF NOT EXISTS customers(
    entity_id INTEGER PRIMARY KEY,
    email {_TEXT} NOT NULL,
    website_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    document TEXT NOT NULL,            -- GET /V1/customers/:customerId
    valid_from REAL NOT NULL DEFAULT (0),
    UNIQUE(email, website_id)
);
CREATE INDEX IF NOT EXISTS customers_updated ON customers(updated_at, entity_id);
CREATE TABLE IF NOT EXISTS customer_addresses(address_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS products(
    entity_id INTEGER PRIMARY KEY,
    sku {_TEXT} NOT NULL UNIQUE,
    type_id TEXT NOT NULL,
    name TEXT NOT NULL,
    price TEXT NOT NULL,               -- decimal
    attribute_set_id INTEGER NOT NULL,
    status INTEGER NOT NULL,
    visibility INTEGER NOT NULL,
    weight TEXT,                       -- decimal, null for virtual ones
    parent_id INTEGER,                 -- of a configurable's child
    shade INTEGER,                     -- option value of a configurable's child
    attributes TEXT NOT NULL,          -- JSON: global values of the other attributes by code
    website_ids TEXT NOT NULL,         -- JSON list
    options TEXT NOT NULL,             -- JSON list: custom options
    stock TEXT NOT NULL,               -- JSON: what was set at the legacy stock item
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0)
);
CREATE INDEX IF NOT EXISTS products_by_parent ON products(parent_id);
CREATE TABLE IF NOT EXISTS product_values(
    product_id INTEGER NOT NULL, store_id INTEGER NOT NULL, code TEXT NOT NULL,
    value TEXT NOT NULL,               -- JSON: instead of the global value at this store view
    PRIMARY KEY(product_id, store_id, code)
);
CREATE TABLE IF NOT EXISTS tier_prices(
    product_id INTEGER NOT NULL, customer_group TEXT NOT NULL, quantity REAL NOT NULL,
    price TEXT NOT NULL,               -- decimal: an amount, or percent off
    price_type TEXT NOT NULL,          -- fixed or discount
    PRIMARY KEY(product_id, customer_group, quantity)
);
CREATE TABLE IF NOT EXISTS media_entries(
    entry_id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL, document TEXT NOT NULL, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS media_entries_by_product ON media_entries(product_id);
CREATE TABLE IF NOT EXISTS attribute_options(
    option_id INTEGER PRIMARY KEY, attribute_code TEXT NOT NULL, label {_TEXT} NOT NULL,
    sort_order INTEGER NOT NULL, UNIQUE(attribute_code, label)
);
CREATE TABLE IF NOT EXISTS configurable_options(
    product_id INTEGER PRIMARY KEY, label TEXT NOT NULL, position INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS stock_source_links(
    stock_id INTEGER NOT NULL, source_code {_TEXT} NOT NULL,
    priority INTEGER NOT NULL,         -- 1 is the first
    PRIMARY KEY(stock_id, source_code)
);
CREATE TABLE IF NOT EXISTS source_items(
    source_item_id INTEGER PRIMARY KEY,
    sku {_TEXT} NOT NULL,
    source_code {_TEXT} NOT NULL,
    quantity REAL NOT NULL,
    status INTEGER NOT NULL,
    valid_from REAL NOT NULL DEFAULT (0),
    UNIQUE(sku, source_code)
);
CREATE TABLE IF NOT EXISTS reservations(
    id INTEGER PRIMARY KEY,
    sku {_TEXT} NOT NULL,
    stock_id INTEGER NOT NULL,
    quantity REAL NOT NULL,            -- negative: sold and not yet shipped
    order_increment_id TEXT NOT NULL,
    event TEXT NOT NULL                -- order_placed, order_canceled, shipment_created ...
);
CREATE INDEX IF NOT EXISTS reservations_by_sku ON reservations(sku, stock_id, quantity);
CREATE TABLE IF NOT EXISTS carts(
    masked_id TEXT PRIMARY KEY,        -- of a guest's cart; of a customer's, its quote_id
    quote_id INTEGER NOT NULL, active INTEGER NOT NULL, document TEXT NOT NULL,
    customer_id INTEGER
);
CREATE INDEX IF NOT EXISTS carts_by_customer ON carts(customer_id) WHERE customer_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS gift_cards(
    account_id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, balance TEXT NOT NULL -- decimal
);
CREATE TABLE IF NOT EXISTS sequences(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
{history_schema("orders", ORDER_COLUMNS)}
{history_schema("order_comments", COMMENT_COLUMNS)}
{history_schema("products", PRODUCT_COLUMNS)}
{history_schema("source_items", SOURCE_ITEM_COLUMNS)}
{history_schema("invoices", DOCUMENT_COLUMNS)}
{history_schema("shipments", DOCUMENT_COLUMNS)}
{history_schema("creditmemos", DOCUMENT_COLUMNS)}
{history_schema("transactions", TRANSACTION_COLUMNS)}
{history_schema("customers", CUSTOMER_COLUMNS)}
"""

LAGGING_TABLES = (
    "orders",
    "order_comments",
    "products",
    "source_items",
    "invoices",
    "shipments",
    "creditmemos",
    "transactions",
    "customers",
)
