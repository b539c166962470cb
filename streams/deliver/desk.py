"""What the deliveries of a target share, and the endings that every one of them knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.documents import FlowDocument
from schemas.documents.flow import Mode
from schemas.ids import Ref
from streams.channels import Channels
from streams.deliver.effect import Effects
from streams.errors import Rejected
from streams.ports import AppliedRevisions, Clock, JournalEntry, Links, Outcome, Publisher, Revision
from streams.read_again import ASKED_AGAIN, asked_again
from streams.runtime.work import Arrival, Work


class Mapper(Protocol):
    """Runs a mapping document; `streams/engine` implements it."""

    def map_in(self, flow: str, raw: Mapping[str, object], context: Mapping[str, object]) -> dict[str, object]:
        """The flow's ``in`` mapping of one document of its source. Raises Rejected naming rule, path and value."""
        ...

    def map_out(self, flow: str, body: Mapping[str, object], context: Mapping[str, object]) -> dict[str, object]:
        """The flow's ``out`` mapping of one canonical entity. Raises Rejected naming rule, path and value."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What every delivery needs beside its port.

    Attributes:
        flows: all of them, by id.
    """

    target: str
    flows: Mapping[str, FlowDocument]
    channels: Channels
    mapper: Mapper
    links: Links
    applied: AppliedRevisions
    effects: Effects
    publisher: Publisher
    clock: Clock

    def channel_context(self, name: str) -> dict[str, object]:
        """A channel as mappings see it; raises Rejected if the settings no longer have it."""
        channel = self.channels.named(name)
        if channel is None:
            raise Rejected(
                f"channel '{name}' is gone from the settings: put [channels.{name}] back, then replay",
                code="no_channel",
            )
        return channel.model_dump(mode="json")

    def observed(self, work: Work, arrival: Arrival, what: str) -> JournalEntry | None:
        """In observe mode, the line that tells what would have been done; None in live mode."""
        if self.flows[work.flow].mode is Mode.LIVE:
            return None
        message = f"observe: would {what}. Set flows.{work.flow}.mode to live to write."
        return work.entry(arrival, Outcome.FILTERED, self.clock.now(), message)

    async def unchanged(
        self, work: Work, arrival: Arrival, entity: Ref, revision: Revision, applied: Revision | None, message: str
    ) -> JournalEntry:
        """A telling with the content that is applied; its time is kept if it is newer."""
        if applied is None or revision.updated_at > applied.updated_at:
            await self.applied.put(self.target, {entity: revision})
        return work.entry(arrival, Outcome.UNCHANGED, self.clock.now(), message)

    async def read_again(self, work: Work, arrival: Arrival, entity: Ref) -> JournalEntry:
        """Let an entity be read again, after a telling that is as new as what was applied, and different."""
        keys = self.flows[work.flow].normalize or self.flows[arrival.envelope.flow].normalize
        if keys is None:
            raise ValueError(
                f"neither '{work.flow}' nor '{arrival.envelope.flow}' takes entities that could be read again"
            )
        await self.publisher.publish([asked_again(arrival.envelope, keys, entity)])
        told = f"as new as what was written, and different: {entity.connection} is asked what counts"
        return work.entry(arrival, Outcome.SUPERSEDED, self.clock.now(), told, children=[ASKED_AGAIN])
