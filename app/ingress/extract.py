"""Where a raw body carries its native id and what a person calls it: JSON pointers, one table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

LONGEST_ID = 200
"""An id longer than this is not one; the body is then keyed by its receipt and ends in review."""


@dataclass(frozen=True, slots=True)
class Pointers:
    """JSON pointers (RFC 6901), tried in order; the first that leads to text or a whole number counts.

    Attributes:
        native_id: the id in the source system.
        subject: what a person knows it by: the order number or SKU, never a gift card's number.
    """

    native_id: tuple[str, ...]
    subject: tuple[str, ...]


def _magento(key: str, subject: str = "increment_id") -> Pointers:
    """Of an entity as REST shows it; inside an envelope; and as Adobe I/O Events carry it."""
    places = ("", "/data", "/data/value", "/event/data/value")
    return Pointers(tuple(f"{place}/{key}" for place in places), tuple(f"{place}/{subject}" for place in places))


POINTERS: Mapping[tuple[str, str], Pointers] = {
    # Bare order as REST shows it; a hint with the id alone; either of them inside an envelope; Adobe I/O Events.
    ("magento", "order"): Pointers(
        native_id=(
            "/entity_id",
            "/order_id",
            "/data/entity_id",
            "/data/order_id",
            "/data/value/entity_id",
            "/event/data/value/entity_id",
        ),
        subject=(
            "/increment_id",
            "/data/increment_id",
            "/data/value/increment_id",
            "/event/data/value/increment_id",
        ),
    ),
    ("magento", "invoice"): _magento("entity_id"),
    ("magento", "shipment"): _magento("entity_id"),
    ("magento", "credit_memo"): _magento("entity_id"),
    ("magento", "transaction"): _magento("transaction_id", subject="txn_id"),
    # REST shows a customer's id as `id`, and events as `entity_id`.
    ("magento", "customer"): Pointers(
        native_id=("/id", "/entity_id", "/data/id", "/data/value/entity_id", "/event/data/value/entity_id"),
        subject=("/id", "/entity_id", "/data/id", "/data/value/entity_id", "/event/data/value/entity_id"),
    ),
    ("heartland", "order"): Pointers(
        native_id=("/OrderID", "/data/OrderID"),
        subject=("/ExternalID", "/data/ExternalID", "/OrderID", "/data/OrderID"),
    ),
    ("heartland", "inventory"): Pointers(native_id=("/SKU", "/data/SKU"), subject=("/SKU", "/data/SKU")),
    ("heartland", "payment"): Pointers(
        native_id=("/PaymentID", "/data/PaymentID"),
        subject=("/ExternalID", "/data/ExternalID", "/PaymentID", "/data/PaymentID"),
    ),
    ("heartland", "customer"): Pointers(
        native_id=("/CustomerID", "/data/CustomerID"),
        subject=("/CustomerID", "/data/CustomerID"),
    ),
    ("heartland", "product"): Pointers(native_id=("/SKU", "/data/SKU"), subject=("/SKU", "/data/SKU")),
    ("heartland", "gift_card"): Pointers(
        native_id=("/GiftCardID", "/data/GiftCardID"),
        subject=("/GiftCardID", "/data/GiftCardID"),
    ),
}
"""For each (system, entity) that the door takes; the topics' table is `streams.topics.RAW_ENTITIES`."""


def native_id(system: str, entity: str, document: object) -> str:
    """The id in the source system, empty if the document has none."""
    return _first(POINTERS[system, entity].native_id, document)


def subject(system: str, entity: str, document: object) -> str:
    """The order number or SKU, empty if the document does not tell it."""
    return _first(POINTERS[system, entity].subject, document)


def resolve(pointer: str, document: object) -> object:
    """What a JSON pointer leads to; None if there is nothing."""
    found = document
    for token in _tokens(pointer):
        if isinstance(found, dict):
            found = found.get(token)
        elif isinstance(found, list) and token.isascii() and token.isdigit() and int(token) < len(found):
            found = found[int(token)]
        else:
            return None
    return found


@cache
def _tokens(pointer: str) -> tuple[str, ...]:
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def _first(pointers: tuple[str, ...], document: object) -> str:
    for pointer in pointers:
        text = _as_id(resolve(pointer, document))
        if text:
            return text
    return ""


def _as_id(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return text if len(text) <= LONGEST_ID else ""
