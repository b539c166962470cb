"""Validation rules of a flow: compiled once, checked on every canonical entity that the flow makes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jmespath.exceptions import JMESPathError

from schemas.documents import Severity, ValidationRule
from streams.engine.errors import DocumentError, shown
from streams.engine.expressions import Evaluate, ExpressionError, compile_expression, is_false
from streams.engine.functions import Context, Registry, context_value
from streams.errors import Rejected, TillstreamError

_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_CONTEXT = "context."

_NEXT = {
    Severity.REJECT: "Mend it in the source system, or the rule, and replay",
    Severity.REVIEW: "Replay to let it go on as it is, or discard it",
}
"""What a person can do about an entity that a rule holds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold.

    Attributes:
        rule: its id.
        severity: what that does to the entity.
        message: what is wrong, with the entity's values.
    """

    rule: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class _Check:
    rule: ValidationRule
    when: Evaluate | None
    check: Evaluate


class Rules:
    """The rules of one flow.

    Args:
        rules: as the flow's document has them.
        file: where it was read from, for messages.
        registry: what their expressions may call.

    Raises:
        DocumentError: an expression cannot be compiled; names file and rule.
    """

    def __init__(self, rules: Iterable[ValidationRule], file: str, registry: Registry) -> None:
        self._checks = tuple(_compiled(rule, f"rules[{number}]", file, registry) for number, rule in enumerate(rules))

    def __bool__(self) -> bool:
        return bool(self._checks)

    def findings(self, values: Mapping[str, Any], context: Context) -> list[Finding]:
        """The rules that do not hold of an entity, in the document's order.

        Args:
            values: the entity as JSON values, as ``out`` mappings read it.
            context: what the stage knows besides it.
        """
        return [found for check in self._checks if (found := _finding(check, values, context)) is not None]


def decided(findings: Sequence[Finding], subject: str, approved: str = "") -> str:
    """Let an entity go on, or hold it.

    Args:
        findings: the rules that do not hold.
        subject: what a person calls the entity: ``order 000000042``.
        approved: id of the rule for which a person has looked at it and lets it go on. They were told of all review
            rules that did not hold, so it stands for all of them.

    Returns:
        What goes on in spite of a rule, for the journal; empty if nothing does.

    Raises:
        Rejected: a rule holds the entity; its code is that of the first such rule, rejections first.
    """
    rejected = [found for found in findings if found.severity is Severity.REJECT]
    reviewed = [found for found in findings if found.severity is Severity.REVIEW]
    if approved in {found.rule for found in reviewed}:
        reviewed = []
    held = rejected or reviewed
    if held:
        told = "; ".join(f"{found.message} (rule '{found.rule}')" for found in held)
        raise Rejected(f"{subject}: {told}. {_NEXT[held[0].severity]}", code=held[0].rule)
    return "; ".join(found.message for found in findings)


def _compiled(rule: ValidationRule, place: str, file: str, registry: Registry) -> _Check:
    def compiled(expression: str, key: str) -> Evaluate:
        try:
            return compile_expression(expression, registry)
        except ExpressionError as error:
            raise DocumentError(file, f"{place}.{key}", f"'{expression}': {error}") from error

    return _Check(rule, compiled(rule.when, "when") if rule.when else None, compiled(rule.check, "check"))


def _finding(check: _Check, values: Mapping[str, Any], context: Context) -> Finding | None:
    """What one rule finds. A rule that cannot be checked counts as one that does not hold, and says why."""
    rule = check.rule
    try:
        if check.when is not None and is_false(check.when(values, context)):
            return None
        if not is_false(check.check(values, context)):
            return None
        problem = ""
    except (
        JMESPathError,
        TillstreamError,
        ValueError,
        TypeError,
        ArithmeticError,
        LookupError,
        AttributeError,
    ) as error:
        problem = f" (the rule cannot be checked: {error})"
    return Finding(rule.id, rule.severity, _filled(rule.message, values, context) + problem)


def _filled(message: str, values: Mapping[str, Any], context: Context) -> str:
    """The message with its fields."""

    def value(match: re.Match[str]) -> str:
        path = match[1]
        if path.startswith(_CONTEXT):
            found = context_value(context, path.removeprefix(_CONTEXT))
        else:
            found = context_value(values, path)
        if found is None or found == "":
            return "(none)"
        return found if isinstance(found, str) else shown(found)

    return _FIELD.sub(value, message)
