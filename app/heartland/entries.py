"""What is recorded on an order one after the other: its ``Shipments`` and ``Refunds``.

Each is a list that a PUT sends as a whole, what the order has first and unchanged (schemas/heartland/openapi.yaml,
``update_order``). Heartland refuses any other, so that of two who append at once one is refused, and a call that is
done late, when another has been appended by then, does nothing. An entry has no ExternalID and never changes: it is
found by a marker in a text that it has anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from app import exact_json
from app.heartland.client import HeartlandClient
from app.heartland.lists import one_of
from app.heartland.orders import ORDERS
from app.urls import encode
from app.wire import read_as
from schemas.heartland import Pieces
from schemas.wire import Wire
from streams.errors import OutcomeUnknown, Rejected, Transient

Entry = TypeVar("Entry", bound=Wire)
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind(Generic[Entry]):
    """One of an order's lists.

    Attributes:
        field: its name.
        noun: of one entry, in messages.
        model: of an order, as far as it tells them.
        entries: of such an order, in the order in which they were recorded.
        key: an entry's id.
        texts: those of an entry, or of a document to become one, that can carry a marker.
    """

    field: str
    noun: str
    model: type[Wire]
    entries: Callable[[Any], Sequence[Entry]]
    key: Callable[[Entry], str]
    texts: Callable[[Raw], Iterable[object]]


@dataclass(frozen=True, slots=True)
class _Shown(Generic[Entry]):
    """An order's list: as it was read, to be sent again, and as the connector understands it."""

    raw: list[dict[str, Any]]
    entries: Sequence[Entry]


def carries(text: object, marker: str) -> bool:
    """Whether the text has the marker as a word of its own: ``W-1`` is neither in ``W-12`` nor in ``W-1-2``."""
    return isinstance(text, str) and re.search(rf"(?<![\w-]){re.escape(marker)}(?![\w-])", text) is not None


class OrderEntries(Generic[Entry]):
    """One kind of entry on the orders of one connection."""

    def __init__(self, client: HeartlandClient, kind: Kind[Entry]) -> None:
        self._client = client
        self._kind = kind

    async def entries_of(self, operation: str, order_id: str) -> Sequence[Entry]:
        """All of an order (``GET /v1/orders/{OrderID}``). Raises Rejected if there is no such order."""
        return (await self._read(operation, order_id)).entries

    async def order(self, operation: str, order_id: str) -> bytes:
        """All of the order, for what else is asked of it (``GET /v1/orders/{OrderID}``). Raises Rejected if there is no
        such order."""
        return await self._client.get(operation, f"order {order_id}", _path(order_id))

    async def find(self, operation: str, order_id: str, marker: str) -> Entry | None:
        """The one that carries the marker (``GET /v1/orders/{OrderID}``).

        Raises:
            Rejected: there are several, or no such order.
        """
        return self._marked(await self._read(operation, order_id), order_id, marker)

    async def append(self, operation: str, order_id: str, marker: str, document: Raw) -> Entry:
        """Read the list, and write it with one entry more (``PUT /v1/orders/{OrderID}``), which is sent once.

        Raises:
            Transient: the list is another by now, and nothing was recorded.
            OutcomeUnknown: the answer does not show the list as it was and the entry behind it.
            Rejected: Heartland refuses the entry, or it could not be found again.
        """
        began = self._client.begin()
        subject = f"{self._kind.noun} {marker} of order {order_id}"
        self._check_marker(subject, marker, document)
        before = await self._read(operation, order_id)
        known = self._marked(before, order_id, marker)
        if known is not None:
            return known
        body = {self._kind.field: [*before.raw, document]}
        try:
            content = await self._client.change("PUT", operation, subject, _path(order_id), body, began=began)
        except Rejected as refusal:
            if (await self._read(operation, order_id)).raw == before.raw:
                raise
            raise Transient(
                f"{self._client.name}: {operation} for {subject} was not done, somebody else changed the order's "
                f"{self._kind.noun}s at that moment. They are read again, and it is sent again.",
                code="changed_meanwhile",
            ) from refusal
        after = self._shown(content, order_id, done=True)
        return self._added(operation, subject, marker, before, after)

    def _check_marker(self, subject: str, marker: str, document: Raw) -> None:
        """What carries no marker could never be found again, and might be recorded twice."""
        if marker and any(carries(text, marker) for text in self._kind.texts(document)):
            return
        raise Rejected(
            f"{self._client.name}: {subject} was not recorded: none of its texts carries '{marker}', by which it would "
            "be found. Correct the flow's out mapping, then replay.",
            code="no_marker",
        )

    def _added(self, operation: str, subject: str, marker: str, before: _Shown[Entry], after: _Shown[Entry]) -> Entry:
        """The new entry, if what the order had is still there before it."""
        marked = self._all_marked(after, marker)
        if len(marked) == 1 and after.raw[: len(before.raw)] == before.raw:
            return marked[0]
        raise OutcomeUnknown(
            f"{self._client.name}: {operation} for {subject} was sent, and the order now shows {len(after.raw)} "
            f"{self._kind.noun}s, where it had {len(before.raw)}, {len(marked)} of them with this mark: somebody else "
            "changed them at that moment. It is looked up before anything is sent again; compare them there.",
            code="changed_meanwhile",
        )

    def _marked(self, shown: _Shown[Entry], order_id: str, marker: str) -> Entry | None:
        found = self._all_marked(shown, marker)
        whose = f"{self._client.name}: order {order_id} has"
        return one_of(found, self._kind.key, whose, f"{self._kind.noun}s marked {marker}")

    def _all_marked(self, shown: _Shown[Entry], marker: str) -> list[Entry]:
        return [
            entry
            for raw, entry in zip(shown.raw, shown.entries, strict=True)
            if any(carries(text, marker) for text in self._kind.texts(raw))
        ]

    async def _read(self, operation: str, order_id: str) -> _Shown[Entry]:
        return self._shown(await self.order(operation, order_id), order_id)

    def _shown(self, content: bytes, order_id: str, *, done: bool = False) -> _Shown[Entry]:
        order = read_as(self._kind.model, content, f"{self._client.name}: order {order_id}", done=done)
        return _Shown(exact_json.loads(content)[self._kind.field], self._kind.entries(order))


def pieces(lines: Iterable[Pieces]) -> Mapping[str, Decimal]:
    """How many of each SKU; a SKU may have several lines."""
    found: dict[str, Decimal] = {}
    for line in lines:
        found[line.sku] = found.get(line.sku, Decimal(0)) + line.quantity
    return found


def _path(order_id: str) -> str:
    return f"{ORDERS}/{encode(order_id)}"
