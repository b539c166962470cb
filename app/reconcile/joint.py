"""A web store and a point of sale that channels join, and how their lists are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app.ingress import extract
from app.polling.feeds import ListFeed, heartland_feed, magento_feed
from app.polling.paging import walk
from app.systems import Pos, Web
from schemas.canonical import OrderStatus, Sale
from schemas.documents import Channel
from schemas.ids import Ref
from streams.channels import Channels
from streams.engine import HINTS, Engine, validate
from streams.errors import TillstreamError
from streams.ports import Links
from streams.sale.ticket import is_ticket

ROWS = 100
"""In a page."""
OVERLAP = timedelta(hours=1)
"""The two systems' clocks differ, and rows appear in lists later than their time: so much earlier a list is read."""

Tell = Callable[[str, int], None]
"""Told what is being read, and how many rows there are so far."""
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """What is compared: what was sold at ``first`` or later, and before ``end``.

    Attributes:
        settled_before: what changed later than this is on its way, and not judged.
    """

    first: datetime
    end: datetime
    settled_before: datetime

    def has(self, at: datetime | None) -> bool:
        """Whether it was sold then."""
        return at is not None and self.first <= at < self.end


@dataclass(frozen=True, slots=True)
class WebSale:
    """A web order with the sale that the flow ``order`` makes of it; without one, and why, if it cannot."""

    document: Document
    ref: Ref
    channel: Channel
    sale: Sale | None
    problem: str = ""

    @property
    def number(self) -> str:
        """What a person calls it."""
        return str(self.document.get("increment_id") or self.ref.native_id)

    @property
    def public_id(self) -> str:
        """By which the point of sale knows it."""
        return f"{self.channel.prefix}{self.number}"


@dataclass(frozen=True, slots=True)
class Joint:
    """Two systems that are compared.

    Attributes:
        web_name, pos_name: of the connections.
        tell: told of the progress.
    """

    web_name: str
    pos_name: str
    web: Web
    pos: Pos
    channels: Channels
    engine: Engine
    links: Links
    tell: Tell

    async def web_rows(self, entity: str, since: datetime) -> list[Document]:
        """All that changed in the web store, each entity once, as it was read last."""
        return await self._rows(magento_feed(self.web_name, entity, self.web.lists[entity], ROWS), since)

    async def pos_rows(self, entity: str, since: datetime) -> list[Document]:
        """All that changed in the point of sale, each entity once, as it was read last."""
        return await self._rows(heartland_feed(self.pos_name, entity, self.pos.lists[entity], ROWS), since)

    async def web_sales(self, since: datetime) -> list[WebSale]:
        """The web orders of channels between the two that changed since then."""
        return [sale for row in await self.web_rows("order", since) if (sale := self.sale_of(row)) is not None]

    def zones(self, locations: Iterable[str]) -> Mapping[str, ZoneInfo]:
        """The time zone of each location: of the channel that names it, else of the first channel."""
        channels = self.channels.between(pos=self.pos_name, web=self.web_name)
        named = {place: one for one in reversed(channels) for place in (*one.sources, *one.time_zones, one.location)}
        return {place: named.get(place, channels[0]).zone_of(place) for place in locations}

    async def linked(self, refs: Sequence[Ref], connection: str) -> Mapping[Ref, Ref]:
        """Their counterparts, asked for in parts."""
        found: dict[Ref, Ref] = {}
        for begin in range(0, len(refs), ROWS):
            found |= await self.links.find(refs[begin : begin + ROWS], connection)
        return found

    def pos_status(self, order: Document, sale: WebSale) -> tuple[OrderStatus, Mapping[str, Any]]:
        """What the flow ``order_status`` makes of a point-of-sale order, and the units that it holds for it.

        Raises:
            Rejected: the mapping refuses it.
        """
        ref = Ref(self.pos_name, "order", str(order["OrderID"]))
        context = {
            "sale": str(sale.ref),
            "sale_number": sale.number,
            "ref": str(ref),
            "channel": dict(sale.channel),
        }
        values = self.engine.map_in("order_status", order, context)
        units = values.pop(HINTS)
        return validate(OrderStatus, values, f"order {ref.native_id} of {self.pos_name}"), units

    async def _rows(self, feed: ListFeed, since: datetime) -> list[Document]:
        found: dict[str, Document] = {}
        async for page in walk(feed, since):
            for row in page.rows:
                name = extract.native_id(feed.system, feed.entity, row.document)
                found[name] = orjson.loads(row.body)  # numbers as a raw event's: what the mappings are made for
            self.tell(feed.name, len(found))
        return list(found.values())

    def sale_of(self, order: Document) -> WebSale | None:
        """The web order as the flow `order` reads it; None if no channel joins its store view to this point of sale, or
        if it only shows a sale in store."""
        if is_ticket(order.get("ext_order_id")):
            return None
        channel = self.channels.of_store(self.web_name, str(order.get("store_id")))
        if channel is None or channel.pos != self.pos_name:
            return None
        ref = Ref(self.web_name, "order", str(order["entity_id"]))
        context = {"ref": str(ref), "channel": dict(channel), "sale": str(ref)}
        try:
            values = self.engine.map_in("order", order, context)
            values.pop(HINTS, None)
            return WebSale(order, ref, channel, validate(Sale, values, f"order {order.get('increment_id')}"))
        except TillstreamError as error:
            return WebSale(order, ref, channel, None, error.message)
