"""What the flows take, which is what is worth reading."""

from __future__ import annotations

from app.settings import Settings
from streams.engine import load


def sources_of(settings: Settings) -> frozenset[tuple[str, str]]:
    """System and entity of every flow's source. Raises DocumentError."""
    flows = load(settings.flows_directory).flows.values()
    return frozenset(flow.normalize.source.key for flow in flows if flow.normalize is not None)
