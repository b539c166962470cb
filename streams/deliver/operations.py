"""What may be done in a target: whether it may be repeated, and how it is found out that it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class OperationKind(StrEnum):
    """Whether an operation may be repeated."""

    CREATE_ONCE = "create_once"
    """Each call makes one more: it goes through the ledger."""
    SET_STATE = "set_state"
    """It sets a value: called again, it changes nothing."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One mutation of a target's port.

    Attributes:
        name: the port's method, as flow documents, journal and ledger name it.
        kind: whether it may be repeated.
        lookup: how a create-once is found in the target; None if it cannot be, so that one without an answer goes to a
            person.
        window: what can still go wrong, and when.
    """

    name: str
    kind: OperationKind
    lookup: str | None
    window: str


CREATE_ORDER = Operation(
    name="create_order",
    kind=OperationKind.CREATE_ONCE,
    lookup="orders by the number that they carry as external id",
    window="a second order, if the first is stored later than longest_execution_seconds after our time-out or shows in "
    "the list later than lookup_lag_seconds after that",
)
ADD_COMMENT = Operation(
    name="add_comment",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's comments by the marker in their text",
    window="a second comment, as with create_order; and one more if the marker is edited out by hand before a look",
)
SET_EXTERNAL_NUMBER = Operation(
    name="set_external_number",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: an order's number stays what it is, so that a late call sets it to what it is",
)
WRITE_SOURCE_ITEMS = Operation(
    name="write_source_items",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older quantity, from when a call without an answer takes effect after a newer one until it has settled: "
    "then the newest is written again",
)

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation for operation in (CREATE_ORDER, ADD_COMMENT, SET_EXTERNAL_NUMBER, WRITE_SOURCE_ITEMS)
}
"""By name, everything that a flow document may name."""
