"""Compiles a mapping document: expressions, tables, functions and other mappings are found once, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.documents import MappingDocument, Rule
from streams.engine.errors import DocumentError
from streams.engine.expressions import Evaluate, ExpressionError, compile_expression
from streams.engine.functions import Context, Registry
from streams.engine.tables import Table

Transform = Callable[[Any, Context], Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A mapping document and the file that it came from."""

    document: MappingDocument
    file: str


@dataclass(frozen=True, slots=True)
class Library:
    """What a mapping may refer to: the shared tables, and the other mappings, by id."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    mappings: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, ready to run. ``name`` and ``path`` are what errors and traces say.

    ``inner`` are the rules of ``each`` or of the other mapping; ``one`` says that they may make a single object.
    """

    name: str
    path: str
    parents: tuple[str, ...]
    key: str
    read: Evaluate
    when: Evaluate | None
    table: Table | None
    inner: tuple[CompiledRule, ...]
    one: bool
    by: Evaluate | None
    transform: Transform | None
    default: Any
    has_default: bool
    required: bool


class Compiler:
    """Turns a document's rules into closures; every refusal names file and rule.

    Args:
        source: the document.
        registry: what its expressions may call.
        library: what its rules may refer to.
        within: names of rules of the mappings that this one is used in, for errors and traces.
        users: ids of those mappings, the outermost first.
    """

    def __init__(
        self, source: Source, registry: Registry, library: Library, *, within: str = "", users: tuple[str, ...] = ()
    ) -> None:
        self._document = source.document
        self._file = source.file
        self._registry = registry
        self._library = library
        self._within = within
        self._users = (*users, source.document.id)
        self._none = Registry()

    def compile(self) -> tuple[CompiledRule, ...]:
        """The document's rules, compiled. Raises DocumentError."""
        return self._rules(self._document.rules, "rules")

    def _rules(self, rules: tuple[Rule, ...], place: str) -> tuple[CompiledRule, ...]:
        self._check_targets(rules, place)
        return tuple(self._rule(rule, f"{place}[{number}]") for number, rule in enumerate(rules))

    def _rule(self, rule: Rule, place: str) -> CompiledRule:
        *parents, key = rule.to.split(".")
        read, path = self._read(rule, place)
        name = f"{self._within}{place} ({rule.to})"
        return CompiledRule(
            name=name,
            path=path,
            parents=tuple(parents),
            key=key,
            read=read,
            when=self._compiled(rule.when, f"{place}.when", self._registry) if rule.when else None,
            table=self._table(rule.lookup, place) if rule.lookup else None,
            inner=self._mapping(rule.mapping, place, name) if rule.mapping else self._rules(rule.each, f"{place}.each"),
            one=rule.mapping is not None,
            by=self._compiled(rule.by, f"{place}.by", self._registry) if rule.by else None,
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

    def _table(self, name: str, place: str) -> Table:
        """The document's own table of that name, else the shared one."""
        own = self._document.tables.get(name)
        if own is not None:
            return Table(own)
        shared = self._library.tables.get(name)
        if shared is None:
            known = ", ".join(sorted([*self._document.tables, *self._library.tables])) or "none"
            raise DocumentError(self._file, f"{place}.lookup", f"there is no table '{name}' (known: {known})")
        return shared

    def _mapping(self, wanted: str, place: str, name: str) -> tuple[CompiledRule, ...]:
        """The rules of another mapping, compiled as a part of this one."""
        place = f"{place}.mapping"
        if wanted in self._users:
            way = " → ".join([*self._users[self._users.index(wanted) :], wanted])
            raise DocumentError(self._file, place, f"the mapping '{wanted}' uses itself ({way})")
        other = self._library.mappings.get(wanted)
        if other is None:
            raise DocumentError(self._file, place, f"there is no mapping '{wanted}'")
        mine = self._document
        if (other.document.system, other.document.direction) != (mine.system, mine.direction):
            raise DocumentError(
                self._file, place, f"'{wanted}' is not a mapping of {mine.system}, direction {mine.direction}"
            )
        within = f"{name} → {wanted} "
        return Compiler(other, self._registry, self._library, within=within, users=self._users).compile()

    def _transform(self, name: str, place: str) -> Transform:
        function = self._registry.get(name)
        if function is None:
            raise DocumentError(self._file, f"{place}.transform", f"there is no function '{name}'")
        if not function.least <= 1 <= function.most:
            raise DocumentError(self._file, f"{place}.transform", f"'{name}' does not take one argument")
        return lambda value, context: function.invoke(context, [value])

    def _check_targets(self, rules: tuple[Rule, ...], place: str) -> None:
        """Targets must not collide."""
        seen: set[str] = set()
        for number, rule in enumerate(rules):
            here = f"{place}[{number}].to"
            if rule.to in seen and rule.when is None:
                raise DocumentError(self._file, here, f"a second rule for '{rule.to}' needs a 'when'")
            for other in seen:
                if other.startswith(f"{rule.to}.") or rule.to.startswith(f"{other}."):
                    raise DocumentError(self._file, here, f"'{rule.to}' collides with '{other}'")
            seen.add(rule.to)
