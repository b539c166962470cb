"""One raw event in, canonical events out: read again if thin, map, validate, find the aggregate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import BaseModel

from schemas.canonical import OrderStatus, Sale, StockHint
from schemas.dead_letter import NO_DOCUMENTS, Documents
from schemas.documents import Aggregate, Channel, FlowDocument
from schemas.envelope import Envelope, Via
from schemas.ids import MissingLink, Ref
from streams.channels import Channels
from streams.engine import Engine, validate
from streams.errors import DependencyMissing, Malformed, Rejected
from streams.normalize.body import is_whole, parse, text_of, unwrapped
from streams.normalize.hints import as_children, pos_hints, web_hints
from streams.ports import EntityReader, Links, Outcome, Outgoing, Record


class Told(Protocol):
    """Where the normalizer says how far it got, so that a failure is told with the right names (`Work` is one)."""

    flow: str
    step: str
    subject: str
    documents: Documents


@dataclass(slots=True)
class Untold:
    """For callers that do not ask."""

    flow: str = ""
    step: str = ""
    subject: str = ""
    documents: Documents = NO_DOCUMENTS


@dataclass(frozen=True, slots=True)
class Normalized:
    """What became of one raw event.

    Attributes:
        outgoing: to publish, the main event first.
        outcome: PASSED, or FILTERED if nothing goes on.
        flow: id of the flow document.
        subject: order number or SKU.
        aggregate: key of the main event; empty if filtered.
        message: why it was filtered, or what was decided.
    """

    outgoing: tuple[Outgoing, ...]
    outcome: Outcome
    flow: str
    subject: str
    aggregate: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    """A raw event with everything that is known before it is mapped."""

    flow: FlowDocument
    envelope: Envelope
    body: Mapping[str, Any]
    ref: Ref
    subject: str


class Normalizer:
    """Normalises events of every flow.

    Args:
        engine: runs the flows' ``in`` mappings.
        channels: where each store view's sales go.
        links: which order and SKU of one connection is which of another.
        readers: by connection, for events that are only hints.
    """

    def __init__(self, engine: Engine, channels: Channels, links: Links, readers: Mapping[str, EntityReader]) -> None:
        self._engine = engine
        self._channels = channels
        self._links = links
        self._readers = readers

    async def normalize(self, record: Record, envelope: Envelope, told: Told | None = None) -> Normalized:
        """Normalise one raw record; ``told`` is kept up to date, also when this raises.

        Raises:
            Malformed: the body is not a JSON object, or no flow takes such events.
            Rejected: no id, no channel, an entity that is gone, or content that a rule refuses.
            DependencyMissing: a point-of-sale order whose web order is not linked yet.
            Transient, Unavailable, AuthFailed: reading the entity again failed.
        """
        flow = self._engine.flow_from(envelope.system, envelope.entity)
        if flow is None:
            raise Malformed(
                f"no flow takes {envelope.system} events about '{envelope.entity}': add a flow document with that "
                "source, then replay",
                code="no_flow",
            )
        told = told or Untold()
        told.flow = flow.id
        told.documents = self._engine.catalog.documents(flow, flow.normalize.mapping)
        event = await self._event(flow, record, envelope, told)
        match flow.normalize.aggregate:
            case Aggregate.OWN:
                return await self._own(event)
            case Aggregate.LINKED:
                return await self._linked(event)
            case Aggregate.SKU:
                return self._stock(event)

    async def _event(self, flow: FlowDocument, record: Record, envelope: Envelope, told: Told) -> _Event:
        keys = flow.normalize
        name = envelope.subject or envelope.native_id or "(no number)"
        sent = f"{record.topic} {record.partition}@{record.offset}"
        place = f"the message of {envelope.connection} about {envelope.entity} {name} ({sent})"
        body = unwrapped(parse(record.value, place), keys)
        native_id = envelope.native_id or text_of(body, keys.id)
        if not native_id:
            raise Rejected(
                f"an event of {envelope.connection} about '{envelope.entity}' carries no id: it needs '{keys.id}'. "
                "Mend the sender; discard this event",
                code="no_id",
            )
        told.subject = text_of(body, keys.number) or native_id
        if not is_whole(body, keys):
            told.step = "read"
            body = await self._read_again(flow, envelope, native_id)
            told.step = ""
        told.subject = text_of(body, keys.number) or native_id
        return _Event(flow, envelope, body, Ref(envelope.connection, envelope.entity, native_id), told.subject)

    async def _read_again(self, flow: FlowDocument, envelope: Envelope, native_id: str) -> dict[str, Any]:
        """The entity as its system has it now, because the event is only a hint."""
        name = f"{envelope.entity} {native_id} of {envelope.connection}"
        reader = self._readers.get(envelope.connection)
        if reader is None:
            raise Rejected(
                f"the event about {name} is only a hint, and no connection '{envelope.connection}' is configured to "
                "read it from: add it to the settings, then replay",
                code="no_reader",
            )
        found = await reader.read(envelope.entity, native_id)
        if found is None:
            raise Rejected(
                f"{envelope.connection} announced {envelope.entity} {native_id} but does not have it: if it was "
                "deleted, discard this event; if it shows up later, replay",
                code="not_found",
            )
        body = unwrapped(parse(found, f"{name}, read again,"), flow.normalize)
        if not is_whole(body, flow.normalize):
            missing = [key for key in flow.normalize.whole if body.get(key) is None]
            raise Rejected(
                f"{name}, read again, lacks {', '.join(missing)}: look at it there, then replay", code="thin"
            )
        return body

    # -- A web order: its own aggregate --------------------------------------------------------------------------

    async def _own(self, event: _Event) -> Normalized:
        channel = self._channel(event)
        context = {"ref": str(event.ref), "channel": dict(channel)}
        sale = validate(Sale, self._engine.map_in(event.flow, event.body, context), f"order {event.subject}")
        if sale.currency != channel.currency:
            raise Rejected(
                f"order {sale.number} is in {sale.currency}, but channel '{channel.name}' is in {channel.currency}: "
                f"set channels.{channel.name}.currency to the base currency of both systems, or do not sync this store",
                code="currency",
            )
        outgoing = [self._main(event, sale.ref, sale, channel.pos)]
        if event.flow.hints is not None:
            aliases = await self._aliases(sale, channel)
            hints = web_hints(sale, channel, aliases)
            outgoing += as_children(hints, event.envelope, event.flow.hints.topic, channel.pos, event.flow.id)
        message = "" if sale.export.allowed else f"not exported: {sale.export.reason}"
        return Normalized(tuple(outgoing), Outcome.PASSED, event.flow.id, event.subject, sale.ref, message)

    def _channel(self, event: _Event) -> Channel:
        store_id = text_of(event.body, event.flow.normalize.store)
        channel = self._channels.of_store(event.envelope.connection, store_id)
        if channel is None:
            raise Rejected(
                f"order {event.subject}: store view {store_id or '(none)'} of {event.envelope.connection} has no "
                f'channel: add [channels.NAME] with web = "{event.envelope.connection}" and store_id = '
                f"{store_id or '…'} to the settings, then replay",
                code="no_channel",
            )
        return channel

    async def _aliases(self, sale: Sale, channel: Channel) -> dict[str, str]:
        refs = {Ref(channel.web, "sku", line.sku) for line in sale.lines}
        return {one.native_id: other.native_id for one, other in (await self._links.find(refs, channel.pos)).items()}

    # -- A point-of-sale order: it tells about a web order -------------------------------------------------------

    async def _linked(self, event: _Event) -> Normalized:
        pos, flow = event.envelope.connection, event.flow
        external = text_of(event.body, flow.normalize.external_id)
        if not external:
            return self._filtered(event, "an in-store sale: no web order belongs to it")
        channels = self._channels.of_public_id(pos, external)
        if not channels:
            return self._filtered(event, f"'{external}' has the prefix of no channel of {pos}: it is not a web order")
        sale, channel = await self._sale_of(event, external, channels)
        context = {
            "sale": str(sale),
            "sale_number": external.removeprefix(channel.prefix),
            "ref": str(event.ref),
            "channel": dict(channel),
        }
        values = self._engine.map_in(flow, event.body, context)
        told = {name: value for name, value in values.items() if name in OrderStatus.model_fields}
        status = validate(OrderStatus, told, f"order {external}")
        outgoing = [self._main(event, status.sale, status, channel.web)]
        if flow.hints is not None:
            hints = pos_hints(status.sale, values)
            outgoing += as_children(hints, event.envelope, flow.hints.topic, pos, flow.id)
        return Normalized(tuple(outgoing), Outcome.PASSED, flow.id, event.subject, status.sale)

    async def _sale_of(self, event: _Event, external: str, channels: tuple[Channel, ...]) -> tuple[Ref, Channel]:
        """The web order that the point-of-sale order was made from."""
        for web in dict.fromkeys(channel.web for channel in channels):
            sale = (await self._links.find([event.ref], web)).get(event.ref)
            if sale is not None:
                return sale, next(channel for channel in channels if channel.web == web)
        raise DependencyMissing(
            f"{event.envelope.connection} order {event.ref.native_id} ({external}) is not linked to its web order yet: "
            "it goes on by itself when that order has been delivered",
            waits_for=MissingLink(event.ref),
        )

    # -- Stock ---------------------------------------------------------------------------------------------------

    def _stock(self, event: _Event) -> Normalized:
        cause = "poll" if event.envelope.via is Via.POLL else "webhook"
        values = self._engine.map_in(event.flow, event.body, {"ref": str(event.ref), "cause": cause})
        hint = validate(StockHint, values, f"stock of {event.subject}")
        key = f"{event.envelope.connection}:{hint.sku}"
        return Normalized((self._main(event, key, hint),), Outcome.PASSED, event.flow.id, hint.sku, key)

    # -- Out -----------------------------------------------------------------------------------------------------

    def _main(self, event: _Event, key: str, entity: BaseModel, target: str = "") -> Outgoing:
        envelope = replace(
            event.envelope,
            entity=event.flow.entity,
            native_id=event.ref.native_id,
            subject=event.subject,
            flow=event.flow.id,
            target=target,
        )
        return Outgoing(event.flow.topic, key.encode(), entity.model_dump_json().encode(), envelope.to_headers())

    def _filtered(self, event: _Event, message: str) -> Normalized:
        return Normalized((), Outcome.FILTERED, event.flow.id, event.subject, message=message)
