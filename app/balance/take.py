"""Taking the balance while traffic flows.

An event only ever moves along the way: before the first reader, held there, before the next reader, …, ended. Each
stage makes durable what comes next before it lets go of what was. So the places are looked at in the order of the way,
after the accepted ids have been fixed: what has left a place before it was looked at is found at a later one. An id
that nobody has is therefore missing, not on the move. What looks wrong is looked at again all the same: a stage that
ends a held event writes its end down first and takes it out of the table then.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.balance.facts import SortedFacts
from app.balance.kafka import Log, Unread
from app.balance.missing import Source, missing_of
from app.balance.sets import Equations, Fact, Seen, weigh
from app.store.receipts import HeldReceipt, Receipts
from schemas.envelope import is_for
from streams import groups
from streams.ports import HoldReason

LOOKS = 3
"""How often suspects are looked at again."""
PAUSE_SECONDS = 1.0
"""Before each of those looks: longer than a stage takes to let go of what it has ended."""
AFTER_ALL = chr(sys.maxunicode) * 2
"""Sorts after every id: nothing of the journal is read where nothing was accepted."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A consumer group on the way.

    Attributes:
        topics: what it reads.
        target: the connection that it delivers to; empty if it delivers to none.
    """

    group: str
    topics: tuple[str, ...] = ()
    target: str = ""

    def takes(self, target: str) -> bool:
        """Whether an event for that target is its matter. Every deliver group reads those of the others, too."""
        return is_for(target, self.target) or not self.target


@dataclass(frozen=True, slots=True)
class Way:
    """Through which topics and groups events go.

    Attributes:
        door: topics that the door writes.
        readers: in the order in which an event meets them.
    """

    door: tuple[str, ...]
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """The equations, and what Kafka deleted unread, which no equation can tell.

    Attributes:
        missing: how many are missing of what each connection had told, zeros among them.
    """

    equations: Equations
    deleted: tuple[Unread, ...] = ()
    missing: Mapping[Source, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """True if every id is in one place, and nothing was deleted unread."""
        return self.equations.holds and not self.deleted


def way_of(connections: Mapping[str, str]) -> Way:
    """The way through the groups of these connections (name -> system)."""
    targets = {groups.deliver(name): name for name in connections}
    readers = [Reader(group, topics, targets.get(group, "")) for group, topics in groups.consumed(connections).items()]
    return Way(groups.RAW_TOPICS, tuple(readers))


async def take_balance(
    log: Log, receipts: Receipts, way: Way, sleep: Callable[[float], Awaitable[None]], since: datetime | None = None
) -> Balance:
    """Take it.

    Args:
        log: Kafka.
        receipts: the store.
        way: where to look.
        sleep: waits so many seconds.
        since: only receipts accepted since then, and what they caused; all that Kafka keeps if not given.

    Raises:
        Unavailable, Transient: Kafka or the store does not answer.
    """
    spans, sources = await log.written(way.door, since), set[Source]()
    with SortedFacts() as facts:
        async for labelled in log.ids(spans):
            facts.add((one.receipt_id, Seen.ACCEPTED) for one in labelled)
            sources |= {(one.connection, one.entity) for one in labelled}
        first = facts.first(Seen.ACCEPTED) or AFTER_ALL
        async for children in receipts.children(_before(first), since):
            facts.add((child, Seen.ACCEPTED) for child in children)
        deleted = await _follow(facts, log, receipts, way, first)
        equations = weigh(facts)
    for _ in range(LOOKS):
        suspects = equations.suspects
        if not suspects:
            break
        await sleep(PAUSE_SECONDS)
        with SortedFacts(only=suspects) as facts:
            facts.add((suspect, Seen.ACCEPTED) for suspect in suspects)
            await _follow(facts, log, receipts, way, min(suspects))
            equations = equations.corrected(weigh(facts))
    missing = equations.receipts.missing + equations.children.missing
    return Balance(equations, tuple(deleted), await missing_of(log, spans, missing, sources))


async def _follow(facts: SortedFacts, log: Log, receipts: Receipts, way: Way, first: str) -> Sequence[Unread]:
    """Look at every place, in the order of the way, for ids from ``first`` on. Returns what Kafka deleted unread."""
    deleted: list[Unread] = []
    gone = set(await receipts.holding_groups()) - {reader.group for reader in way.readers}
    for reader in (*way.readers, *(Reader(group) for group in sorted(gone))):
        unread = await log.unread(reader.group, reader.topics) if reader.topics else []
        deleted += [place for place in unread if place.deleted]
        async for labelled in log.ids([place.span for place in unread]):
            facts.add((one.receipt_id, Seen.IN_FLIGHT) for one in labelled if reader.takes(one.target))
        held = await receipts.held(reader.group)
        facts.add((one.receipt_id, _waits(one)) for one in held if reader.takes(one.target))
    async for ended in receipts.ended(_before(first)):
        facts.add(ended)
    return deleted


def _before(receipt_id: str) -> str:
    """Something that sorts before an id and after all that came long before: ids begin with their time."""
    return receipt_id[:-1]


def _waits(held: HeldReceipt) -> Fact:
    if held.reason is HoldReason.PERSON:
        return Seen.REVIEW
    return Seen.BEHIND if held.behind_person else Seen.PARKED
