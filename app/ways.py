"""The flows of this shop, and the ways that they go between its connections."""

from __future__ import annotations

from collections.abc import Mapping

from app.settings import Settings
from schemas.documents import FlowDocument, Mode
from streams.channels import Channels
from streams.engine import load
from streams.launch.ways import ways_of
from streams.ports import Way


def flows_of(settings: Settings) -> Mapping[str, FlowDocument]:
    """The flow documents, in the modes of the settings. Raises DocumentError."""
    modes = {flow: chosen.mode for flow, chosen in settings.flows.items()}
    return load(settings.flows_directory, modes=modes).flows


def no_such_flow(flow: str, flows: Mapping[str, FlowDocument]) -> str:
    """What a person is told who named a flow that there is not."""
    return f"There is no flow '{flow}' (known: {', '.join(sorted(flows))})"


def all_ways(flows: Mapping[str, FlowDocument], settings: Settings) -> list[Way]:
    """Every way of every flow that is not off."""
    return [way for flow in flows.values() if flow.mode is not Mode.OFF for way in own_ways(flow, flows, settings)]


def own_ways(flow: FlowDocument, flows: Mapping[str, FlowDocument], settings: Settings) -> list[Way]:
    """Every way of one flow."""
    return ways_of(flow, flows, settings.systems, Channels(settings.channels.values()))
