"""What every handler of the Magento sandbox works with: the shop, and the call that it answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import orjson

from app.sandbox.magento.errors import RestError
from app.sandbox.premises import Premises, Size
from app.sandbox.webhooks import Event, WebhookSender

Json = dict[str, Any]
Edition = Literal["open-source", "commerce"]

CENT = Decimal("0.01")
ALL_STORES = 0
"""The scope of global values, as a store id."""


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Call:
    """One request to a route.

    Attributes:
        params: path parameters, decoded.
        store: the code of the path's store view, ``all``, or empty if the path has none.
        query: the query's pairs, decoded as PHP does.
        body: the JSON body, an empty object if there was none.
        lag: seconds by which a list lags (fault panel).
        resource_key: what the mutation log calls the thing that the call changes; handlers set it.
        may: whether the caller has an ACL resource, for the few services that ask beyond their route's own.
        refusal: set by a handler whose change is stored and answered with a refusal all the same.
    """

    params: dict[str, str]
    store: str = ""
    query: list[tuple[str, str]] = field(default_factory=list)
    body: Json = field(default_factory=dict)
    lag: float = 0.0
    resource_key: str = ""
    may: Callable[[str], bool] = field(default=lambda _resource: False)
    refusal: RestError | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop behind the routes. Handlers run one at a time; those that change anything inside a transaction."""

    connection: sqlite3.Connection
    sender: WebhookSender
    edition: Edition = "commerce"
    clock: Callable[[], datetime] = utc_now
    premises: Premises = Size.SMALL.premises

    def scope(self, call: Call) -> int:
        """The store view that a call reads and updates: ``all`` means the global values, no code the default view."""
        if call.store == "all":
            return ALL_STORES
        return self.premises.store_ids.get(call.store, self.premises.default_store)

    def now(self) -> str:
        """Magento's time format: UTC, whole seconds, no zone."""
        return self.clock().strftime("%Y-%m-%d %H:%M:%S")

    def next_id(self, name: str, count: int = 1) -> int:
        """The next number of a sequence; with ``count`` the first of so many."""
        row = self.connection.execute(
            "INSERT INTO sequences(name, value) VALUES (?1, ?2)"
            " ON CONFLICT(name) DO UPDATE SET value = value + ?2 RETURNING value",
            (name, count),
        ).fetchone()
        return int(row["value"]) - count + 1

    def next_number(self, kind: str, store_id: int) -> str:
        """The next increment id of a store view's own sequence: another store view gives the same number again."""
        return f"{self.next_id(f'{kind}_increment_{store_id}'):09d}"

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def tell_order_saved(self, document: Json) -> None:
        """Queue the webhook of an order save."""
        self.tell_saved("order", document, str(document["increment_id"]))

    def tell_saved(self, entity: str, document: Json, resource: str, *, id_key: str = "entity_id") -> None:
        """Queue the webhook of a save.

        Args:
            entity: ``order``, ``invoice`` ...: the last part of the webhook's address.
            document: as REST shows it.
            resource: what the event is about; an order's number, or the entity and its number or id.
            id_key: where the document has its id, which is all that a thin event holds.
        """
        self.sender.enqueue(
            self.connection,
            Event(
                name=f"{entity}.saved",
                entity=entity,
                resource=resource,
                body=orjson.dumps(document),
                thin_body=orjson.dumps({id_key: document[id_key]}),
            ),
        )


def money(value: Decimal) -> Decimal:
    """Rounded to the cent, halves up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def number(value: Decimal) -> int | float:
    """A decimal as PHP writes a float: whole ones without a fraction."""
    return int(value) if value == value.to_integral_value() else float(value)


def decimal(value: object) -> Decimal:
    """A JSON number, or nothing, as a decimal."""
    return Decimal(str(value)) if value is not None else Decimal(0)
