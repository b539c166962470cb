"""What the deliveries of a target share, and the endings that every one of them knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from schemas.canonical import Canonical
from schemas.documents import FlowDocument
from schemas.ids import Ref
from streams.channels import Channels
from streams.deliver.effect import Effects
from streams.errors import DependencyMissing, Rejected
from streams.launch import observed
from streams.launch.cutover import Launches, Standing, standing
from streams.launch.happened import happened_at
from streams.ports import AppliedRevisions, Clock, JournalEntry, Links, Outcome, Publisher, Revision, Way
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
    launches: Launches

    def channel_context(self, name: str) -> dict[str, object]:
        """A channel as mappings see it; raises Rejected if the settings no longer have it."""
        channel = self.channels.named(name)
        if channel is None:
            raise Rejected(
                f"channel '{name}' is gone from the settings: put [channels.{name}] back, then replay",
                code="no_channel",
            )
        return channel.model_dump(mode="json")

    async def standing(self, work: Work, arrival: Arrival, entity: Canonical, source: str) -> Standing:
        """What the flow does with an entity that a connection tells: write it, leave it, or only observe."""
        cutover = await self.launches.at(Way(work.flow, source, self.target))
        mode, backfill = self.flows[work.flow].mode, arrival.envelope.backfill
        return standing(mode, cutover, happened_at(entity), backfill, work.flow)

    def left(self, work: Work, arrival: Arrival, why: str = "") -> JournalEntry:
        """The end of what happened before the cutover, and was never written."""
        told = f"{observed.BEFORE_CUTOVER}{why}: `tillstream backfill {work.flow} --since` writes what is older"
        return work.entry(arrival, Outcome.FILTERED, self.clock.now(), told)

    def held_back(
        self, work: Work, arrival: Arrival, stands: Standing, what: str, *, mails: bool = False
    ) -> JournalEntry | None:
        """For a flow that only observes, the line that tells what would have been done; None if it writes."""
        if stands is not Standing.OBSERVES:
            return None
        told = observed.told(observed.Observed(what, mails), work.flow)
        return work.entry(arrival, Outcome.FILTERED, self.clock.now(), told)

    def refused(
        self, work: Work, arrival: Arrival, stands: Standing, refusal: Rejected | DependencyMissing
    ) -> JournalEntry:
        """For a flow that only observes, the line that tells what a person would be asked; else the refusal itself.

        Nobody has to decide on what is not written anyway, and what an observing flow waits for may never come.
        """
        if stands is not Standing.OBSERVES:
            raise refusal
        return work.entry(arrival, Outcome.FILTERED, self.clock.now(), observed.refused(refusal.message))

    async def unchanged(
        self, work: Work, arrival: Arrival, entity: Ref, revision: Revision, applied: Revision | None, message: str
    ) -> JournalEntry:
        """A telling with the content that is applied; its time is kept if it is newer."""
        if applied is None or revision.updated_at > applied.updated_at:
            await self.applied.put(self.target, {entity: revision})
        return work.entry(arrival, Outcome.UNCHANGED, self.clock.now(), message)

    async def read_again(self, work: Work, arrival: Arrival, entity: Ref) -> JournalEntry:
        """Let an entity be read again, after a telling that is as new as what was applied, and different."""
        child = await self.ask_again(work, arrival, entity)
        return work.entry(arrival, Outcome.SUPERSEDED, self.clock.now(), asked(entity), children=[child])

    async def ask_again(self, work: Work, arrival: Arrival, entity: Ref, known: str = "") -> str:
        """Publish the hint by which an entity is read again; the suffix of its receipt.

        Args:
            known: comes back with what is read.
        """
        keys = self.flows[work.flow].normalize or self.flows[arrival.envelope.flow].normalize
        if keys is None:
            raise ValueError(
                f"neither '{work.flow}' nor '{arrival.envelope.flow}' takes entities that could be read again"
            )
        await self.publisher.publish([asked_again(arrival.envelope, keys, entity, known)])
        return ASKED_AGAIN


def asked(entity: Ref) -> str:
    """Why an entity is read again, for the journal."""
    return f"as new as what was written, and different: {entity.connection} is asked what counts"
