"""Every metric, declared once: `metrics` has those of the work, `upkeep` those of what needs looking after."""

from streams.metrics.declarations import Described
from streams.metrics.metrics import LATENCY_BUCKETS, Metrics, document
from streams.metrics.upkeep import Upkeep

__all__ = ["LATENCY_BUCKETS", "Described", "Metrics", "Upkeep", "document"]
