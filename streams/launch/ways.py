"""The ways that a flow goes: from which connections to which, by the channels. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.documents import FlowDocument
from streams.channels import Channels
from streams.ports import Way

WEBHOOK = "webhook"


def ways_of(
    flow: FlowDocument, flows: Mapping[str, FlowDocument], systems: Mapping[str, str], channels: Channels
) -> list[Way]:
    """Every way of a flow, sorted. Channels join a web store and a point of sale; a receiver is told by every source.

    Args:
        flows: all of them: one without a source delivers what another makes.
        systems: the system behind each connection.
    """
    told_by = {made.normalize.source.system for made in _makers(flow, flows) if made.normalize is not None}
    sources = [name for name, system in systems.items() if system in told_by]
    targets = [name for name, system in systems.items() if system == flow.deliver.target]
    return sorted(
        Way(flow.id, source, target)
        for source in sources
        for target in targets
        if systems[target] == WEBHOOK or _joined(source, target, channels)
    )


def _makers(flow: FlowDocument, flows: Mapping[str, FlowDocument]) -> list[FlowDocument]:
    if flow.normalize is not None:
        return [flow]
    wanted = flow.deliver.topic, flow.deliver.entity
    return [
        made for made in flows.values() if made.normalize and (made.normalize.topic, made.normalize.entity) == wanted
    ]


def _joined(one: str, other: str, channels: Channels) -> bool:
    return bool(channels.between(pos=one, web=other) or channels.between(pos=other, web=one))
