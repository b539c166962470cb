"""What an event belongs to: its aggregate, which is its key; its channel; and the connections that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.documents import Aggregate, Channel
from schemas.envelope import Via
from schemas.ids import MissingLink, Ref
from streams.channels import Channels
from streams.customer.links import linked_names
from streams.engine import Intake
from streams.errors import DependencyMissing, Rejected
from streams.normalize.body import text_of
from streams.normalize.event import Event
from streams.ports import Links

WHOEVER = ("",)
"""Targets of what whoever reads the topic takes."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where an event goes.

    Attributes:
        key: the aggregate.
        targets: connections that it is for.
        channel: the store view's, where one decides.
        context: what the ``in`` mapping is told besides the body.
    """

    key: str
    targets: tuple[str, ...]
    channel: Channel | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotOurs:
    """An event that is nobody's business here; ``why`` is for the journal."""

    why: str


class Belongings:
    """Finds what events belong to.

    Args:
        channels: where each store view's sales go.
        links: which order and customer of one connection is which of another.
    """

    def __init__(self, channels: Channels, links: Links) -> None:
        self._channels = channels
        self._links = links

    async def of(self, event: Event, intake: Intake) -> Belonging | NotOurs:
        """What the event belongs to in that flow.

        Raises:
            Rejected: no channel, or no parent is named.
            DependencyMissing: it tells about an order whose link is not known yet.
        """
        match intake.keys.aggregate:
            case Aggregate.OWN if intake.keys.location is not None:
                return self._by_location(event, intake, intake.keys.location)
            case Aggregate.OWN:
                return self._by_channel(event, intake, event.ref)
            case Aggregate.PARENT:
                return self._by_channel(event, intake, self._parent(event, intake))
            case Aggregate.LINKED:
                return await self._linked(event, intake)
            case Aggregate.CUSTOMER:
                return await self._customer(event, intake)
            case Aggregate.SKU:
                return self._sku(event, intake)

    def _by_channel(self, event: Event, intake: Intake, aggregate: Ref) -> Belonging:
        if intake.keys.store is None:
            return Belonging(str(aggregate), self._counterparts(event), context={"ref": str(event.ref)})
        channel = self._channel(event, intake.keys.store)
        context = {"ref": str(event.ref), "channel": dict(channel), "sale": str(aggregate)}
        return Belonging(str(aggregate), (channel.pos,), channel, context)

    def _by_location(self, event: Event, intake: Intake, key: str) -> Belonging | NotOurs:
        """What a store sold belongs to itself, and is for the web store of a channel that sells from there."""
        location = text_of(event.body, key)
        channel = self._channels.of_location(event.ref.connection, location)
        if channel is None:
            return NotOurs(f"no channel sells from location {location or '(none)'}")
        ref = str(event.ref._replace(type=intake.keys.entity))
        return Belonging(ref, (channel.web,), channel, {"ref": ref, "channel": dict(channel)})

    def _parent(self, event: Event, intake: Intake) -> Ref:
        order = text_of(event.body, intake.keys.parent)
        if not order:
            raise Rejected(
                f"{event.envelope.entity} {event.subject} of {event.ref.connection} names no order ("
                f"'{intake.keys.parent}' is empty): look at it there, then replay",
                code="no_parent",
            )
        return Ref(event.ref.connection, "order", order)

    def _counterparts(self, event: Event) -> tuple[str, ...]:
        """The connections that channels join to the event's own."""
        connection = event.ref.connection
        return self._channels.webs_of(connection) or self._channels.points_of_sale_of(connection)

    def _channel(self, event: Event, key: str) -> Channel:
        connection, store_id = event.ref.connection, text_of(event.body, key)
        channel = self._channels.of_store(connection, store_id)
        if channel is None:
            raise Rejected(
                f"{event.envelope.entity} {event.subject}: store view {store_id or '(none)'} of {connection} has no "
                f'channel: add [channels.NAME] with web = "{connection}" and store_id = {store_id or "…"} to the '
                "settings, then replay",
                code="no_channel",
            )
        return channel

    async def _linked(self, event: Event, intake: Intake) -> Belonging | NotOurs:
        pos = event.ref.connection
        external = text_of(event.body, intake.keys.external_id)
        if not external:
            return NotOurs("an in-store sale: no web order belongs to it")
        channels = self._channels.of_public_id(pos, external)
        if not channels:
            return NotOurs(f"'{external}' has the prefix of no channel of {pos}: it is not a web order")
        order = event.ref if intake.keys.parent is None else self._parent(event, intake)
        sale, channel = await self._sale_of(order, external, channels)
        context = {
            "sale": str(sale),
            "sale_number": external.removeprefix(channel.prefix),
            "ref": str(event.ref),
            "channel": dict(channel),
        }
        return Belonging(str(sale), (channel.web,), channel, context)

    async def _sale_of(self, order: Ref, external: str, channels: tuple[Channel, ...]) -> tuple[Ref, Channel]:
        """The web order that the point-of-sale order was made from."""
        for web in dict.fromkeys(channel.web for channel in channels):
            sale = (await self._links.find([order], web)).get(order)
            if sale is not None:
                return sale, next(channel for channel in channels if channel.web == web)
        raise DependencyMissing(
            f"{order.connection} order {order.native_id} ({external}) is not linked to its web order yet: "
            "it goes on by itself when that order has been delivered. An order from before the launch is linked by "
            "`tillstream backfill order`; if it was settled by hand, discard this event",
            waits_for=MissingLink(order),
        )

    async def _customer(self, event: Event, intake: Intake) -> Belonging:
        """The web account is the aggregate of a customer that both systems have, else the customer itself."""
        accounts: list[Ref] = []
        for web in self._channels.webs_of(event.ref.connection):
            names = linked_names(event.ref, self._channels.websites_of(web))
            accounts += (await self._links.find(names, web)).values()
        return self._by_channel(event, intake, min(accounts, default=event.ref))

    def _sku(self, event: Event, intake: Intake) -> Belonging:
        connection, sku = event.ref.connection, event.ref.native_id
        cause = "poll" if event.envelope.via in (Via.POLL, Via.BACKFILL) else "webhook"
        targets = self._counterparts(event) if intake.delivers else WHOEVER
        told = {"name", "currency", "price_field", "pos_tax_mode"}
        channels = [each.model_dump(include=told) for each in self._channels.of_pos(connection)]
        context = {"ref": str(event.ref), "cause": cause, "channels": channels}
        return Belonging(f"{connection}:{sku}", targets, context=context)
