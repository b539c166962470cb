"""JMESPath, compiled.

Most rules read a plain path (``a.b[0].c``) or call one of our functions on it. Those become closures with the meaning
that the JMESPath specification gives them; everything else runs in jmespath's own interpreter. A property test holds
that both give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from streams.engine.functions import Context, Function, Registry

Evaluate = Callable[[Any, Context], Any]
"""A compiled expression: document and context in, value out."""

Node = dict[str, Any]
"""A node of jmespath's syntax tree."""


class ExpressionError(ValueError):
    """An expression cannot be compiled; the message says why."""


def compile_expression(expression: str, registry: Registry) -> Evaluate:
    """Compile a JMESPath expression that may call the registry's functions.

    Raises:
        ExpressionError: not JMESPath, an unknown function, or a wrong number of arguments for one of ours.
    """
    try:
        tree: Any = jmespath.compile(expression).parsed
    except JMESPathError as error:
        raise ExpressionError(f"not a JMESPath expression: {' '.join(str(error).split())}") from error
    _check_calls(tree, registry)
    return _closure(tree, registry) or _interpreted(tree, registry)


def is_false(value: object) -> bool:
    """JMESPath's falsehood: null, false, and empty strings, lists and objects; zero is true."""
    return value is None or value is False or value in ("", [], {})


class _Calls(Functions):
    """Jmespath's functions and ours, for one evaluation in one context."""

    def __init__(self, registry: Registry, context: Context) -> None:
        self._registry = registry
        self._context = context

    def call_function(self, function_name: str, resolved_args: Iterable[Any]) -> Any:
        function = self._registry.get(function_name)
        if function is None:
            return super().call_function(function_name, resolved_args)
        return function.invoke(self._context, list(resolved_args))


def _interpreted(tree: Node, registry: Registry) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:
        interpreter = TreeInterpreter(Options(custom_functions=_Calls(registry, context)))
        return interpreter.visit(tree, document)  # type: ignore[arg-type]

    return evaluate


def _check_calls(tree: Node, registry: Registry) -> None:
    if tree["type"] == "function_expression":
        _check_call(tree["value"], len(tree["children"]), registry)
    for child in tree["children"]:
        if isinstance(child, dict):
            _check_calls(child, registry)


def _check_call(name: str, given: int, registry: Registry) -> None:
    function = registry.get(name)
    if function is None:
        if name not in Functions.FUNCTION_TABLE:
            raise ExpressionError(f"there is no function '{name}'")
    elif not function.least <= given <= function.most:
        raise ExpressionError(f"{name}() takes {_arity(function)} but is given {given}")


def _arity(function: Function) -> str:
    counts = str(function.least) if function.least == function.most else f"{function.least} to {function.most}"
    return f"{counts} argument{'' if counts == '1' else 's'}"


def _closure(node: Node, registry: Registry) -> Evaluate | None:
    """The node as a closure, None if only jmespath's interpreter can do it."""
    match node["type"]:
        case "field":
            return _field(node["value"])
        case "index":
            return _index(node["value"])
        case "current" | "identity":
            return _current
        case "literal":
            return _literal(node["value"])
        case "subexpression" | "index_expression":
            return _chain([_closure(child, registry) for child in node["children"]])
        case "or_expression" | "and_expression" | "not_expression":
            return _logical(node["type"], [_closure(child, registry) for child in node["children"]])
        case "function_expression":
            return _call(registry.get(node["value"]), [_closure(child, registry) for child in node["children"]])
        case _:
            return None


def _field(name: str) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:  # noqa: ARG001 - one signature for all closures
        return document.get(name) if isinstance(document, dict) else None

    return evaluate


def _index(position: int) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:  # noqa: ARG001
        if not isinstance(document, list):
            return None
        try:
            return document[position]
        except IndexError:
            return None

    return evaluate


def _current(document: Any, context: Context) -> Any:  # noqa: ARG001
    return document


def _literal(value: Any) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:  # noqa: ARG001
        return value

    return evaluate


def _chain(steps: list[Evaluate | None]) -> Evaluate | None:
    known = [step for step in steps if step is not None]
    if len(known) < len(steps):
        return None

    def evaluate(document: Any, context: Context) -> Any:
        for step in known:
            document = step(document, context)
        return document

    return evaluate


def _logical(kind: str, sides: list[Evaluate | None]) -> Evaluate | None:
    known = [side for side in sides if side is not None]
    return _LOGIC[kind](*known) if len(known) == len(sides) else None


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:
        found = left(document, context)
        return right(document, context) if is_false(found) else found

    return evaluate


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:
        found = left(document, context)
        return found if is_false(found) else right(document, context)

    return evaluate


def _not(side: Evaluate) -> Evaluate:
    def evaluate(document: Any, context: Context) -> Any:
        return is_false(side(document, context))

    return evaluate


_LOGIC: dict[str, Callable[..., Evaluate]] = {"or_expression": _either, "and_expression": _both, "not_expression": _not}


def _call(function: Function | None, arguments: list[Evaluate | None]) -> Evaluate | None:
    known = [argument for argument in arguments if argument is not None]
    if function is None or len(known) < len(arguments):
        return None
    call = function.call
    wants_context = function.wants_context

    def evaluate(document: Any, context: Context) -> Any:
        values = [argument(document, context) for argument in known]
        return call(context, *values) if wants_context else call(*values)

    return evaluate
