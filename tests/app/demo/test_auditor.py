"""The auditor can fail: whatever is doubled, dropped or altered in a sandbox's database, it says so."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from app.demo.auditor import Audit, Books, audit
from app.demo.deeds import Deed, Deeds, DeedsFile, Expect, InvalidEvent, PlacedOrder, StockChange

MAGENTO = """
CREATE TABLE orders(entity_id INTEGER, increment_id TEXT, ext_order_id TEXT, document TEXT);
CREATE TABLE order_comments(id INTEGER PRIMARY KEY, order_id INTEGER, comment TEXT);
CREATE TABLE source_items(sku TEXT, source_code TEXT, quantity TEXT);
CREATE TABLE products(sku TEXT);
CREATE TABLE mutations(id INTEGER PRIMARY KEY, path TEXT, operation TEXT, status INTEGER, body TEXT);
"""
HEARTLAND = """
CREATE TABLE orders(order_id INTEGER, external_id TEXT, status TEXT, document TEXT);
CREATE TABLE inventory(sku TEXT, location_id TEXT, on_hand TEXT, committed TEXT);
CREATE TABLE mutations(id INTEGER PRIMARY KEY, path TEXT, operation TEXT, status INTEGER, body TEXT);
"""
ORDER = {
    "TotalAmount": 25.5,
    "LocationID": "MAIN",
    "LineItems": [{"SKU": "A", "Quantity": 2, "Price": 10}, {"SKU": "V", "Quantity": 1, "Price": 5.5}],
    "Tenders": [{"Amount": 5}],
    "BalanceDue": 20.5,
}
ITEMS = {
    "items": [
        {"sku": "A", "qty_ordered": 2},
        {"sku": "A", "qty_ordered": 2, "parent_item_id": 1},
        {"sku": "V", "qty_ordered": 1, "is_virtual": 1, "qty_invoiced": 1},
    ]
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
        self.books = Books(directory / "m.sqlite", directory / "h.sqlite", "W-", "MAIN", {"MAIN": "main"})
        self.deeds = Deeds(orders={PLACED.number: PLACED}, stock=[StockChange("A", "MAIN")])
        self.magento(MAGENTO)
        self.magento(f"INSERT INTO orders VALUES (1, '000000001', '17', '{json.dumps(ITEMS)}')")
        self.magento("INSERT INTO order_comments(order_id, comment) VALUES (1, 'Open [tillstream pos:order:17 Open]')")
        self.magento("INSERT INTO products VALUES ('A'), ('V')")
        self.magento("INSERT INTO source_items VALUES ('A', 'main', '9'), ('V', 'main', '49')")
        self.heartland(HEARTLAND)
        self.heartland(f"INSERT INTO orders VALUES (17, 'W-000000001', 'Open', '{json.dumps(ORDER)}')")
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


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    return Shops(tmp_path)


def verdicts(result: Audit) -> set[tuple[str, str]]:
    return {(finding.verdict, finding.subject) for finding in [*result.findings, *result.stock_findings]}


def test_books_in_balance_are_found_in_balance(shops: Shops) -> None:
    result = shops.audit()
    assert result.balanced, result
    assert (result.placed, result.in_target, result.stock_changes, result.skus) == (1, 1, 1, 2)


def test_a_dropped_order_is_lost(shops: Shops) -> None:
    shops.heartland("DELETE FROM orders")
    assert ("lost", "000000001") in verdicts(shops.audit())


def test_an_order_that_stands_twice_is_doubled(shops: Shops) -> None:
    shops.heartland("INSERT INTO orders SELECT 18, external_id, status, document FROM orders")
    assert ("doubled", "000000001") in verdicts(shops.audit())


@pytest.mark.parametrize(
    "change",
    [
        {"TotalAmount": 25.51},
        {"BalanceDue": 20.4},
        {"LineItems": [{"SKU": "A", "Quantity": 2, "Price": 10}]},
        {"LineItems": [{"SKU": "A", "Quantity": 3, "Price": 10}, {"SKU": "V", "Quantity": 1, "Price": 5.5}]},
        {"LineItems": [{"SKU": "B", "Quantity": 2, "Price": 10}, {"SKU": "V", "Quantity": 1, "Price": 5.5}]},
    ],
)
def test_an_altered_order_is_different(shops: Shops, change: dict[str, object]) -> None:
    shops.heartland(f"UPDATE orders SET document = '{json.dumps(ORDER | change)}'")
    assert ("different", "000000001") in verdicts(shops.audit())


def test_an_order_that_nobody_placed_is_told(shops: Shops) -> None:
    shops.heartland("INSERT INTO orders SELECT 18, 'W-000000009', status, document FROM orders")
    assert ("different", "W-000000009") in verdicts(shops.audit())


def test_an_order_that_must_not_be_exported_is_told(shops: Shops) -> None:
    withheld = PlacedOrder(PLACED.number, PLACED.total, PLACED.email, PLACED.lines, Expect.WITHHELD)
    shops.deeds.orders[PLACED.number] = withheld
    assert ("different", "000000001") in verdicts(shops.audit())


def test_an_order_that_was_mended_while_the_demo_ran_is_in_balance(shops: Shops) -> None:
    shops.deeds.orders[PLACED.number] = PlacedOrder(
        PLACED.number, PLACED.total, PLACED.email, (("WEB-ONLY", Decimal(1), Decimal(20)),), Expect.REVIEW
    )
    assert shops.audit().balanced
    shops.heartland("INSERT INTO orders SELECT 18, external_id, status, document FROM orders")
    assert ("doubled", "000000001") in verdicts(shops.audit())


def test_a_number_that_did_not_come_back_is_told(shops: Shops) -> None:
    shops.magento("UPDATE orders SET ext_order_id = NULL")
    assert ("different", "000000001") in verdicts(shops.audit())


def test_a_status_that_did_not_come_back_is_lost(shops: Shops) -> None:
    shops.magento("DELETE FROM order_comments")
    assert ("lost", "000000001") in verdicts(shops.audit())


def test_a_comment_that_stands_twice_is_doubled(shops: Shops) -> None:
    shops.magento("INSERT INTO order_comments(order_id, comment) SELECT order_id, comment FROM order_comments")
    assert ("doubled", "000000001") in verdicts(shops.audit())


def test_an_order_that_was_created_twice_is_doubled_though_one_of_them_is_gone(shops: Shops) -> None:
    shops.create(status=400)
    assert shops.audit().balanced
    shops.create()
    assert ("doubled", "000000001") in verdicts(shops.audit())


def test_sales_in_store_have_no_name_and_may_be_many(shops: Shops) -> None:
    for _ in range(3):
        shops.create(None)
    assert shops.audit().balanced


def test_a_status_that_was_told_twice_is_doubled_though_one_comment_is_gone(shops: Shops) -> None:
    shops.tell("Open", status=400)
    assert shops.audit().balanced
    shops.tell("Open")
    assert ("doubled", "000000001") in verdicts(shops.audit())


@pytest.mark.parametrize(
    ("had", "told", "fine"),
    [
        (("Fulfilled",), ("Fulfilled",), True),
        (("Fulfilled",), (), True),
        ((), ("Fulfilled",), False),
        (("Fulfilled", "Closed"), ("Closed",), True),
        (("Fulfilled", "Closed"), ("Closed", "Fulfilled"), False),
    ],
)
def test_statuses_are_told_in_the_order_in_which_they_came(
    shops: Shops, had: tuple[str, ...], told: tuple[str, ...], fine: bool
) -> None:
    for status in had:
        shops.becomes(status)
    for status in told:
        shops.tell(status)
    assert shops.audit().balanced is fine


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
    assert shops.audit().balanced, shops.audit()


def test_a_missing_database_is_an_error_and_not_a_clean_bill(shops: Shops) -> None:
    shops.books.heartland.unlink()
    with pytest.raises(FileNotFoundError):
        shops.audit()


def test_deeds_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = DeedsFile(tmp_path / "deeds.jsonl")
    deeds: list[Deed] = [PLACED, StockChange("A", "MAIN"), InvalidEvent("no id", "r1")]
    for deed in deeds:
        file.write(deed)
    read = file.read()
    assert [*read.orders.values(), *read.stock, *read.invalid] == deeds
