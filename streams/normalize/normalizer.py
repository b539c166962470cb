"""One raw event in, canonical events out: read again if thin, then mapped and validated by every flow that takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import BaseModel

from schemas.canonical import OrderStatus, Product, Sale, StockHint
from schemas.canonical.registry import MODELS
from schemas.dead_letter import NO_DOCUMENTS, Documents
from schemas.documents import Channel
from schemas.envelope import Envelope, EnvelopeError
from schemas.ids import Ref
from streams.aliases import aliases_between
from streams.channels import Channels
from streams.engine import HINTS, Engine, Intake, validate
from streams.errors import Malformed, Rejected
from streams.normalize.belonging import Belonging, Belongings, NotOurs
from streams.normalize.body import parse, text_of, unwrapped
from streams.normalize.event import Event, Part
from streams.normalize.hints import as_children, pos_hints, product_hints, web_hints
from streams.ports import EntityReader, Links, Outcome, Outgoing, Record
from streams.read_again import asked_again


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
        outgoing: to publish; an event that goes on is the one with the receipt.
        outcome: PASSED, or FILTERED if the event itself does not go on.
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


class Normalizer:
    """Normalises events of every flow.

    Args:
        engine: runs the flows' ``in`` mappings.
        channels: where each store view's sales go.
        links: which order and SKU of one connection is which of another.
        readers: by connection, for events that are only hints.
        systems: the system behind each connection.
    """

    def __init__(
        self,
        engine: Engine,
        channels: Channels,
        links: Links,
        readers: Mapping[str, EntityReader],
        systems: Mapping[str, str],
    ) -> None:
        self._engine = engine
        self._links = links
        self._readers = readers
        self._systems = systems
        self._belongings = Belongings(channels, links)

    async def normalize(
        self, record: Record, envelope: Envelope, told: Told | None = None, approved: str = ""
    ) -> Normalized:
        """Normalise one raw record; ``told`` is kept up to date, also when this raises.

        ``approved`` is the code for which it was in review, if a person lets it try again.

        Raises:
            Malformed: the body is not a JSON object, or no flow takes such events.
            Rejected: no id, no channel, an entity that is gone, or content that a rule refuses.
            DependencyMissing: a point-of-sale order whose web order is not linked yet.
            Transient, Unavailable, AuthFailed: reading the entity again failed.
        """
        takers = self._engine.catalog.taking(envelope.system, envelope.entity)
        if not takers:
            raise Malformed(
                f"no flow takes {envelope.system} events about '{envelope.entity}': add a flow document with that "
                "source, then replay",
                code="no_flow",
            )
        running = [intake for intake in takers if not intake.off]
        if not running:
            subject, why = envelope.subject or envelope.native_id, takers[0].left_out({})
            return Normalized((), Outcome.FILTERED, takers[0].flow, subject, message=why)
        told = told or Untold()
        self._tell(told, takers[0])
        event = replace(await self._event(running, record, envelope, told), approved=approved)
        main = await self._flow(event, takers[0], is_main=True)
        outgoing = list(main.outgoing)
        for intake in running:
            if intake is takers[0]:
                continue
            self._tell(told, intake)
            outgoing += (await self._flow(event, intake, is_main=False)).outgoing
        return replace(main, outgoing=tuple(outgoing))

    def hinted(self, record: Record) -> Ref | None:
        """What is read for a record that is only a hint; None for one that carries it, or that cannot be read."""
        try:
            envelope = Envelope.from_headers(record.headers)
            takers = self._engine.catalog.taking(envelope.system, envelope.entity)
            if not takers or not envelope.native_id:
                return None
            body = unwrapped(parse(record.value, record.topic), takers[0].keys)
        except (EnvelopeError, Malformed):
            return None
        reads = takers[0].keys.reads
        if not reads and all(intake.is_whole(body) for intake in takers):
            return None
        return Ref(envelope.connection, reads or envelope.entity, envelope.native_id)

    def _tell(self, told: Told, intake: Intake) -> None:
        told.flow = intake.flow
        told.documents = self._engine.catalog.documents(intake.flow, intake.keys.mapping)

    # -- Reading -------------------------------------------------------------------------------------------------

    async def _event(self, takers: Sequence[Intake], record: Record, envelope: Envelope, told: Told) -> Event:
        """The whole entity: as it came, or read again. Flows of one source name its id and number alike."""
        keys = takers[0].keys
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
        entity = keys.reads or envelope.entity
        if keys.reads or not all(intake.is_whole(body) for intake in takers):
            told.step = "read"
            body = await self._read_again(takers, envelope, entity, native_id)
            told.step = ""
        told.subject = text_of(body, keys.number) or native_id
        return Event(envelope, body, Ref(envelope.connection, entity, native_id), told.subject)

    async def _read_again(
        self, takers: Sequence[Intake], envelope: Envelope, entity: str, native_id: str
    ) -> dict[str, Any]:
        """The entity as its system has it now, because the event is only a hint."""
        name = f"{entity} {native_id} of {envelope.connection}"
        reader = self._readers.get(envelope.connection)
        if reader is None:
            raise Rejected(
                f"the event about {name} is only a hint, and no connection '{envelope.connection}' is configured to "
                "read it from: add it to the settings, then replay",
                code="no_reader",
            )
        found = await reader.read(entity, native_id)
        if found is None:
            raise Rejected(
                f"{envelope.connection} announced {entity} {native_id} but does not have it: if it was "
                "deleted, discard this event; if it shows up later, replay",
                code="not_found",
            )
        body = unwrapped(parse(found, f"{name}, read again,"), takers[0].keys)
        missing = dict.fromkeys(key for intake in takers for key in intake.keys.whole if body.get(key) is None)
        if missing:
            raise Rejected(
                f"{name}, read again, lacks {', '.join(missing)}: look at it there, then replay", code="thin"
            )
        return body

    # -- One flow ------------------------------------------------------------------------------------------------

    async def _flow(self, event: Event, intake: Intake, *, is_main: bool) -> Normalized:
        """What one flow makes of the event. The main one's event keeps the receipt; all others are its children."""
        left_out = intake.left_out(event.body)
        belonging = NotOurs(left_out) if left_out else await self._belongings.of(event, intake)
        outgoing = self._also(event, intake)
        if isinstance(belonging, NotOurs):
            return Normalized(tuple(outgoing), Outcome.FILTERED, intake.flow, event.subject, message=belonging.why)
        messages: list[str] = []
        subject = f"{event.ref.type} {event.subject}"
        for part in self._parts(event, intake):
            context = {**belonging.context, **part.context}
            values = self._engine.map_in(intake.flow, part.body, context)
            units = values.pop(HINTS, {})
            entity = validate(MODELS[intake.keys.entity], values, subject)
            if isinstance(entity, Sale):
                messages.append(_accepted(entity, belonging.channel))
            messages.append(self._engine.check(intake.flow, entity, context, subject, event.approved))
            outgoing += self._copies(event, intake, belonging, part, entity, is_main=is_main)
            outgoing += await self._hints(event, intake, belonging, entity, units)
        return Normalized(
            tuple(outgoing),
            Outcome.PASSED,
            intake.flow,
            event.subject,
            belonging.key,
            "; ".join(filter(None, messages)),
        )

    def _also(self, event: Event, intake: Intake) -> list[Outgoing]:
        """The hint that lets something else be read, if the event asks for it."""
        native_id = intake.asks_for(event.body)
        if not native_id or intake.keys.also is None:
            return []
        entity = intake.keys.also.entity
        takers = self._engine.catalog.taking(event.envelope.system, entity)
        ref = Ref(event.ref.connection, entity, native_id)
        return [asked_again(event.envelope, intake.keys, ref) for intake in takers[:1]]

    def _parts(self, event: Event, intake: Intake) -> list[Part]:
        """The entity itself, or those of its parts that the flow is about."""
        each = intake.keys.each
        if each is None:
            return [Part(event.ref, event.body)]
        parts = []
        for number, body in enumerate(intake.parts(event.body)):
            native_id = f"{event.ref.native_id}/{text_of(body, each.id) or number}"
            ref = Ref(event.ref.connection, intake.keys.entity, native_id)
            parts.append(Part(ref, body, f"{intake.flow}{number}", {"whole": event.body, "ref": str(ref)}))
        return parts

    def _copies(
        self, event: Event, intake: Intake, belonging: Belonging, part: Part, entity: BaseModel, *, is_main: bool
    ) -> list[Outgoing]:
        """The event, once for each connection that it is for: each of them says by itself how it ended."""
        key, value = belonging.key.encode(), entity.model_dump_json().encode()
        readers = self._engine.catalog.readers.get((intake.keys.topic, intake.keys.entity), ())
        more = [name for name, system in self._systems.items() if system in readers]
        copies = []
        for number, target in enumerate([*belonging.targets, *more]):
            name = part.name or ("" if is_main else intake.flow)
            suffix = f"{name or intake.flow}-{target}" if number else name
            envelope = replace(
                event.envelope,
                receipt_id=f"{event.envelope.receipt_id}.{suffix}" if suffix else event.envelope.receipt_id,
                entity=intake.keys.entity,
                native_id=part.ref.native_id,
                subject=event.subject,
                flow=intake.flow,
                target=target,
            )
            copies.append(Outgoing(intake.keys.topic, key, value, envelope.to_headers()))
        return copies

    async def _hints(
        self, event: Event, intake: Intake, belonging: Belonging, entity: BaseModel, units: Mapping[str, Any]
    ) -> list[Outgoing]:
        """The stock hints that the event causes."""
        if intake.keys.hints is None:
            return []
        channel, hints, pos = belonging.channel, list[StockHint](), event.ref.connection
        if isinstance(entity, Product):
            hints = product_hints(entity)
        elif channel is not None and isinstance(entity, Sale):
            hints, pos = web_hints(entity, channel, await self._aliases(entity, channel)), channel.pos
        elif isinstance(entity, OrderStatus):
            hints = pos_hints(entity, units)
        return as_children(hints, event.envelope, intake.keys.hints.topic, pos, intake.flow)

    async def _aliases(self, sale: Sale, channel: Channel) -> dict[str, str]:
        return await aliases_between(self._links, channel.web, (line.sku for line in sale.lines), channel.pos)


def _accepted(sale: Sale, channel: Channel | None) -> str:
    """Why the sale is not exported yet, empty if it is; raises Rejected if it is in another currency."""
    if channel is not None and sale.currency != channel.currency:
        raise Rejected(
            f"order {sale.number} is in {sale.currency}, but channel '{channel.name}' is in {channel.currency}: "
            f"set channels.{channel.name}.currency to the base currency of both systems, or do not sync this store",
            code="currency",
        )
    return "" if sale.export.allowed else f"not exported: {sale.export.reason}"
