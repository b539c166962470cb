"""Every canonical entity by the name in its records' header, and how a body of any version is read.

A body carries the version of its entity's shape. Whatever was once written is read for ever: when a shape changes, its
``schema_version`` rises, and a function here turns the last version's JSON into the new one's. The golden corpus
(tests/data/golden) holds bodies of every version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from schemas.canonical.base import Canonical
from schemas.canonical.customer import Customer
from schemas.canonical.gift_card import GiftCard
from schemas.canonical.gift_card_redemption import GiftCardRedemption
from schemas.canonical.payment import Payment
from schemas.canonical.product import Product
from schemas.canonical.refund import Refund
from schemas.canonical.sale import OrderStatus, Sale
from schemas.canonical.shipment import Shipment
from schemas.canonical.stock import Stock, StockHint
from schemas.canonical.ticket import Ticket

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the JSON of one version into the next one's. Pure; the version itself is not its matter."""


class UnknownEntity(LookupError):
    """No canonical entity has that name; the message lists those that there are."""


class NewerVersion(Exception):
    """A newer Tillstream wrote it: not wrong, but not for this worker. Whoever reads it must wait, and skip nothing."""


@dataclass(frozen=True)
class Registry:
    """Shapes by entity, and what leads to each from its older versions.

    Attributes:
        models: by entity; each is the newest version.
        upcasters: by entity and the version that they start from; a chain without a gap up to the newest.
    """

    models: Mapping[str, type[Canonical]]
    upcasters: Mapping[tuple[str, int], Upcaster] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = {(entity, version) for entity in self.models for version in range(1, self.newest(entity))}
        if wanted != set(self.upcasters):
            differing = ", ".join(f"{entity} {version}" for entity, version in sorted(wanted ^ set(self.upcasters)))
            raise ValueError(f"each version but the newest needs one upcaster, and nothing else has one: {differing}")

    def model(self, entity: str) -> type[Canonical]:
        """The entity's newest shape. Raises UnknownEntity."""
        found = self.models.get(entity)
        if found is None:
            raise UnknownEntity(f"no canonical entity is called '{entity}' (known: {', '.join(sorted(self.models))})")
        return found

    def newest(self, entity: str) -> int:
        """The version that is written, and up to which is read. Raises UnknownEntity."""
        version: int = self.model(entity).model_fields["schema_version"].default
        return version

    def read(self, entity: str, body: bytes) -> Canonical:
        """The entity in a body of any version up to the newest. One that names no version is taken for the newest.

        Raises:
            UnknownEntity: no such entity.
            NewerVersion: its version is above the newest.
            ValidationError: it is not JSON, or has not the shape of its version.
        """
        model = self.model(entity)
        try:
            return model.model_validate_json(body)
        except ValidationError:
            document = _object(body)
            version = document.get("schema_version")
            if type(version) is not int or version < 1 or version == self.newest(entity):
                raise
        return model.model_validate_json(to_json(self._upcast(entity, version, document)))

    def _upcast(self, entity: str, version: int, document: dict[str, Any]) -> dict[str, Any]:
        newest = self.newest(entity)
        if version > newest:
            raise NewerVersion(f"its {entity} has version {version}, this worker reads up to {newest}")
        for step in range(version, newest):
            document = self.upcasters[entity, step](document)
        return {**document, "schema_version": newest}

    def json_schema(self, entity: str) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the newest version: every body of it fits. Raises UnknownEntity."""
        schema = self.model(entity).model_json_schema()
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:tillstream:canonical:{entity}:{self.newest(entity)}",
            **schema,
        }


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty if there is none."""
    try:
        document = from_json(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


MODELS: Mapping[str, type[Canonical]] = {
    "customer": Customer,
    "gift_card": GiftCard,
    "gift_card_redemption": GiftCardRedemption,
    "order": Sale,
    "order_status": OrderStatus,
    "payment": Payment,
    "product": Product,
    "refund": Refund,
    "shipment": Shipment,
    "stock": Stock,
    "stock_hint": StockHint,
    "ticket": Ticket,
}
"""By the entity in a record's header."""


def _tells_less(document: dict[str, Any]) -> dict[str, Any]:
    """Version 2 of stock and its hints tells what was refunded, version 3 of hints what was shipped and canceled, and
    whether the SKU is sold at all; what does not is read as nothing told. Version 2 of products need not tell a
    picture's hash, that of a gift card's redemption tells when its order was placed."""
    return document


def _counts_refunds_once(document: dict[str, Any]) -> dict[str, Any]:
    """Version 3 of stock tells of the SKU as a whole what the web store has moved, not by location. What has not the
    shape of a stock stays as it is, and is refused as that."""
    told = document.get("locations")
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        return document
    refunded = sum((Decimal(str(each.get("refunded", 0))) for each in told), Decimal(0))
    locations = [{name: value for name, value in each.items() if name != "refunded"} for each in told]
    return {**document, "locations": locations, "moved": str(refunded)}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("gift_card_redemption", 1): _tells_less,
    ("product", 1): _tells_less,
    ("stock", 1): _tells_less,
    ("stock", 2): _counts_refunds_once,
    ("stock_hint", 1): _tells_less,
    ("stock_hint", 2): _tells_less,
}
"""By entity and the version that they start from. All other shapes are still in their first version."""

REGISTRY = Registry(MODELS, UPCASTERS)


def read_canonical(entity: str, body: bytes) -> Canonical:
    """The entity in a record's body, whatever version wrote it; see `Registry.read` for what it raises."""
    return REGISTRY.read(entity, body)
