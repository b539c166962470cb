"""Carries all that is in both sandboxes through the pipe, as polls would, without Kafka."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from app.demo import programs
from app.demo.audit.books import Books
from schemas.documents import Channel
from tests.app.demo.stage import Stage
from tests.contract.pipe import Pipe

CHANNEL = Channel(
    name="main",
    web=programs.WEB,
    pos=programs.POS,
    prefix=programs.PREFIX,
    location=programs.LOCATION,
    sources=programs.SOURCES,
    offline_methods=programs.OFFLINE_METHODS,
    fulfilment={programs.WEB_PACKS: "magento"},
)
ORDERS = (
    (programs.WEB, "customer", "SELECT entity_id FROM customers"),
    (programs.POS, "customer", "SELECT customer_id FROM customers WHERE number > 1"),
    (programs.WEB, "order", "SELECT entity_id FROM orders"),
    (programs.WEB, "invoice", "SELECT entity_id FROM invoices"),
    (programs.POS, "order", "SELECT order_id FROM orders"),
    (programs.POS, "payment", "SELECT payment_id FROM payments"),
    (programs.WEB, "shipment", "SELECT entity_id FROM shipments"),
    (programs.WEB, "credit_memo", "SELECT entity_id FROM creditmemos"),
)
PRODUCTS = ((programs.POS, "product", "SELECT sku FROM products"),)
"""Connection, entity, and where its ids are."""


class Carrier:
    """The pipe of the demo's flows. Stock is read by another stage, which is not here."""

    def __init__(self, stage: Stage) -> None:
        self.pipe = Pipe(stage.web, stage.pos, channel=CHANNEL)
        self._books = stage.books

    async def carry(self, *, products: bool = False) -> None:
        """Everything once; ``pipe.failed`` tells what needs a wait or a person."""
        self.pipe.failed.clear()
        for connection, entity, sql in (*ORDERS, *(PRODUCTS if products else ())):
            for native_id in _ids(_database(self._books, connection), sql):
                await self.pipe.changed(connection, entity, native_id)


def _database(books: Books, connection: str) -> Path:
    return books.magento if connection == programs.WEB else books.heartland


def _ids(database: Path, sql: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [str(row[0]) for row in connection.execute(sql)]
