"""Runs a flow's mapping on a sample, as a stage would, and keeps what every rule did. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.canonical.registry import MODELS
from schemas.documents import Channel, FlowDocument
from schemas.ids import Ref
from streams.engine.load import Catalog
from streams.engine.rules import Finding
from streams.engine.run import HINTS
from streams.engine.trace import RuleTrace
from streams.engine.validate import validate
from streams.errors import Rejected

Direction = Literal["in", "out"]

_CONNECTIONS = {"magento": "web", "heartland": "pos"}


@dataclass(slots=True)
class Trial:
    """What became of one sample.

    Attributes:
        output: the canonical entity as JSON values without what is left at its default, or what the target would get;
            None if there was an error.
        trace: the rules that ran, up to the error.
        findings: the validation rules that do not hold.
        error: what stopped it; None if nothing did.
    """

    output: dict[str, Any] | None = None
    trace: list[RuleTrace] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    error: Rejected | None = None


def try_sample(
    catalog: Catalog, flow: FlowDocument, direction: Direction, sample: Mapping[str, Any], context: Mapping[str, Any]
) -> list[Trial]:
    """Map a sample: one trial, or one for each part of the entity that the flow is about.

    Args:
        catalog: the documents.
        flow: one of them.
        direction: ``in`` for a raw entity, ``out`` for a canonical one as JSON values.
        sample: the entity.
        context: what the stage would know besides it.

    Raises:
        ValueError: the flow takes no raw entities.
    """
    if direction == "out":
        return [_out(catalog, flow, sample, context)]
    if flow.normalize is None:
        raise ValueError(f"the flow '{flow.id}' takes no raw entities, so it has no 'in'")
    if flow.normalize.each is None:
        return [_in(catalog, flow, sample, context)]
    takers = catalog.taking(*flow.normalize.source.key)
    parts = next(intake.parts(sample) for intake in takers if intake.flow == flow.id)
    return [_in(catalog, flow, part, {**context, "whole": sample}) for part in parts]


def example_context(flow: FlowDocument, direction: Direction, sample: Mapping[str, Any]) -> dict[str, Any]:
    """What a stage could know besides that sample, for a shop with one store: connections ``web`` and ``pos``."""
    channel = Channel(name="main", web="web", pos="pos", location="MAIN", sources={"MAIN": "default"})
    known: dict[str, Any] = {"channel": channel.model_dump(mode="json")}
    if direction == "out" or flow.normalize is None:
        return known | {"aliases": {}, "sources": channel.sources}
    keys = flow.normalize
    connection = _CONNECTIONS.get(keys.source.system, keys.source.system)
    ref = Ref(connection, keys.source.entity, str(sample.get(keys.id) or "1"))
    number = str(sample.get(keys.number) or "1")
    return known | {"ref": str(ref), "sale": "web:order:1", "sale_number": number, "cause": "webhook"}


def _in(catalog: Catalog, flow: FlowDocument, sample: Mapping[str, Any], context: Mapping[str, Any]) -> Trial:
    trial = Trial()
    if flow.normalize is None:
        return trial
    try:
        values = catalog.mappings[flow.normalize.mapping].run(sample, context, trial.trace)
        hints = values.pop(HINTS, None)
        entity = validate(MODELS[flow.normalize.entity], values, "the sample")
    except Rejected as error:
        trial.error = error
        return trial
    trial.output = entity.model_dump(mode="json", exclude_defaults=True) | ({HINTS: hints} if hints else {})
    trial.findings = catalog.rules[flow.id].findings(entity.model_dump(mode="json"), context)
    return trial


def _out(catalog: Catalog, flow: FlowDocument, sample: Mapping[str, Any], context: Mapping[str, Any]) -> Trial:
    trial = Trial()
    try:
        entity = validate(MODELS[flow.deliver.entity], sample, "the sample")
        body = entity.model_dump(mode="json")
        trial.output = catalog.mappings[flow.deliver.mapping].run(body, context, trial.trace)
    except Rejected as error:
        trial.error = error
    return trial
