"""A mapping document, compiled once, run on many documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jmespath.exceptions import JMESPathError

from schemas.documents import MappingDocument, Rule
from streams.engine.errors import DocumentError, MappingError
from streams.engine.expressions import Evaluate, ExpressionError, compile_expression, is_false
from streams.engine.functions import Context, Registry
from streams.engine.trace import RuleTrace

Transform = Callable[[Any, Context], Any]


class _Failed(Exception):
    """A step of a rule cannot go on; becomes a MappingError that names the rule."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, ready to run. ``name`` and ``path`` are what errors and traces say."""

    name: str
    path: str
    parents: tuple[str, ...]
    key: str
    read: Evaluate
    when: Evaluate | None
    table: Mapping[str, Any] | None
    each: tuple[_Rule, ...]
    transform: Transform | None
    default: Any
    has_default: bool
    required: bool


class CompiledMapping:
    """Runs one mapping document.

    Attributes:
        document: the document.
        file: where it was read from.
    """

    def __init__(self, document: MappingDocument, file: str, registry: Registry) -> None:
        self.document = document
        self.file = file
        self._rules = _Compiler(document, file, registry).rules(document.rules, "rules")

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
        self, rules: tuple[_Rule, ...], source: Any, context: Context, trace: list[RuleTrace] | None
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

    def _result(self, rule: _Rule, found: Any, context: Context, trace: list[RuleTrace] | None) -> Any:
        value = found
        if rule.table is not None and value is not None:
            value = _looked_up(rule, value)
        if rule.each and value is not None:
            if not isinstance(value, list):
                raise _Failed("a list is needed")
            value = [self._run(rule.each, element, context, trace) for element in value]
        if rule.transform is not None and value is not None:
            value = rule.transform(value, context)
        if value is None:
            value = rule.default
        if value is None and rule.required:
            raise _Failed("a value is required")
        return value


def _looked_up(rule: _Rule, value: Any) -> Any:
    table = rule.table or {}
    key = str(value)
    if key not in table and not rule.has_default:
        raise _Failed(f"the table has no row '{key}' and the rule no default")
    return table.get(key)


def _put(out: dict[str, Any], rule: _Rule, result: Any) -> None:
    for parent in rule.parents:
        out = out.setdefault(parent, {})
    out[rule.key] = result


class _Compiler:
    """Turns a document's rules into closures; every refusal names file and rule."""

    def __init__(self, document: MappingDocument, file: str, registry: Registry) -> None:
        self._document = document
        self._file = file
        self._registry = registry
        self._none = Registry()

    def rules(self, rules: tuple[Rule, ...], place: str) -> tuple[_Rule, ...]:
        """Compile them; targets must not collide."""
        self._check_targets(rules, place)
        return tuple(self._rule(rule, f"{place}[{number}]") for number, rule in enumerate(rules))

    def _rule(self, rule: Rule, place: str) -> _Rule:
        *parents, key = rule.to.split(".")
        read, path = self._read(rule, place)
        return _Rule(
            name=f"{place} ({rule.to})",
            path=path,
            parents=tuple(parents),
            key=key,
            read=read,
            when=self._compiled(rule.when, f"{place}.when", self._registry) if rule.when else None,
            table=self._table(rule.lookup, place) if rule.lookup else None,
            each=self.rules(rule.each, f"{place}.each"),
            transform=self._transform(rule.transform, place) if rule.transform else None,
            default=rule.default,
            has_default=rule.has_default,
            required=rule.required,
        )

    def _read(self, rule: Rule, place: str) -> tuple[Evaluate, str]:
        if rule.source_path is not None:
            return self._compiled(rule.source_path, f"{place}.from", self._none), rule.source_path
        if rule.expression is not None:
            return self._compiled(rule.expression, f"{place}.expression", self._registry), rule.expression
        constant = rule.value
        return (lambda _document, _context: constant), "value"

    def _compiled(self, expression: str, place: str, registry: Registry) -> Evaluate:
        try:
            return compile_expression(expression, registry)
        except ExpressionError as error:
            raise DocumentError(self._file, place, f"'{expression}': {error}") from error

    def _table(self, name: str, place: str) -> Mapping[str, Any]:
        table = self._document.tables.get(name)
        if table is None:
            known = ", ".join(sorted(self._document.tables)) or "none"
            raise DocumentError(self._file, f"{place}.lookup", f"there is no table '{name}' (known: {known})")
        return table

    def _transform(self, name: str, place: str) -> Transform:
        function = self._registry.get(name)
        if function is None:
            raise DocumentError(self._file, f"{place}.transform", f"there is no function '{name}'")
        if not function.least <= 1 <= function.most:
            raise DocumentError(self._file, f"{place}.transform", f"'{name}' does not take one argument")
        return lambda value, context: function.invoke(context, [value])

    def _check_targets(self, rules: tuple[Rule, ...], place: str) -> None:
        seen: set[str] = set()
        for number, rule in enumerate(rules):
            here = f"{place}[{number}].to"
            if rule.to in seen and rule.when is None:
                raise DocumentError(self._file, here, f"a second rule for '{rule.to}' needs a 'when'")
            for other in seen:
                if other.startswith(f"{rule.to}.") or rule.to.startswith(f"{other}."):
                    raise DocumentError(self._file, here, f"'{rule.to}' collides with '{other}'")
            seen.add(rule.to)
