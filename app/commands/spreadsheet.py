"""Cells that a spreadsheet shows as they are. Pure."""

from __future__ import annotations

FORMULAS = ("=", "+", "-", "@")
"""With these a spreadsheet takes text for a formula."""
GUARD = "'"


def guarded(value: object) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"{GUARD}{text}" if text.startswith(FORMULAS) else text


def without_guard(cell: str) -> str:
    """The text of a cell that `guarded` made."""
    return cell[1:] if cell[:1] == GUARD and cell[1:].startswith(FORMULAS) else cell
