"""``?fields=items[entity_id,status],total_count``: trimming of answers."""

from __future__ import annotations

from typing import Any

Wanted = dict[str, "Wanted"]
"""Key -> what is wanted of it; empty means all."""


def parse_fields(text: str) -> Wanted | None:
    """Read the expression; None if its brackets do not match."""
    root: Wanted = {}
    stack, name = [root], ""
    for character in f"{text},":
        if character in ",[]" and name:
            stack[-1].setdefault(name.strip(), {})
        if character == "[":
            if not name:
                return None
            stack.append(stack[-1][name.strip()])
        elif character == "]":
            if len(stack) == 1:
                return None
            stack.pop()
        name = name + character if character not in ",[]" else ""
    return root if len(stack) == 1 else None


def trim(value: Any, wanted: Wanted) -> Any:
    """Only what is wanted, at every depth; an expression over a list means each of its entries."""
    if not wanted:
        return value
    if isinstance(value, list):
        return [trim(item, wanted) for item in value]
    if isinstance(value, dict):
        return {key: trim(item, wanted[key]) for key, item in value.items() if key in wanted}
    return value


def trim_answer(answer: Any, text: str) -> Any:
    """An answer under ``fields=``. An empty list of items comes as null then, and a malformed expression as []."""
    if not isinstance(answer, dict | list):
        return answer
    wanted = parse_fields(text)
    if wanted is None:
        return []
    trimmed = trim(answer, wanted)
    if isinstance(trimmed, dict) and trimmed.get("items") == [] and "items" in wanted:
        trimmed["items"] = None
    return trimmed
