"""What is made of an order, shipments, invoices and credit memos: read by id, by order and by marker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.magento.client import MagentoClient
from app.magento.lists import Question, every, the_one
from app.magento.search import Where
from app.urls import encode
from app.wire import read_as
from schemas.magento import OrderDocument

Document = TypeVar("Document", bound=OrderDocument)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Document]):
    """One of the three.

    Attributes:
        noun: what a person calls it: ``credit memo``.
        model: its wire model.
        single, several: its routes; the single one is followed by the id.
    """

    noun: str
    model: type[Document]
    single: str
    several: str


class Documents(Generic[Document]):
    """Documents of one kind of one connection."""

    def __init__(self, client: MagentoClient, kind: Kind[Document]) -> None:
        self._client = client
        self._kind = kind

    async def read(self, operation: str, native_id: str) -> Document:
        """The document of that id. Raises Rejected if there is none."""
        name = f"{self._kind.noun} {native_id}"
        content = await self._client.get(operation, name, f"{self._kind.single}/{encode(native_id)}")
        return read_as(self._kind.model, content, f"{self._client.name}: {name}")

    async def of_order(self, operation: str, order_id: str) -> tuple[Document, ...]:
        """All of an order, the oldest first."""
        question = Question(
            operation,
            f"{self._kind.noun}s of order {order_id}",
            self._kind.several,
            (Where("order_id", "eq", order_id),),
        )
        return await every(self._client, self._kind.model, question)

    async def find(self, operation: str, order_id: str, marker: str) -> Document | None:
        """The order's document that carries the marker. Raises Rejected if there are several."""
        found = [row for row in await self.of_order(operation, order_id) if row.carries(marker)]
        called = f"{self._client.name}: {self._kind.noun}s of order {order_id} marked {marker}"
        return the_one(found, [row.entity_id for row in found], called)
