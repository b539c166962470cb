"""What a store answers to a writer that another one has overtaken."""

from __future__ import annotations


class Fenced(Exception):
    """Somebody else has moved on what this writer knew: an effect, a partition's claim, or a feed's cursor.

    Nothing was written, and nothing may be done on the strength of what was read before.
    """
