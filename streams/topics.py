"""Every topic, declared in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic's declaration.

    Attributes:
        name: as in Kafka.
        partitions: parallelism of the stage that reads it; never reduced, never changed once keys matter.
        retention_days: how long a record stays readable; must outlast the longest outage.
        compacted: keep the last record of each key instead of deleting by age.
    """

    name: str
    partitions: int
    retention_days: int = 14
    compacted: bool = False
    config: dict[str, str] = field(default_factory=dict)

    def kafka_config(self, *, min_insync_replicas: int) -> dict[str, str]:
        """The topic's settings in Kafka's words."""
        base = {
            "min.insync.replicas": str(min_insync_replicas),
            "unclean.leader.election.enable": "false",
            "cleanup.policy": "compact" if self.compacted else "delete",
        }
        if not self.compacted:
            base["retention.ms"] = str(self.retention_days * DAY_MS)
        return base | self.config


def raw(system: str, entity: str) -> str:
    """Name of the topic of raw events: ``raw.magento.order``."""
    return f"raw.{system}.{entity}"


def system_of(topic: str) -> str:
    """The system whose events a raw topic carries."""
    return topic.split(".")[1]


def dead_letter(stage: str) -> str:
    """Name of a stage's dead-letter topic: ``dead-letter.deliver``."""
    return f"dead-letter.{stage}"


CANONICAL_CUSTOMER = "canonical.customer"
CANONICAL_SALE = "canonical.sale"
CANONICAL_STOCK = "canonical.stock"
CANONICAL_PRODUCT = "canonical.product"
CANONICAL_GIFT_CARD = "canonical.gift_card"
HINT_STOCK = "hint.stock"

WEB_UNITS = "web-units"
"""The inventory role's table: what web orders hold of each SKU."""
WEB_UNITS_CHANGELOG = f"tillstream.inventory-{WEB_UNITS}-changelog"
"""Faust's name for it: the group (`streams/groups.py`), the table."""

PARTITIONS = 12
"""Partitions of every working topic: twelve divide by 1, 2, 3, 4, 6 and 12 workers."""

TOPICS: tuple[Topic, ...] = (
    Topic(raw("magento", "credit_memo"), PARTITIONS),
    Topic(raw("magento", "customer"), PARTITIONS),
    Topic(raw("magento", "invoice"), PARTITIONS),
    Topic(raw("magento", "order"), PARTITIONS),
    Topic(raw("magento", "shipment"), PARTITIONS),
    Topic(raw("magento", "transaction"), PARTITIONS),
    Topic(raw("heartland", "customer"), PARTITIONS),
    Topic(raw("heartland", "gift_card"), PARTITIONS),
    Topic(raw("heartland", "inventory"), PARTITIONS),
    Topic(raw("heartland", "order"), PARTITIONS),
    Topic(raw("heartland", "payment"), PARTITIONS),
    Topic(raw("heartland", "product"), PARTITIONS),
    Topic(HINT_STOCK, PARTITIONS),
    # small segments: only closed ones are compacted, and a worker reads all of it when it starts
    Topic(
        WEB_UNITS_CHANGELOG,
        PARTITIONS,
        compacted=True,
        config={"segment.bytes": str(16 * 1024 * 1024), "min.cleanable.dirty.ratio": "0.1"},
    ),
    Topic(CANONICAL_SALE, PARTITIONS),
    Topic(CANONICAL_STOCK, PARTITIONS),
    Topic(CANONICAL_PRODUCT, PARTITIONS),
    Topic(CANONICAL_CUSTOMER, PARTITIONS),
    Topic(CANONICAL_GIFT_CARD, PARTITIONS),
    Topic(dead_letter("normalize"), 3, retention_days=90),
    Topic(dead_letter("inventory"), 3, retention_days=90),
    Topic(dead_letter("deliver"), 3, retention_days=90),
)

RAW_ENTITIES: frozenset[tuple[str, str]] = frozenset(
    (parts[1], parts[2]) for parts in (topic.name.split(".") for topic in TOPICS) if parts[0] == "raw"
)
"""(system, entity) pairs that the door accepts."""
