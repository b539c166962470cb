"""Books of both sandboxes that are in balance, for tests that put them out of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.demo.audit.books import Books
from app.demo.audit.findings import Audit, Entity, Finding
from app.demo.audit.run import audit
from app.demo.deeds import Deeds, Expect, PlacedOrder, StockChange

MAGENTO = """
CREATE TABLE orders(entity_id INTEGER, increment_id TEXT, ext_order_id TEXT, document TEXT);
CREATE TABLE order_comments(id INTEGER PRIMARY KEY, order_id INTEGER, comment TEXT);
CREATE TABLE source_items(sku TEXT, source_code TEXT, quantity TEXT);
CREATE TABLE products(sku TEXT, name TEXT, price TEXT, status INTEGER, type_id TEXT);
CREATE TABLE customers(document TEXT);
CREATE TABLE gift_cards(code TEXT, balance TEXT);
CREATE TABLE invoices(entity_id INTEGER PRIMARY KEY, order_id INTEGER, document TEXT);
CREATE TABLE shipments(entity_id INTEGER PRIMARY KEY, order_id INTEGER, document TEXT);
CREATE TABLE creditmemos(entity_id INTEGER PRIMARY KEY, order_id INTEGER, document TEXT);
CREATE TABLE mutations(id INTEGER PRIMARY KEY, path TEXT, operation TEXT, status INTEGER, body TEXT);
"""
HEARTLAND = """
CREATE TABLE orders(order_id INTEGER, external_id TEXT, status TEXT, document TEXT);
CREATE TABLE inventory(sku TEXT, location_id TEXT, on_hand TEXT, committed TEXT);
CREATE TABLE products(sku TEXT, name TEXT, price TEXT);
CREATE TABLE customers(document TEXT);
CREATE TABLE gift_cards(number TEXT, balance TEXT, held TEXT);
CREATE TABLE gift_card_holds(external_id TEXT);
CREATE TABLE payments(order_id TEXT, document TEXT);
CREATE TABLE mutations(id INTEGER PRIMARY KEY, path TEXT, operation TEXT, status INTEGER, body TEXT);
"""
ORDER = {
    "TotalAmount": 25.5,
    "LocationID": "MAIN",
    "LineItems": [{"SKU": "A", "Quantity": 2, "Price": 10}, {"SKU": "V", "Quantity": 1, "Price": 5.5}],
    "Tenders": [{"Type": "GiftCard", "Amount": 5}],
    "BalanceDue": 20.5,
}
ITEMS: dict[str, Any] = {
    "state": "new",
    "payment": {"method": "checkmo"},
    "base_total_due": 20.5,
    "extension_attributes": {"base_gift_cards_amount": 5},
    "items": [
        {"sku": "A", "qty_ordered": 2},
        {"sku": "A", "qty_ordered": 2, "parent_item_id": 1},
        {"sku": "V", "qty_ordered": 1, "is_virtual": 1, "qty_invoiced": 1},
    ],
}
PLACED = PlacedOrder(
    "000000001",
    Decimal("25.50"),
    "ann@example.com",
    (("A", Decimal(2), Decimal(10)), ("V", Decimal(1), Decimal("5.50"))),
    Expect.EXPORTED,
)


class Shops:
    """Both databases, in balance: order 1 was exported and is open, so Heartland commits its two A and one V."""

    def __init__(self, directory: Path) -> None:
        self.books = Books(directory / "m.sqlite", directory / "h.sqlite", "web", "W-", "MAIN", {"MAIN": "main"})
        self.deeds = Deeds(orders={PLACED.number: PLACED}, stock=[StockChange("A", "MAIN")])
        self.magento(MAGENTO)
        self.magento(f"INSERT INTO orders VALUES (1, '000000001', '17', '{json.dumps(ITEMS)}')")
        self.magento("INSERT INTO order_comments(order_id, comment) VALUES (1, 'Open [tillstream pos:order:17 Open]')")
        self.magento("INSERT INTO products(sku, name, price) VALUES ('A', 'Cap', '10'), ('V', 'Help', '5.5')")
        self.magento("INSERT INTO source_items VALUES ('A', 'main', '9'), ('V', 'main', '49')")
        self.heartland(HEARTLAND)
        self.heartland(f"INSERT INTO orders VALUES (17, 'W-000000001', 'Open', '{json.dumps(ORDER)}')")
        self.heartland("INSERT INTO products VALUES ('A', 'Cap', '10.00'), ('V', 'Help', '5.50')")
        self.heartland("INSERT INTO inventory VALUES ('A', 'MAIN', '10', '3'), ('V', 'MAIN', '50', '1')")

        self.create()
        self.tell("Open")

    def create(self, external_id: str | None = "W-000000001", *, status: int = 201) -> None:
        """Heartland is asked to create an order."""
        self._log(self.books.heartland, "/v1/orders", "create_order", status, {"ExternalID": external_id, **ORDER})

    def becomes(self, order_status: str) -> None:
        """The order's status is changed at Heartland."""
        self._log(self.books.heartland, "/v1/orders/17", "update_order", 200, {"Status": order_status})

    def tell(self, told: str, *, status: int = 200) -> None:
        """Magento is asked to add a comment."""
        body = {"statusHistory": {"comment": f"Heartland order 17 is {told} [tillstream pos:order:17 {told}]"}}
        self._log(self.books.magento, "/rest/V1/orders/1/comments", "add_comment", status, body)

    def _log(self, path: Path, call: str, operation: str, status: int, body: object) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            line = (call, operation, status, json.dumps(body))
            connection.execute("INSERT INTO mutations(path, operation, status, body) VALUES (?, ?, ?, ?)", line)

    def magento(self, sql: str) -> None:
        _run(self.books.magento, sql)

    def heartland(self, sql: str) -> None:
        _run(self.books.heartland, sql)

    def audit(self) -> Audit:
        return audit(self.books, self.deeds)


def _run(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


PAID = {**ITEMS, "state": "processing", "base_total_paid": 20.5, "base_total_due": 0, "base_total_invoiced": 20.5}
INVOICE = {"increment_id": "9", "base_grand_total": 20.5}
PAYMENT = {"ExternalID": "W-000000001-inv-9", "Amount": 20.5}
TENDERS = [*ORDER["Tenders"], {"Type": "Offline", "Amount": 20.5}]  # type: ignore[misc]
MEMO = {
    "base_grand_total": 10,
    "items": [{"sku": "A", "qty": 1, "base_row_total": 10}, {"sku": "A", "qty": 1, "parent_item_id": 1}],
}
ENTRY = {"Amount": 10, "Lines": [{"SKU": "A", "Quantity": 1}]}
SHIPMENT = {
    "items": [{"sku": "A", "qty": 2}],
    "tracks": [{"track_number": "1Z1"}],
    "extension_attributes": {"source_code": "main"},
}
PARCEL = {"TrackingNumber": "1Z1", "Lines": [{"SKU": "A", "Quantity": 2}]}
GONE = [{**row, "qty_shipped": 2} for row in ITEMS["items"]]


class Paid:
    """The order was paid, shipped, and one piece came back; both systems say so."""

    def __init__(self, shops: Shops) -> None:
        self.shops = shops
        self.web: dict[str, object] = {**PAID, "items": [*GONE[:2], ITEMS["items"][2]]}
        self.pos: dict[str, object] = {**ORDER, "BalanceDue": 0, "Tenders": TENDERS, "Shipments": [PARCEL]}
        self.pos |= {"Refunds": [ENTRY]}
        self.papers("invoices", INVOICE)
        self.papers("shipments", SHIPMENT)
        self.papers("creditmemos", MEMO)
        shops.heartland(f"INSERT INTO payments VALUES ('17', '{json.dumps(PAYMENT)}')")
        shops.heartland("UPDATE inventory SET committed = '1' WHERE sku = 'A'")
        self.keep()

    def keep(self) -> None:
        self.shops.magento(f"UPDATE orders SET document = '{json.dumps(self.web)}'")
        self.shops.heartland(f"UPDATE orders SET document = '{json.dumps(self.pos)}'")

    def papers(self, table: str, *documents: object) -> None:
        self.shops.magento(f"DELETE FROM {table}")
        for document in documents:
            self.shops.magento(f"INSERT INTO {table}(order_id, document) VALUES (1, '{json.dumps(document)}')")

    def wrong(self) -> set[tuple[Entity, str]]:
        entities = shops_entities(self.shops)
        return {(entity, finding.verdict) for entity, finding in entities}


def verdicts(result: Audit) -> set[tuple[str, str]]:
    return {(finding.verdict, finding.subject) for finding in result.findings}


def shops_entities(shops: Shops) -> list[tuple[Entity, Finding]]:
    return [(entity, one) for entity, found in shops.audit().entities.items() for one in found.findings]
