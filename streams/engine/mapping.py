"""A mapping document, compiled once, run on many documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jmespath.exceptions import JMESPathError

from schemas.documents import MappingDocument
from streams.engine.compiler import CompiledRule, Compiler, Library, Source
from streams.engine.errors import MappingError
from streams.engine.expressions import Evaluate, is_false
from streams.engine.functions import Context, Registry
from streams.engine.tables import NoRow, Table
from streams.engine.trace import RuleTrace

_NOTHING_SHARED = Library()


class _Failed(Exception):
    """A step of a rule cannot go on; becomes a MappingError that names the rule."""


class CompiledMapping:
    """Runs one mapping document.

    Attributes:
        document: the document.
        file: where it was read from.
    """

    def __init__(
        self, document: MappingDocument, file: str, registry: Registry, library: Library = _NOTHING_SHARED
    ) -> None:
        self.document = document
        self.file = file
        self._rules = Compiler(Source(document, file), registry, library).compile()

    def run(self, source: Mapping[str, Any], context: Context, trace: list[RuleTrace] | None = None) -> dict[str, Any]:
        """Map one document.

        Args:
            source: the document, as parsed from JSON.
            context: what the stage knows besides it.
            trace: if given, one line per rule is added to it.

        Raises:
            MappingError: a rule cannot be carried out; names mapping, rule, path and value.
            Rejected: a mapping function refuses the document.
        """
        return self._run(self._rules, source, context, trace)

    def _run(
        self, rules: tuple[CompiledRule, ...], source: Any, context: Context, trace: list[RuleTrace] | None
    ) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for rule in rules:
            found = None
            try:
                if rule.when is not None and is_false(rule.when(source, context)):
                    if trace is not None:
                        trace.append(RuleTrace(rule.name, rule.path, None, None, skipped=True))
                    continue
                found = rule.read(source, context)
                result = self._result(rule, found, context, trace)
            except (
                JMESPathError,
                ValueError,
                TypeError,
                ArithmeticError,
                AttributeError,
                LookupError,
                _Failed,
            ) as error:
                raise MappingError(self.document.id, rule.name, rule.path, found, str(error)) from error
            if trace is not None:
                trace.append(RuleTrace(rule.name, rule.path, found, result))
            if result is not None:
                _put(out, rule, result)
        return out

    def _result(self, rule: CompiledRule, found: Any, context: Context, trace: list[RuleTrace] | None) -> Any:
        value = found
        if rule.table is not None and value is not None:
            value = _looked_up(rule, rule.table, value)
        if rule.inner and value is not None:
            value = self._objects(rule, value, context, trace)
        if rule.transform is not None and value is not None:
            value = rule.transform(value, context)
        if value is None:
            value = rule.default
        if value is None and rule.required:
            raise _Failed("a value is required")
        return value

    def _objects(self, rule: CompiledRule, value: Any, context: Context, trace: list[RuleTrace] | None) -> Any:
        """What the inner rules make of a list or an object."""
        if isinstance(value, list):
            made = [self._run(rule.inner, element, context, trace) for element in value]
            return made if rule.by is None else _keyed(rule.by, value, made, context)
        if not isinstance(value, dict) or rule.by is not None:
            raise _Failed("a list is needed" if rule.by is not None else "a list or an object is needed")
        if rule.one:
            return self._run(rule.inner, value, context, trace) or None
        return {key: self._run(rule.inner, element, context, trace) for key, element in value.items()}


def _looked_up(rule: CompiledRule, table: Table, value: Any) -> Any:
    try:
        return table.look_up(value)
    except NoRow:
        if rule.has_default:
            return None
        raise


def _keyed(by: Evaluate, elements: list[Any], made: list[dict[str, Any]], context: Context) -> dict[str, Any]:
    """The objects under the keys that their elements name."""
    out: dict[str, Any] = {}
    for number, (element, result) in enumerate(zip(elements, made, strict=True)):
        key = by(element, context)
        if key is None:
            raise _Failed(f"element {number} has no key")
        if str(key) in out:
            raise _Failed(f"two elements have the key '{key}'")
        out[str(key)] = result
    return out


def _put(out: dict[str, Any], rule: CompiledRule, result: Any) -> None:
    for parent in rule.parents:
        out = out.setdefault(parent, {})
    out[rule.key] = result
