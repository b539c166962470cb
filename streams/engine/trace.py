"""What each rule of a mapping did with one document: for the mapping canvas and for support."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule's work on one document.

    Attributes:
        rule: which rule, for example ``rules[3] (customer.email)``.
        path: what it reads.
        found: what the source gave.
        result: what was set; None if nothing was.
        skipped: the rule's condition was false.
    """

    rule: str
    path: str
    found: object
    result: object
    skipped: bool = False
