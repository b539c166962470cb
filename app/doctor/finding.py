"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How it stands, as it is printed."""

    OK = "fine"
    NOTE = "doubtful"
    """Works, but an operator should know, or cannot be seen from here."""
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        part: what was looked at: ``kafka``, ``connection web``, ``channel main``.
        grade: how it stands.
        message: what was found.
        mend: what to do; empty where nothing is to be done.
        why: what comes of it if nothing is done; empty where the message says so.
    """

    part: str
    grade: Grade
    message: str
    mend: str = ""
    why: str = ""


def ok(part: str, message: str) -> Finding:
    """All is well."""
    return Finding(part, Grade.OK, message)


def note(part: str, message: str, mend: str = "", why: str = "") -> Finding:
    """Worth knowing."""
    return Finding(part, Grade.NOTE, message, mend, why)


def wrong(part: str, message: str, mend: str = "", why: str = "") -> Finding:
    """Must be mended."""
    return Finding(part, Grade.WRONG, message, mend, why)
