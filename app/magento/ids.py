"""Magento's ids: text for us, whole numbers in its bodies."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from app import exact_json
from streams.errors import OutcomeUnknown, Rejected


def whole(connection: str, what: str, native_id: str) -> int:
    """An id as a body holds it; ``what`` is ``order``, ``order item`` ….

    Raises:
        Rejected: it is none.
    """
    if not (native_id.isascii() and native_id.isdecimal()):
        raise Rejected(
            f"{connection}: '{native_id}' is not the id of a Magento {what}. It came from the event or its mapping: "
            "correct that, then replay.",
            code=f"{what.replace(' ', '_')}_id",
        )
    return int(native_id)


def item_rows(connection: str, units: Mapping[str, Decimal]) -> list[dict[str, object]]:
    """``items`` of a shipment, an invoice or a credit memo."""
    return [{"order_item_id": whole(connection, "order item", row), "qty": pieces} for row, pieces in units.items()]


def made(content: bytes, what: str) -> str:
    """The id that a mutation answers, as a bare number or text.

    Raises:
        OutcomeUnknown: it answers something else; ``what`` is connection and thing, for the message.
    """
    try:
        answer = exact_json.loads(content)
    except ValueError:
        answer = None
    if isinstance(answer, int | str) and not isinstance(answer, bool) and str(answer).isdecimal():
        return str(answer)
    raise OutcomeUnknown(
        f"{what} was answered with {content[:80]!r} instead of an id: it may have been made. It is looked up.",
        code="unexpected_answer",
    )
