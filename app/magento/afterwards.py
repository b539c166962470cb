"""Reads that follow a mutation. Whatever becomes of them, what was sent was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streams.errors import OutcomeUnknown, TillstreamError


@contextmanager
def afterwards(what: str) -> Iterator[None]:
    """Makes every failure inside an unknown outcome: a failed read must not look as if nothing had been sent.

    Args:
        what: connection, method and thing: ``web: ship_order for order 42``.

    Raises:
        OutcomeUnknown: the read failed.
    """
    try:
        yield
    except TillstreamError as error:
        raise OutcomeUnknown(
            f"{what} was sent and could not be read back ({error.message}). It is looked up before anything is sent "
            "again.",
            code="not_read_back",
        ) from error
