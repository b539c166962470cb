"""Both systems' books, as their databases have them: orders side by side, with everything that hangs on them."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.demo.databases import read_only

Document = Mapping[str, Any]
Units = dict[str, Decimal]
"""Pieces by SKU."""

FULFILLED, CANCELLED = "Fulfilled", "Cancelled"
"""Statuses of an order in the point of sale that nothing follows; before them it is Open."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where the auditor looks.

    Attributes:
        magento, heartland: the sandboxes' SQLite files.
        web: the web store's connection, by which the point of sale names its customers.
        prefix: put before the order number to make the ExternalID.
        location: where the channel's orders ship from.
        sources: Heartland location -> Magento source.
    """

    magento: Path
    heartland: Path
    web: str
    prefix: str
    location: str
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WebSide:
    """A web order as Magento's books have it.

    Attributes:
        entity_id: Magento's.
        told: the number that the point of sale gave it.
        document: the order.
        comments: on the order, oldest first.
        invoices, shipments, memos: the order's documents, oldest first.
    """

    entity_id: int
    number: str
    told: str
    document: Document
    comments: Sequence[str] = ()
    invoices: Sequence[Document] = ()
    shipments: Sequence[Document] = ()
    memos: Sequence[Document] = ()


@dataclass(frozen=True, slots=True)
class BothSides:
    """Everything, read at one time.

    Attributes:
        web: web orders by number.
        pos: orders of the point of sale that name a web order, by that name. One name should have one.
        payments: of the point of sale, by OrderID.
        magento, heartland: the databases, for what is not an order.
    """

    books: Books
    magento: sqlite3.Connection
    heartland: sqlite3.Connection
    web: Mapping[str, WebSide] = field(default_factory=dict)
    pos: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    payments: Mapping[str, Sequence[Document]] = field(default_factory=dict)

    def of(self, number: str) -> Sequence[Document]:
        """The point of sale's orders of a web order."""
        return self.pos.get(self.books.prefix + number, ())

    def pairs(self) -> Iterator[tuple[WebSide, Document]]:
        """Every web order that is in the point of sale, with its first order there."""
        for number, web in self.web.items():
            found = self.of(number)
            if found:
                yield web, found[0]


@contextmanager
def opened(books: Books) -> Iterator[BothSides]:
    """Read both databases. Call it when the pipe has drained."""
    with closing(read_only(books.magento)) as magento, closing(read_only(books.heartland)) as heartland:
        yield BothSides(books, magento, heartland, _web(magento), _pos(heartland), _payments(heartland))


def amount(document: Document, name: str) -> Decimal:
    """One amount; zero if it is missing."""
    return Decimal(str(document.get(name) or 0))


def units(lines: Sequence[Document], sku: str = "SKU", quantity: str = "Quantity") -> Units:
    """Pieces by SKU of some lines."""
    found: Units = defaultdict(Decimal)
    for line in lines:
        found[line[sku]] += amount(line, quantity)
    return {name: pieces for name, pieces in found.items() if pieces}


def _web(magento: sqlite3.Connection) -> dict[str, WebSide]:
    comments: dict[int, list[str]] = defaultdict(list)
    for order_id, comment in magento.execute("SELECT order_id, comment FROM order_comments ORDER BY id"):
        comments[order_id].append(str(comment or ""))
    invoices, shipments, memos = (_of_orders(magento, table) for table in ("invoices", "shipments", "creditmemos"))
    found = {}
    for row in magento.execute("SELECT entity_id, increment_id, ext_order_id, document FROM orders"):
        entity_id, number = int(row["entity_id"]), str(row["increment_id"])
        found[number] = WebSide(
            entity_id=entity_id,
            number=number,
            told=str(row["ext_order_id"] or ""),
            document=_load(row["document"]),
            comments=comments[entity_id],
            invoices=invoices[entity_id],
            shipments=shipments[entity_id],
            memos=memos[entity_id],
        )
    return found


def _of_orders(magento: sqlite3.Connection, table: str) -> dict[int, list[Document]]:
    found: dict[int, list[Document]] = defaultdict(list)
    for row in magento.execute(f"SELECT order_id, document FROM {table} ORDER BY entity_id"):  # noqa: S608 - our words
        found[int(row["order_id"])].append(_load(row["document"]))
    return found


def _pos(heartland: sqlite3.Connection) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for row in heartland.execute("SELECT order_id, external_id, status, document FROM orders WHERE external_id <> ''"):
        document = _load(row["document"])
        found[row["external_id"]].append({**document, "OrderID": row["order_id"], "Status": row["status"]})
    return found


def _payments(heartland: sqlite3.Connection) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for row in heartland.execute("SELECT order_id, document FROM payments WHERE order_id <> ''"):
        found[str(row["order_id"])].append(_load(row["document"]))
    return found


def _load(text: str) -> Document:
    return dict(json.loads(text, parse_float=Decimal))
