"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``verdict`` is lost, doubled or different."""

    verdict: str
    subject: str
    detail: str
