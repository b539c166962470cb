"""The final judgement: the senders' records and the sandboxes' mutation logs against both sandboxes' databases.

Nothing of Tillstream is asked, except which receipts ended or are held: a receipt is its own promise.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

from app.demo.audit.books import Books
from app.demo.audit.findings import Entity, Finding
from app.demo.audit.logs import check_sequence
from app.demo.audit.run import audit
from app.demo.databases import read_only
from app.demo.deeds import Deeds, Expect, PlacedOrder
from app.demo.programs import SOURCES
from app.demo.shop import UNKNOWN_SKU
from app.demo.web_store import web_order

LOST, DOUBLED, DIFFERENT, OUT_OF_ORDER = "lost", "doubled", "different", "out of order"
VERDICTS = (LOST, DOUBLED, DIFFERENT, OUT_OF_ORDER)
"""What a finding can say."""
PAID_LATER = "banktransfer"
"""Such an order is exported when it has been paid, and not before."""


@dataclass(slots=True)
class Verdict:
    """What is wrong, and how much was looked at.

    Attributes:
        findings: what is wrong.
        orders: web orders that were placed.
        webhooks: webhooks that were answered by a 2xx.
        skus: SKUs compared.
        written: quantities of counters that were written.
        overtaken: of these, older than the one before. A late effect of the target does that, and the next write
            mends it; what is not mended is a finding.
    """

    orders: int
    webhooks: int
    skus: int
    written: int = 0
    overtaken: int = 0
    findings: list[Finding] = field(default_factory=list)


def examine(books: Books, deeds: Deeds, counters: Sequence[str], ended: Set[str]) -> Verdict:
    """Compare everything, when the pipe has drained.

    Args:
        books: where both systems' databases are.
        deeds: what the shop did.
        counters: SKUs of which the shop only received.
        ended: receipts that ended or are held.
    """
    with closing(read_only(books.magento)) as magento, closing(read_only(books.heartland)) as heartland:
        whole = as_placed(deeds, magento)
        result = audit(books, whole)
        sequence = list(check_sequence(magento, heartland, books.prefix))
        receipts = [*_accepted(magento), *_accepted(heartland)]
        receipts += [(event.receipt_id, event.subject) for event in deeds.invalid]
        verdict = Verdict(len(whole.orders), len(receipts), result.entities[Entity.STOCK].compared)
        verdict.findings += [one for one in result.findings if one not in sequence]
        verdict.findings += [replace(one, verdict=OUT_OF_ORDER) for one in sequence]
        verdict.findings += [
            Finding(LOST, subject, f"receipt {receipt} was answered by a 2xx, did not end and is not held")
            for receipt, subject in receipts
            if receipt not in ended
        ]
        verdict.findings += _told_before_created(magento, heartland, books.prefix)
        _check_counters(magento, heartland, counters, verdict)
        return verdict


def as_placed(deeds: Deeds, magento: sqlite3.Connection) -> Deeds:
    """The shop's deeds with what a blow cut off: an order whose answer its customer never saw is placed all the same,
    and one whose money was not written down as come is not to be exported."""
    orders = dict(deeds.orders)
    for row in magento.execute("SELECT document FROM orders"):
        document = json.loads(row["document"], parse_float=Decimal)
        order = web_order(document)
        unpaid = document["payment"]["method"] == PAID_LATER and order.state == "new"
        known = orders.get(order.number)
        if known is None:
            unknown = any(sku == UNKNOWN_SKU for sku, _, _ in order.lines)
            expect = Expect.WITHHELD if unpaid else Expect.REVIEW if unknown else Expect.EXPORTED
            orders[order.number] = PlacedOrder(order.number, order.total, order.email, order.lines, expect)
        elif unpaid:
            orders[order.number] = replace(known, expect=Expect.WITHHELD)
    return replace(deeds, orders=orders)


def moments(books: Books, subject: str) -> list[float]:
    """When something was done to an order, or last to a SKU in each system, in seconds since the epoch: to see which
    blows fell then."""
    with closing(read_only(books.magento)) as magento, closing(read_only(books.heartland)) as heartland:
        placed = [
            datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC).timestamp()
            for row in magento.execute("SELECT created_at FROM orders WHERE increment_id = ?", (subject,))
        ]
        done = [_mutated(system, subject, books.prefix + subject) for system in (magento, heartland)]
    if placed:
        return [*placed, *done[0], *done[1]]
    return [max(times) for times in done if times]


def _mutated(system: sqlite3.Connection, *names: str) -> list[float]:
    """When something that goes by one of these names was changed; a call may name several SKUs."""
    named = " OR ".join("instr(',' || resource_key || ',', ?)" for _ in names)
    rows = system.execute(f"SELECT at FROM mutations WHERE {named}", [f",{name}," for name in names])
    return [datetime.fromisoformat(row["at"]).timestamp() for row in rows]


def _accepted(system: sqlite3.Connection) -> list[tuple[str, str]]:
    """(receipt id, resource) of each webhook that was answered by a 2xx, as its sender wrote it down."""
    return [(row["receipt_id"], row["resource"]) for row in system.execute("SELECT * FROM webhook_deliveries")]


def _done(system: sqlite3.Connection, operation: str) -> Iterator[sqlite3.Row]:
    """Every call of that operation that was done, in order."""
    yield from system.execute(
        "SELECT * FROM mutations WHERE operation = ? AND status BETWEEN 200 AND 299 ORDER BY id", (operation,)
    )


def _told_before_created(magento: sqlite3.Connection, heartland: sqlite3.Connection, prefix: str) -> Iterator[Finding]:
    """The web store was told of a sale that the point of sale did not have yet."""
    created: dict[str, str] = {}
    for row in _done(heartland, "create_order"):
        created.setdefault(str(row["resource_key"]).removeprefix(prefix), row["at"])
    numbers = (row for row in _done(magento, "save_order") if "ext_order_id" in row["body"])
    comments = (row for row in _done(magento, "add_comment") if "[tillstream " in row["body"])
    for what, rows in (("its number", numbers), ("its status", comments)):
        for row in rows:
            number = str(row["resource_key"])
            if row["at"] < created.get(number, row["at"]):
                yield Finding(OUT_OF_ORDER, number, f"was told {what} at {row['at']}, created at {created[number]}")


def _check_counters(
    magento: sqlite3.Connection, heartland: sqlite3.Connection, counters: Sequence[str], verdict: Verdict
) -> None:
    """Of what only comes in, the last quantity written is the newest."""
    written = _written(magento)
    locations = {source: location for location, source in SOURCES.items()}
    for (sku, source), quantities in written.items():
        if sku not in counters:
            continue
        verdict.written += len(quantities)
        verdict.overtaken += sum(later < earlier for earlier, later in pairwise(quantities))
        sql = "SELECT on_hand FROM inventory WHERE sku = ? AND location_id = ?"
        newest = Decimal(heartland.execute(sql, (sku, locations[source])).fetchone()["on_hand"])
        if quantities[-1] < max(quantities):
            detail = f"{source} was given {quantities[-1]} after {max(quantities)}; on hand is {newest}"
            verdict.findings.append(Finding(OUT_OF_ORDER, sku, detail))
        elif quantities[-1] != newest:
            verdict.findings.append(Finding(LOST, sku, f"{source} was given {quantities[-1]} last, not {newest}"))


def _written(magento: sqlite3.Connection) -> Mapping[tuple[str, str], list[Decimal]]:
    """Every quantity that was written, by SKU and source, in order."""
    written: dict[tuple[str, str], list[Decimal]] = {}
    for row in _done(magento, "write_source_items"):
        for item in json.loads(row["body"], parse_float=Decimal)["sourceItems"]:
            key = str(item["sku"]), str(item["source_code"])
            written.setdefault(key, []).append(Decimal(item["quantity"]))
    return written
