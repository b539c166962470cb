"""What an audit finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Entity(StrEnum):
    """What is audited, in the order of the report."""

    ORDERS = "orders"
    PAYMENTS = "payments"
    SHIPMENTS = "shipments"
    REFUNDS = "refunds"
    CUSTOMERS = "customers"
    PRODUCTS = "products"
    STOCK = "stock"
    GIFT_CARDS = "gift cards"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``verdict`` is lost, doubled or different."""

    verdict: str
    subject: str
    detail: str


@dataclass(slots=True)
class EntityAudit:
    """One entity's result.

    Attributes:
        did: what the shop did, by its deeds.
        compared: documents of it that were compared field by field.
        findings: what is wrong.
    """

    did: int = 0
    compared: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, verdict: str, subject: str, detail: str) -> None:
        """One more finding."""
        self.findings.append(Finding(verdict, subject, detail))

    def count(self, verdict: str) -> int:
        """Number of subjects with a finding of that verdict."""
        return len({finding.subject for finding in self.findings if finding.verdict == verdict})


@dataclass(slots=True)
class Audit:
    """The auditor's result.

    Attributes:
        placed: web orders that the shop placed.
        in_target: of these, those that are in the point of sale.
        entities: what was found of each.
    """

    placed: int = 0
    in_target: int = 0
    entities: dict[Entity, EntityAudit] = field(default_factory=lambda: {entity: EntityAudit() for entity in Entity})

    @property
    def findings(self) -> list[Finding]:
        """All that is wrong."""
        return [finding for entity in self.entities.values() for finding in entity.findings]

    @property
    def balanced(self) -> bool:
        """True if nothing is lost, doubled or different."""
        return not self.findings

    def add(self, entity: Entity, findings: Iterable[Finding]) -> None:
        """More findings of an entity."""
        self.entities[entity].findings.extend(findings)
