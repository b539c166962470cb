"""The auditor can fail: whatever is doubled, dropped or altered in a sandbox's database, it says so."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.demo.audit.books import Books
from app.demo.audit.findings import Audit, Entity, Finding
from app.demo.audit.run import audit
from app.demo.deeds import (
    CanceledOrder,
    ChangedCustomer,
    CustomerField,
    Deed,
    Deeds,
    DeedsFile,
    Expect,
    GivenBack,
    InvalidEvent,
    Invoiced,
    MadeProduct,
    OpenedAccount,
    Parcel,
    PlacedOrder,
    PricedProduct,
    RenamedProduct,
    Side,
    StockChange,
)

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


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    return Shops(tmp_path)


def verdicts(result: Audit) -> set[tuple[str, str]]:
    return {(finding.verdict, finding.subject) for finding in result.findings}


def test_books_in_balance_are_found_in_balance(shops: Shops) -> None:
    result = shops.audit()
    assert result.balanced, result
    stock = result.entities[Entity.STOCK]
    assert (result.placed, result.in_target, stock.did, stock.compared) == (1, 1, 1, 2)


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
    assert {entity for entity, _ in shops_entities(shops)} == {Entity.SHIPMENTS}


def test_a_missing_database_is_an_error_and_not_a_clean_bill(shops: Shops) -> None:
    shops.books.heartland.unlink()
    with pytest.raises(FileNotFoundError):
        shops.audit()


def test_deeds_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = DeedsFile(tmp_path / "deeds.jsonl")
    deeds: list[Deed] = [
        PLACED,
        CanceledOrder("2"),
        Invoiced("3", Decimal("9.50")),
        Parcel("3", "1Z1"),
        GivenBack("3", Decimal("1.25")),
        OpenedAccount("7", "ann@example.com", "Ann", "Webb", "12 Oak Street"),
        ChangedCustomer("7", Side.WEB, CustomerField.LAST_NAME, "Baker", sure=False),
        MadeProduct("N", "New"),
        PricedProduct("A"),
        RenamedProduct("A", "Cap"),
        StockChange("A", "MAIN"),
        InvalidEvent("no id", "r1"),
    ]
    whole = Deeds()
    for deed in deeds:
        file.write(deed)
        whole.add(deed)
    assert file.read() == whole
    assert whole.parcels == [("3", "1Z1")]
    assert whole.invoices == {"3": Decimal("9.50")}


# -- Payments, shipments, refunds ------------------------------------------------------------------------------------

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


def shops_entities(shops: Shops) -> list[tuple[Entity, Finding]]:
    return [(entity, one) for entity, found in shops.audit().entities.items() for one in found.findings]


@pytest.fixture
def paid(shops: Shops) -> Paid:
    return Paid(shops)


def test_an_order_that_went_all_the_way_is_in_balance(paid: Paid) -> None:
    assert paid.wrong() == set(), shops_entities(paid.shops)
    compared = {entity: found.compared for entity, found in paid.shops.audit().entities.items()}
    assert {compared[entity] for entity in (Entity.PAYMENTS, Entity.SHIPMENTS, Entity.REFUNDS)} == {1}


def test_money_that_is_not_a_tender_is_lost(paid: Paid) -> None:
    paid.pos["Tenders"] = ORDER["Tenders"]
    paid.keep()
    assert (Entity.PAYMENTS, "lost") in paid.wrong()


def test_a_tender_of_another_kind_is_different(paid: Paid) -> None:
    paid.pos["Tenders"] = [*TENDERS[:1], {"Type": "Card", "Amount": 20.5}]
    paid.keep()
    assert (Entity.PAYMENTS, "different") in paid.wrong()


@pytest.mark.parametrize(
    ("payment", "verdict"),
    [
        (PAYMENT, "doubled"),
        ({**PAYMENT, "ExternalID": "W-000000001-inv-8"}, "different"),
        ({**PAYMENT, "Amount": 20}, "different"),
    ],
)
def test_a_payment_that_is_there_twice_or_of_no_invoice_is_told(
    paid: Paid, payment: dict[str, object], verdict: str
) -> None:
    paid.shops.heartland(f"INSERT INTO payments VALUES ('17', '{json.dumps(payment)}')")
    assert (Entity.PAYMENTS, verdict) in paid.wrong()


def test_goods_that_left_on_one_side_only_are_lost(paid: Paid) -> None:
    paid.papers("shipments")
    assert (Entity.SHIPMENTS, "lost") in paid.wrong()


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"tracks": []}, "lost"),
        ({"tracks": SHIPMENT["tracks"] * 2}, "doubled"),  # type: ignore[operator]
        ({"items": [{"sku": "A", "qty": 1}]}, "different"),
        ({"extension_attributes": {"source_code": "default"}}, "different"),
    ],
)
def test_a_shipment_that_says_something_else_is_told(paid: Paid, change: dict[str, object], verdict: str) -> None:
    paid.papers("shipments", {**SHIPMENT, **change})
    assert (Entity.SHIPMENTS, verdict) in paid.wrong()


@pytest.mark.parametrize(
    ("memos", "verdict"),
    [([], "different"), ([MEMO, MEMO], "doubled"), ([MEMO, {**MEMO, "base_grand_total": 3}], "lost")],
)
def test_a_refund_that_one_side_does_not_have_is_told(paid: Paid, memos: list[object], verdict: str) -> None:
    paid.papers("creditmemos", *memos)
    assert (Entity.REFUNDS, verdict) in paid.wrong()


def test_more_money_back_than_was_paid_is_doubled(paid: Paid) -> None:
    paid.pos["Refunds"] = [{**ENTRY, "Amount": 99}]
    paid.papers("creditmemos", {**MEMO, "base_grand_total": 99})
    paid.keep()
    assert (Entity.REFUNDS, "doubled") in paid.wrong()


def test_another_price_is_different_and_a_name_stays_the_web_teams(shops: Shops) -> None:
    shops.heartland("UPDATE products SET price = '11', name = 'Hat'")
    assert (Entity.PRODUCTS, "different") in {(entity, one.verdict) for entity, one in shops_entities(shops)}
    shops.heartland("UPDATE products SET price = '10' WHERE sku = 'A'")
    shops.heartland("UPDATE products SET price = '5.5' WHERE sku = 'V'")
    shops.deeds.renamed["A"] = "Cap"
    assert shops.audit().balanced
    shops.magento("UPDATE products SET name = 'Hat' WHERE sku = 'A'")
    assert not shops.audit().balanced


@pytest.mark.parametrize(
    ("made", "verdict"),
    [("", "lost"), ("('N', 'New', '3', 1, 'simple')", "different"), ("('N', 'New', '3', 2, 'simple')", "")],
)
def test_a_new_product_is_there_disabled_under_its_name(shops: Shops, made: str, verdict: str) -> None:
    shops.deeds.add(MadeProduct("N", "New"))
    if made:
        shops.magento(f"INSERT INTO products VALUES {made}")
    assert [one.verdict for _, one in shops_entities(shops)] == ([verdict] if verdict else [])


def test_a_canceled_order_is_cancelled_or_was_never_created(shops: Shops) -> None:
    canceled = [{**row, "qty_canceled": row["qty_ordered"], "qty_invoiced": 0} for row in ITEMS["items"]]
    shops.magento(f"UPDATE orders SET document = '{json.dumps({**ITEMS, 'state': 'canceled', 'items': canceled})}'")
    shops.deeds.add(CanceledOrder(PLACED.number))
    assert ("different", PLACED.number) in verdicts(shops.audit())
    shops.heartland("UPDATE orders SET status = 'Cancelled'")
    shops.heartland("UPDATE inventory SET committed = '1' WHERE sku = 'A'")
    shops.heartland("UPDATE inventory SET committed = '1', on_hand = '50' WHERE sku = 'V'")
    shops.magento("UPDATE order_comments SET comment = 'Cancelled [tillstream pos:order:17 Cancelled]'")
    assert shops.audit().balanced, shops.audit()
    shops.heartland("DELETE FROM orders")
    assert shops.audit().balanced, shops.audit()


# -- Gift cards --------------------------------------------------------------------------------------------------


def carded(shops: Shops, web: str, balance: str, held: str) -> list[str]:
    """What the auditor says of one card."""
    shops.magento(f"INSERT INTO gift_cards VALUES ('GIFT-001', '{web}')")
    shops.heartland(f"INSERT INTO gift_cards VALUES ('GIFT-001', '{balance}', '{held}')")
    return [finding.verdict for finding in audit(shops.books, shops.deeds).entities[Entity.GIFT_CARDS].findings]


def test_a_card_has_in_both_systems_what_is_left_to_spend(shops: Shops) -> None:
    assert carded(shops, "70", "100", "30") == []


def test_money_that_the_ledger_does_not_know_of_is_lost(shops: Shops) -> None:
    assert carded(shops, "70", "100", "0") == ["lost"]


def test_money_that_was_taken_twice_is_doubled(shops: Shops) -> None:
    assert carded(shops, "70", "40", "0") == ["doubled"]


def test_an_order_that_holds_a_card_twice_is_doubled(shops: Shops) -> None:
    shops.heartland("INSERT INTO gift_card_holds VALUES ('web:order:1'), ('web:order:1'), ('web:order:2')")
    assert carded(shops, "100", "100", "0") == ["doubled"]
