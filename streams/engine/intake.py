"""How flows take raw events: which of them take one, in which order, and which only deliver what another makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.documents import FlowDocument
from schemas.documents.flow import Mode, Normalize
from streams.engine.errors import DocumentError
from streams.engine.expressions import Evaluate, ExpressionError, compile_expression, is_false
from streams.engine.functions import Registry

Takers = Mapping[tuple[str, str], tuple["Intake", ...]]
"""By system and entity."""

_ALIKE = ("id", "number", "reads")
"""What flows of one source must say alike: the event is read once for all of them."""


@dataclass(frozen=True, slots=True)
class Intake:
    """The half of a flow that takes raw events.

    Attributes:
        flow: the flow's id.
        keys: its ``normalize``.
        delivers: whether the flow delivers what it makes; a stock hint goes to another stage first.
        path: gives the parts that it is about; None if it is about the whole.
        unless: what it leaves out; None for nothing.
        also: whether something else is read because of an entity; None for never.
        thin: what a body may lack although it has all keys; None for nothing.
        off: whether the flow is, so that it takes nothing.
    """

    flow: str
    keys: Normalize
    delivers: bool
    path: Evaluate | None
    unless: Evaluate | None = None
    also: Evaluate | None = None
    thin: Evaluate | None = None
    off: bool = False

    def is_whole(self, body: Mapping[str, Any]) -> bool:
        """False if the event is only a hint, and the entity must be read again."""
        if any(body.get(key) is None for key in self.keys.whole):
            return False
        return self.thin is None or is_false(self.thin(body, {}))

    def left_out(self, body: Mapping[str, Any]) -> str:
        """Why the flow leaves the entity out; empty if it takes it."""
        if self.off:
            return f"the flow '{self.flow}' is off"
        if self.unless is None or self.keys.unless is None or is_false(self.unless(body, {})):
            return ""
        return self.keys.unless.why

    def asks_for(self, body: Mapping[str, Any]) -> str:
        """The id of what else is read because of the entity; empty for nothing."""
        if self.off or self.also is None or self.keys.also is None or is_false(self.also(body, {})):
            return ""
        return str(body.get(self.keys.also.id) or "")

    def parts(self, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The parts of the entity that the flow is about; empty if it has none."""
        found = self.path(body, {}) if self.path is not None else None
        return [part for part in found if isinstance(part, Mapping)] if isinstance(found, list) else []


def takers(flows: Iterable[FlowDocument], files: Mapping[str, str], functions: Registry) -> Takers:
    """The flows that take the events of each source, those about the whole entity first and those of refunds last.

    One that is off is among them: its events are not malformed but left out, and where all others are about parts, it
    says so for the receipt.

    Args:
        flows: all of them.
        files: where they come from, by flow; for messages.
        functions: what expressions may call.

    Raises:
        DocumentError: the flows of a source cannot work together, or an expression is wrong; names file and key.
    """
    found: dict[tuple[str, str], list[Intake]] = {}
    for flow in flows:
        if flow.normalize is not None:
            file = files.get(flow.id, flow.id)
            intake = _intake(file, flow, flow.normalize, functions)
            others = found.setdefault(flow.normalize.source.key, [])
            _check_beside(file, intake, others)
            others.append(intake)
    for source_key, intakes in found.items():
        if all(intake.path is not None for intake in intakes):
            file = files.get(intakes[0].flow, intakes[0].flow)
            told = f"no flow takes {source_key[0]}'s '{source_key[1]}' as a whole, only parts of it"
            raise DocumentError(file, "normalize.each", told)
        for intake in intakes:
            also = intake.keys.also
            if also is not None and (source_key[0], also.entity) not in found:
                file = files.get(intake.flow, intake.flow)
                raise DocumentError(file, "normalize.also", f"no flow takes {source_key[0]}'s '{also.entity}'")
    return {key: tuple(sorted(intakes, key=_whole_first)) for key, intakes in found.items()}


def readers(flows: Iterable[FlowDocument]) -> Mapping[tuple[str, str], frozenset[str]]:
    """The systems to which flows without a source deliver, by the canonical topic and entity that they read."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for flow in flows:
        if flow.normalize is None:
            key = (flow.deliver.topic, flow.deliver.entity)
            found[key] = found.get(key, frozenset()) | {flow.deliver.target}
    return found


def _intake(file: str, flow: FlowDocument, keys: Normalize, functions: Registry) -> Intake:
    path = _compiled(file, "each.path", keys.each.path, functions) if keys.each is not None else None
    unless = None
    if keys.unless is not None:
        unless = _compiled(file, "unless.expression", keys.unless.expression, functions)
    also = _compiled(file, "also.when", keys.also.when, functions) if keys.also is not None else None
    thin = _compiled(file, "thin", keys.thin, functions) if keys.thin is not None else None
    delivers = (keys.topic, keys.entity) == (flow.deliver.topic, flow.deliver.entity)
    return Intake(flow.id, keys, delivers, path, unless, also, thin, flow.mode is Mode.OFF)


def _compiled(file: str, place: str, expression: str, functions: Registry) -> Evaluate:
    try:
        return compile_expression(expression, functions)
    except ExpressionError as error:
        raise DocumentError(file, f"normalize.{place}", f"'{expression}': {error}") from error


def _check_beside(file: str, intake: Intake, others: list[Intake]) -> None:
    for other in others:
        for name in _ALIKE:
            if getattr(intake.keys, name) != getattr(other.keys, name):
                told = f"the flow '{other.flow}' takes the same events, and both must name '{name}' alike"
                raise DocumentError(file, f"normalize.{name}", told)


def _whole_first(intake: Intake) -> tuple[bool, bool, bool, str]:
    """Goods leave before they come back: a refund that overtook its shipment would leave nothing to ship."""
    return intake.path is not None, intake.off, intake.keys.entity == "refund", intake.flow
