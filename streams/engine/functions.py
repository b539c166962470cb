"""The registry of functions that mapping documents may call, and the general ones.

A mapping function is plain Python: it takes the values that the expression names, and, if its first parameter is
called ``context``, what the stage knows besides the document (the channel, aliases). It raises ValueError or TypeError
for a value that it cannot use, or Rejected with a message of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jmespath.functions import Functions

Context = Mapping[str, Any]
"""What a stage knows besides the document."""


@dataclass(frozen=True, slots=True)
class Function:
    """One mapping function.

    Attributes:
        name: as documents call it.
        call: the Python function.
        least, most: how many arguments a document may give, the context not counted.
        wants_context: the context goes in as the first argument.
    """

    name: str
    call: Callable[..., Any]
    least: int
    most: int
    wants_context: bool

    def invoke(self, context: Context, arguments: list[Any]) -> Any:
        """Call it as a document does."""
        return self.call(context, *arguments) if self.wants_context else self.call(*arguments)


class Registry:
    """Functions by name."""

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}

    def add(self, call: Callable[..., Any], name: str = "") -> None:
        """Register a function under its own name, or under another; raises ValueError if the name is taken."""
        name = name or call.__name__
        if name in self._functions or name in Functions.FUNCTION_TABLE:
            raise ValueError(f"there are two mapping functions '{name}'")
        parameters = list(inspect.signature(call).parameters.values())
        wants_context = bool(parameters) and parameters[0].name == "context"
        own = parameters[1:] if wants_context else parameters
        least = sum(1 for parameter in own if parameter.default is inspect.Parameter.empty)
        self._functions[name] = Function(name, call, least, len(own), wants_context)

    def get(self, name: str) -> Function | None:
        """The function of that name."""
        return self._functions.get(name)

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions.values())


def text(value: object) -> str:
    """A string: numbers as they are written in JSON, null as the empty string."""
    if value is None:
        return ""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise TypeError("a string or a number is needed")


def upper(value: str) -> str:
    """The string in capitals."""
    return _string(value).upper()


def lower(value: str) -> str:
    """The string in small letters."""
    return _string(value).lower()


def trim(value: str) -> str:
    """The string without white space around it."""
    return _string(value).strip()


def flag(value: object) -> bool:
    """A boolean from JSON's booleans and from the 0 and 1 that Magento writes; null is false."""
    if value is None:
        return False
    if value in (0, 1, "0", "1"):
        return bool(int(value))
    raise TypeError("0, 1 or a boolean is needed")


def utc(value: str) -> datetime:
    """A moment. Magento writes ``YYYY-MM-DD HH:MM:SS`` in UTC without saying so; with an offset it is kept."""
    moment = datetime.fromisoformat(_string(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def filled(value: object) -> object:
    """The value; null if it is an empty string, list or object, so that its key is left out."""
    return None if value in ("", [], {}) else value


def entries(value: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """An object's pairs as a list, for ``each``: ``{"a": 1}`` is ``[{"key": "a", "value": 1}]``; null is empty."""
    if value is None:
        return []
    if not isinstance(value, Mapping):
        raise TypeError("an object is needed")
    return [{"key": key, "value": each} for key, each in value.items()]


def context_value(context: Context, path: str) -> Any:
    """What the stage knows under that dotted path (``channel.prefix``); null if it does not."""
    found: Any = context
    for name in _string(path).split("."):
        found = found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
    return found


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a string is needed")
    return value
