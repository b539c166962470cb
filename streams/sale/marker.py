"""The mark by which an entry that we made is known again where the target has no place for an id of ours."""

from __future__ import annotations

MARK = "[tillstream "
"""How every mark begins. Flows leave out what carries one: it is our own write, come back."""


def marker(ref: str, word: str = "") -> str:
    """What an entry's text carries: ``[tillstream web:credit_memo:9]``.

    Args:
        ref: of what it was made for.
        word: what of it, where one entity makes several: the status of an order.
    """
    return f"{MARK}{ref}{f' {word}' if word else ''}]"
