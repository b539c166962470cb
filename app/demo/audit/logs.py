"""The auditor's look into the sandboxes' mutation logs: what was done twice, or in the wrong order, and cannot be seen
in the books, since somebody may have put it right again."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.demo.audit.findings import Finding

MARKER = re.compile(r"\[tillstream \S+:order:\S+ ([^\]]+)\]")
"""Ends each comment of ours about an order; its last words are the status."""

OPEN = "Open"
"""What an order is that names no status."""

DONE = "status BETWEEN 200 AND 299"


def check_logs(magento: sqlite3.Connection, heartland: sqlite3.Connection, prefix: str) -> Iterator[Finding]:
    """One creation per ExternalID; one comment per order and status; statuses told in the order they came."""
    for external_id, times in _creations(heartland).items():
        if times > 1:
            yield Finding("doubled", external_id.removeprefix(prefix), f"was created {times} times")
    for number, told in _statuses_told(magento).items():
        for status, times in Counter(told).items():
            if times > 1:
                yield Finding("doubled", number, f"was told {times} times that it is '{status}'")
    yield from check_sequence(magento, heartland, prefix)


def check_sequence(magento: sqlite3.Connection, heartland: sqlite3.Connection, prefix: str) -> Iterator[Finding]:
    """Statuses told in another order than the one in which they came."""
    had = _statuses_had(heartland)
    for number, told in _statuses_told(magento).items():
        if not _in_order(told, had.get(prefix + number, ())):
            was = ", ".join(had.get(prefix + number, ())) or "nothing"
            yield Finding("different", number, f"was told to be {', '.join(told)}, but was {was}")


def _creations(heartland: sqlite3.Connection) -> Counter[str]:
    names = (body.get("ExternalID") for _, body in _calls(heartland, "create_order"))
    return Counter(str(name) for name in names if name)


def _statuses_had(heartland: sqlite3.Connection) -> Mapping[str, Sequence[str]]:
    """Each order's statuses by its ExternalID, in the order in which it took them."""
    had: dict[str, list[str]] = defaultdict(list)
    named = dict(heartland.execute("SELECT order_id, external_id FROM orders WHERE external_id <> ''").fetchall())
    names = {str(order_id): str(external_id) for order_id, external_id in named.items()}
    for operation in ("create_order", "update_order"):
        for path, body in _calls(heartland, operation):
            name = str(body.get("ExternalID") or names.get(path.rpartition("/")[2], ""))
            status = str(body.get("Status") or (OPEN if operation == "create_order" else ""))
            if name and status and had[name][-1:] != [status]:
                had[name].append(status)
    return had


def _statuses_told(magento: sqlite3.Connection) -> Mapping[str, Sequence[str]]:
    """The statuses in our comments, by order number, in the order of the comments."""
    told: dict[str, list[str]] = defaultdict(list)
    numbers = {str(row[0]): str(row[1]) for row in magento.execute("SELECT entity_id, increment_id FROM orders")}
    for path, body in _calls(magento, "add_comment"):
        marker = MARKER.search(str(body["statusHistory"].get("comment") or ""))
        if marker is not None:
            told[numbers.get(path.split("/")[-2], path)].append(marker[1])
    return told


def _calls(system: sqlite3.Connection, operation: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Path and body of every call of that operation that was done, in the order in which they were."""
    sql = f"SELECT path, body FROM mutations WHERE operation = ? AND {DONE} ORDER BY id"  # noqa: S608 - our words
    for path, body in system.execute(sql, (operation,)):
        yield str(path), json.loads(body)


def _in_order(told: Sequence[str], had: Sequence[str]) -> bool:
    """True if the one is the other, perhaps with some left out. What is told twice is another finding."""
    left = iter(had)
    return all(status in left for status in dict.fromkeys(told))
