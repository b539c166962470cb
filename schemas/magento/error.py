"""An error body. Only ``message`` is sure, and it holds placeholders whose values stand beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.wire import Wire

Parameters = tuple[Any, ...] | dict[str, Any]

_PLACEHOLDER = re.compile(r"%(\w+)")


class ErrorItem(Wire):
    """A message with its parameters: a list fills ``%1``, ``%2`` …, an object fills ``%name``."""

    message: str = ""
    parameters: Parameters = ()

    @property
    def text(self) -> str:
        """The message with its placeholders filled; one that has no value stays as it is."""
        return _PLACEHOLDER.sub(self._value, self.message)

    @property
    def values(self) -> tuple[Any, ...]:
        """The parameters without their names."""
        return tuple(self.parameters.values()) if isinstance(self.parameters, Mapping) else self.parameters

    def _value(self, found: re.Match[str]) -> str:
        name = found[1]
        if isinstance(self.parameters, Mapping):
            return str(self.parameters.get(name, found[0]))
        place = int(name) - 1 if name.isdigit() else -1
        return str(self.parameters[place]) if 0 <= place < len(self.parameters) else found[0]


class ErrorMessage(Wire):
    """One entry of the other shape, which failures outside routing have."""

    code: int | str = ""
    message: str = ""


class ErrorMessages(Wire):
    """``{"error": [...]}``."""

    error: tuple[ErrorMessage, ...] = ()


class ErrorBody(ErrorItem):
    """``{"message", "parameters", "errors"}`` or ``{"messages": {"error": [...]}}``."""

    errors: tuple[ErrorItem, ...] = ()
    messages: ErrorMessages = Field(default_factory=ErrorMessages)

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything it says, the summary first."""
        said = [self.text, *(item.text for item in self.errors), *(item.message for item in self.messages.error)]
        return tuple(dict.fromkeys(text for text in said if text))
