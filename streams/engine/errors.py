"""What can go wrong with documents: when they are loaded, and when they run."""

from __future__ import annotations

from streams.errors import Rejected

_SHOWN = 80
"""Characters of a value that an error shows: enough to recognise it, not enough to carry a document into a log."""


class DocumentError(ValueError):
    """A flow or mapping document cannot be used; the process refuses to start.

    Attributes:
        file: name of the YAML file.
        rule: where in it, for example ``rules[3].expression``; empty for the whole document.
    """

    def __init__(self, file: str, rule: str, problem: str) -> None:
        super().__init__(f"{file}: {rule}: {problem}" if rule else f"{file}: {problem}")
        self.file = file
        self.rule = rule


class MappingError(Rejected):
    """A rule could not be carried out on this document; a person mends the mapping or the source.

    Attributes:
        mapping: id of the mapping document.
        rule: which rule, for example ``rules[3] (customer.email)``.
        path: what the rule reads.
        value: what it found, shortened.
    """

    def __init__(self, mapping: str, rule: str, path: str, value: object, problem: str) -> None:
        self.mapping = mapping
        self.rule = rule
        self.path = path
        self.value = shown(value)
        super().__init__(
            f"mapping {mapping}, {rule}, reading '{path}': {problem}; the value is {self.value}", code="mapping"
        )


def shown(value: object) -> str:
    """A value as an error message shows it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
