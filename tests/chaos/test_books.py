"""The judge can fail: whatever is lost, doubled, altered or out of order in hand-made books, it says so."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from app.demo.audit.books import Books
from app.demo.deeds import Deeds, Expect, InvalidEvent, PlacedOrder, StockChange
from tests.chaos.books import Verdict, examine, moments

TABLES = """
CREATE TABLE mutations(id INTEGER PRIMARY KEY, at TEXT, path TEXT, operation TEXT, resource_key TEXT, status INTEGER,
  body TEXT);
CREATE TABLE webhook_deliveries(id INTEGER PRIMARY KEY, receipt_id TEXT, resource TEXT);
"""
MAGENTO = f"""{TABLES}
CREATE TABLE orders(entity_id INTEGER, increment_id TEXT, ext_order_id TEXT, created_at TEXT, document TEXT);
CREATE TABLE order_comments(id INTEGER PRIMARY KEY, order_id INTEGER, comment TEXT);
CREATE TABLE source_items(sku TEXT, source_code TEXT, quantity TEXT);
CREATE TABLE products(sku TEXT, name TEXT, price TEXT, status INTEGER, type_id TEXT);
CREATE TABLE customers(document TEXT);
CREATE TABLE gift_cards(code TEXT, balance TEXT);
CREATE TABLE invoices(entity_id INTEGER PRIMARY KEY, order_id INTEGER, document TEXT);
CREATE TABLE shipments(entity_id INTEGER PRIMARY KEY, order_id INTEGER, document TEXT);
CREATE TABLE creditmemos(entity_id INTEGER PRIMARY KEY, order_id INTEGER, document TEXT);
"""
HEARTLAND = f"""{TABLES}
CREATE TABLE orders(order_id INTEGER, external_id TEXT, status TEXT, document TEXT);
CREATE TABLE inventory(sku TEXT, location_id TEXT, on_hand TEXT, committed TEXT);
CREATE TABLE products(sku TEXT, name TEXT, price TEXT);
CREATE TABLE customers(document TEXT);
CREATE TABLE gift_cards(number TEXT, balance TEXT, held TEXT);
CREATE TABLE gift_card_holds(external_id TEXT);
CREATE TABLE payments(order_id TEXT, document TEXT);
"""
NUMBER, COUNTER = "000000001", "C"
SALE = {
    "TotalAmount": 20,
    "LocationID": "MAIN",
    "LineItems": [{"SKU": "A", "Quantity": 2, "Price": 10}],
    "Tenders": [],
    "BalanceDue": 20,
}
PLACED = PlacedOrder(NUMBER, Decimal(20), "ann@example.com", (("A", Decimal(2), Decimal(10)),), Expect.EXPORTED)


def web_document(number: str, *, sku: str = "A", method: str = "checkmo", state: str = "new") -> str:
    order = {
        "entity_id": int(number),
        "increment_id": number,
        "base_grand_total": 20,
        "base_total_due": 20,
        "customer_email": "ann@example.com",
        "state": state,
        "payment": {"method": method},
        "items": [{"sku": sku, "qty_ordered": 2, "base_price": 10, "qty_canceled": 2}],
    }
    return json.dumps(order)


class Shops:
    """Both databases and the records of their senders, in balance. The counter came in twice: 8, 9."""

    def __init__(self, directory: Path) -> None:
        sources = {"MAIN": "main"}
        self.books = Books(directory / "m.sqlite", directory / "h.sqlite", "web", "W-", "MAIN", sources)
        self.deeds = Deeds({NUMBER: PLACED}, stock=[StockChange("A", "MAIN")], invalid=[InvalidEvent("no id", "r3")])
        self.ended = {"r1", "r2", "r3"}
        self.seconds = 0
        self.magento(MAGENTO)
        self.heartland(HEARTLAND)
        self.place(NUMBER, ext_order_id="17")
        self.magento("INSERT INTO order_comments(order_id, comment) VALUES (1, 'Open [tillstream pos:order:17 Open]')")
        self.magento(f"INSERT INTO products(sku) VALUES ('A'), ('{COUNTER}')")
        self.magento(f"INSERT INTO source_items VALUES ('A', 'main', '8'), ('{COUNTER}', 'main', '9')")
        self.magento(f"INSERT INTO webhook_deliveries(receipt_id, resource) VALUES ('r1', '{NUMBER}')")
        self.heartland(f"INSERT INTO orders VALUES (17, 'W-{NUMBER}', 'Open', '{json.dumps(SALE)}')")
        self.heartland(f"INSERT INTO inventory VALUES ('A', 'MAIN', '10', '2'), ('{COUNTER}', 'MAIN', '9', '0')")
        self.heartland(f"INSERT INTO webhook_deliveries(receipt_id, resource) VALUES ('r2', '{COUNTER}@MAIN')")

    def place(self, number: str, *, ext_order_id: str = "", **shown: str) -> None:
        row = (int(number), number, ext_order_id, "2026-01-01 12:00:00", web_document(number, **shown))
        self._write(self.books.magento, "INSERT INTO orders VALUES (?, ?, ?, ?, ?)", *row)

    def trade(self, *calls: str) -> None:
        """What was done, in this order, a second apart."""
        for call in calls or ("create", "number", "tell Open", "write 8", "write 9"):
            what, _, value = call.partition(" ")
            match what:
                case "create":
                    self._log(self.books.heartland, "create_order", f"W-{NUMBER}", {"ExternalID": f"W-{NUMBER}"})
                case "becomes":
                    self._log(self.books.heartland, "update_order", f"W-{NUMBER}", {"Status": value}, "/v1/orders/17")
                case "number":
                    self._log(self.books.magento, "save_order", NUMBER, {"entity": {"ext_order_id": "17"}})
                case "tell":
                    told = {"statusHistory": {"comment": f"It is {value} [tillstream pos:order:17 {value}]"}}
                    self._log(self.books.magento, "add_comment", NUMBER, told, "/rest/V1/orders/1/comments")
                case "write":
                    item = {"sku": COUNTER, "source_code": "main", "quantity": int(value)}
                    self._log(self.books.magento, "write_source_items", COUNTER, {"sourceItems": [item]})

    def magento(self, sql: str) -> None:
        self._script(self.books.magento, sql)

    def heartland(self, sql: str) -> None:
        self._script(self.books.heartland, sql)

    def examine(self) -> Verdict:
        return examine(self.books, self.deeds, [COUNTER], self.ended)

    def found(self) -> set[tuple[str, str]]:
        return {(finding.verdict, finding.subject) for finding in self.examine().findings}

    def _log(self, path: Path, operation: str, key: str, body: object, call: str = "/") -> None:
        self.seconds += 1
        row = (f"2026-01-01T12:00:{self.seconds:02d}+00:00", call, operation, key, 200, json.dumps(body))
        sql = "INSERT INTO mutations(at, path, operation, resource_key, status, body) VALUES (?, ?, ?, ?, ?, ?)"
        self._write(path, sql, *row)

    @staticmethod
    def _write(path: Path, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(sql, values)

    @staticmethod
    def _script(path: Path, sql: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(sql)


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    return Shops(tmp_path)


def test_books_in_balance_are_found_in_balance(shops: Shops) -> None:
    shops.trade()
    verdict = shops.examine()
    assert verdict.findings == []
    assert (verdict.orders, verdict.webhooks, verdict.skus) == (1, 3, 2)
    assert (verdict.written, verdict.overtaken) == (2, 0)


def test_an_order_that_is_not_there_is_lost(shops: Shops) -> None:
    shops.trade()
    shops.heartland("DELETE FROM orders")
    assert ("lost", NUMBER) in shops.found()


def test_an_order_that_was_created_twice_is_doubled(shops: Shops) -> None:
    shops.trade("create", "create", "number", "tell Open", "write 9")
    assert shops.found() == {("doubled", NUMBER)}


def test_an_altered_order_is_different(shops: Shops) -> None:
    shops.trade()
    shops.heartland(f"UPDATE orders SET document = '{json.dumps(SALE | {'TotalAmount': 21})}'")
    assert ("different", NUMBER) in shops.found()


@pytest.mark.parametrize("receipt", ["r1", "r2", "r3"])
def test_a_webhook_that_was_accepted_and_did_not_end_is_lost(shops: Shops, receipt: str) -> None:
    shops.trade()
    shops.ended.remove(receipt)
    ((verdict, _),) = shops.found()
    assert verdict == "lost"


@pytest.mark.parametrize("early", ["number", "tell Open"])
def test_what_is_told_before_the_sale_was_created_is_out_of_order(shops: Shops, early: str) -> None:
    shops.trade(early, "create", *({"number", "tell Open"} - {early}), "write 9")
    assert shops.found() == {("out of order", NUMBER)}


def test_statuses_told_in_another_order_are_out_of_order(shops: Shops) -> None:
    shops.trade("create", "number", "becomes Fulfilled", "tell Fulfilled", "tell Open", "write 9")
    shops.heartland("UPDATE orders SET status = 'Fulfilled'")
    assert ("out of order", NUMBER) in shops.found()
    assert ("different", NUMBER) not in shops.found()


def test_an_old_quantity_that_stays_is_out_of_order(shops: Shops) -> None:
    shops.trade("create", "number", "tell Open", "write 9", "write 8")
    assert shops.found() == {("out of order", COUNTER)}


def test_a_newest_quantity_that_was_never_written_is_lost(shops: Shops) -> None:
    shops.trade("create", "number", "tell Open", "write 7", "write 8")
    assert shops.found() == {("lost", COUNTER)}


def test_an_old_quantity_that_was_mended_is_counted(shops: Shops) -> None:
    shops.trade("create", "number", "tell Open", "write 9", "write 8", "write 9")
    verdict = shops.examine()
    assert (verdict.findings, verdict.overtaken) == ([], 1)


def test_an_order_whose_customer_saw_no_answer_is_to_be_exported_like_any_other(shops: Shops) -> None:
    shops.trade()
    shops.place("000000002")
    assert shops.found() == {("lost", "000000002")}


@pytest.mark.parametrize("shown", [{"sku": "WEB-ONLY-1"}, {"method": "banktransfer"}])
def test_one_that_is_not_to_be_exported_is_not_missed(shops: Shops, shown: dict[str, str]) -> None:
    shops.trade()
    shops.place("000000002", **shown)
    assert shops.found() == set()


def test_an_order_whose_money_was_never_noted_as_come_is_not_missed(shops: Shops) -> None:
    shops.trade()
    shops.place("000000002", method="banktransfer")
    shops.deeds.orders["000000002"] = PlacedOrder(
        "000000002", Decimal(20), "ann@example.com", PLACED.lines, Expect.EXPORTED
    )
    assert shops.found() == set()


def test_one_that_was_paid_is_missed(shops: Shops) -> None:
    shops.trade()
    shops.place("000000002", method="banktransfer", state="processing")
    assert shops.found() == {("lost", "000000002")}


def test_the_moments_of_an_order_are_all_that_was_done_to_it(shops: Shops) -> None:
    shops.trade()
    assert len(moments(shops.books, NUMBER)) == 4  # placed, created, numbered, told
    placed, *_, told = sorted(moments(shops.books, NUMBER))
    assert told - placed == 3


def test_of_a_sku_the_last_thing_counts_that_was_done_to_it(shops: Shops) -> None:
    shops.trade()
    shops.magento("UPDATE mutations SET resource_key = 'A,C' WHERE resource_key = 'C'")
    (last,) = moments(shops.books, COUNTER)
    assert last - min(moments(shops.books, NUMBER)) == shops.seconds
    assert moments(shops.books, "000000009") == []
