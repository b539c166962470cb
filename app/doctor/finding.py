"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How it stands."""

    OK = "ok"
    NOTE = "note"
    """Works, but an operator should know."""
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        part: what was looked at: ``kafka``, ``connection web``, ``channel main``.
        grade: how it stands.
        message: what was found.
        mend: what to do; empty where nothing is to be done.
    """

    part: str
    grade: Grade
    message: str
    mend: str = ""


def ok(part: str, message: str) -> Finding:
    """All is well."""
    return Finding(part, Grade.OK, message)


def note(part: str, message: str, mend: str = "") -> Finding:
    """Worth knowing."""
    return Finding(part, Grade.NOTE, message, mend)


def wrong(part: str, message: str, mend: str = "") -> Finding:
    """Must be mended."""
    return Finding(part, Grade.WRONG, message, mend)
