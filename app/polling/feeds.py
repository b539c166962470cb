"""The feeds there are, and what each needs of its connector."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from app.listing import Listing
from app.polling.feed import Page, Row


class Lists(Protocol):
    """A connector's list, such as `app.heartland.orders.HeartlandOrders.list_orders`."""

    def __call__(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Awaitable[Listing]:
        """Rows that changed then or later, oldest change first."""
        ...


Read = Callable[[datetime, int], Awaitable[Listing]]
"""One page of a list: since when, and its number."""


@dataclass(frozen=True, slots=True)
class ListFeed:
    """Implements `app.polling.feed.Feed` on a connector's list.

    Attributes:
        connection, system, entity: what is read.
        page_size: rows that are asked for.
        read: asks for them.
        changed: a row's time, None if it has none that can be read.
    """

    connection: str
    system: str
    entity: str
    page_size: int
    read: Read
    changed: Callable[[Mapping[str, Any]], datetime | None]

    @property
    def name(self) -> str:
        """``web.order``."""
        return f"{self.connection}.{self.entity}"

    async def page(self, since: datetime, number: int) -> Page:
        """One page. The total decides whether there is more: a source may give less than was asked for."""
        found = await self.read(since, number)
        rows = [Row.of(row, self.changed(row)) for row in found.rows]
        before = (number - 1) * self.page_size
        return Page(rows, more=before + len(rows) < found.total_count, total=found.total_count)


def magento_feed(connection: str, entity: str, rows: Lists, page_size: int) -> ListFeed:
    """One list of a Magento instance by ``updated_at``. An order's moves on state, invoices, refunds and cancels, and
    not on a shipment that leaves the state as it was: what is made of an order has a list of its own."""
    return _magento(connection, entity, rows, page_size, "updated_at")


def magento_transactions(connection: str, rows: Lists, page_size: int) -> ListFeed:
    """Gateway transactions of a Magento instance by ``created_at``, the only time they have."""
    return _magento(connection, "transaction", rows, page_size, "created_at")


def heartland_feed(connection: str, entity: str, rows: Lists, page_size: int) -> ListFeed:
    """One list of a Heartland account by ``UpdatedAt``, which moves with every change of a row."""
    read = _reading(rows, page_size)
    return ListFeed(connection, "heartland", entity, page_size, read, lambda row: iso_time(row.get("UpdatedAt")))


def taken(feeds: Iterable[ListFeed], sources: Collection[tuple[str, str]]) -> list[ListFeed]:
    """The feeds whose rows a flow takes; those of the others would wait for a person, every one of them.

    Args:
        feeds: of the connections.
        sources: system and entity of every flow.
    """
    return [feed for feed in feeds if (feed.system, feed.entity) in sources]


def _magento(connection: str, entity: str, rows: Lists, page_size: int, time: str) -> ListFeed:
    read = _reading(rows, page_size)
    return ListFeed(connection, "magento", entity, page_size, read, lambda row: magento_time(row.get(time)))


def _reading(rows: Lists, page_size: int) -> Read:
    async def read(since: datetime, number: int) -> Listing:
        return await rows(since, page=number, page_size=page_size)

    return read


def magento_time(value: object) -> datetime | None:
    """``2026-01-31 12:00:00``: UTC and without a zone, whatever the store's own."""
    found = iso_time(f"{value}Z") if isinstance(value, str) else None
    return found if found is None else found.astimezone(UTC)


def iso_time(value: object) -> datetime | None:
    """ISO 8601 with a zone; without one it could be any time, and does not count."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)
