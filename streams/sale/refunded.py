"""What of a line's money goes back when some of its pieces do, so that all parts together are the whole."""

from __future__ import annotations

from decimal import Decimal

from streams.sale.exact import ZERO, cents


def refunded_part(whole: Decimal, pieces: Decimal, before: Decimal, now: Decimal) -> Decimal:
    """The part of an amount of a line (its price, discount or tax) that some of its pieces have.

    What all pieces so far have is rounded to the cent, and what the earlier ones had is taken off: however a line is
    split, its last pieces get what is left, and no cent is lost or made.

    Args:
        whole: for all pieces of the line; zero or more.
        pieces: of the line.
        before: pieces that were refunded earlier.
        now: pieces that are refunded now.

    Raises:
        ValueError: no pieces, or more than are left.
    """
    if now <= ZERO or before < ZERO or before + now > pieces:
        raise ValueError(f"{now} of {pieces} pieces cannot be refunded after {before}")
    return _of_first(before + now, whole, pieces) - _of_first(before, whole, pieces)


def _of_first(count: Decimal, whole: Decimal, pieces: Decimal) -> Decimal:
    return whole if count == pieces else min(whole, cents(whole * count / pieces))
