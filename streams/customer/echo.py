"""What comes back of our own writes, told apart from news: for any entity that both systems may change.

Of an entity on one side two projections are known: as it was last intended, and as that side last told it. A system
may store what it is sent in its own way, so a telling that equals either one is no news, and neither is an older one.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum, auto


class Side(StrEnum):
    """One of the two systems."""

    WEB = "web"
    POS = "pos"

    @property
    def other(self) -> Side:
        """The system across."""
        return Side.POS if self is Side.WEB else Side.WEB


@dataclass(frozen=True, slots=True)
class Value:
    """What a field holds. Two are equal if they mean the same, however each is written.

    Attributes:
        key: what it means: an e-mail address in lower case, a phone number in E.164.
        shown: what is sent: as it was written.
        by: the side that said it.
    """

    key: Hashable
    shown: object = field(compare=False)
    by: Side | None = field(default=None, compare=False)


Field = Value | frozenset[Value]
"""A field's content: one value, or a set of them (addresses)."""

Projection = Mapping[str, Field]
"""The fields of an entity that one side can tell. A field that is left out is one that it does not keep; a field that
was cleared is there, and empty."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An entity as one side told it.

    Attributes:
        at: that system's ``updated_at``.
        fresh: it was read just now, or is the answer to our write: so it stands, even if ``at`` is nothing newer
            (Magento's clock has whole seconds).
    """

    projection: Projection
    at: datetime
    fresh: bool = False


class Verdict(Enum):
    """What a telling is."""

    NEWS = auto()
    ECHO = auto()
    """It tells what is known, or what we wrote."""
    OLDER = auto()
    """A newer one is known: it never counts."""
    READ_AGAIN = auto()
    """As new as what is known, and different: only its system knows which came last."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """An entity on one side, as far as it is known.

    Attributes:
        intended: as it should be there.
        read_back: as that side told it last.
        at: its ``updated_at`` then.
        pending: fields that are written and not yet known to have arrived.
        sent: of those, what was intended before: it was sent, is not wanted any more, and may have arrived.
        open: fields of which a write got no answer, or has none yet, with the time until which it may still arrive.
    """

    intended: Projection = field(default_factory=dict)
    read_back: Projection = field(default_factory=dict)
    at: datetime | None = None
    pending: frozenset[str] = frozenset()
    sent: Mapping[str, frozenset[Value]] = field(default_factory=dict)
    open: Mapping[str, datetime] = field(default_factory=dict)

    def knows(self, name: str, content: Field, *, arrived: bool = True) -> bool:
        """Whether a field's content is no news: intended, or read back.

        Args:
            arrived: what is pending may have arrived before this was told.
        """
        if content == self.read_back.get(name):
            return True
        was_sent = content in self.sent.get(name, ()) if isinstance(content, Value) else False
        return (arrived or name not in self.pending) and (was_sent or content == self.intended.get(name))

    def holds(self, name: str, wanted: Field, told: Field, *, fresh: bool) -> bool:
        """Whether this side has what is wanted, in its own way of keeping it, so that nothing need be written.

        Args:
            fresh: ``told`` was read just now. While a write is pending, nothing else shows what became of it.
        """
        if name in self.pending:
            return fresh and told == wanted
        return told == wanted or (self.intended.get(name) == wanted and self.read_back.get(name) == told)

    def heard(self, telling: Telling) -> Mirror:
        """With what it told."""
        return replace(self, read_back={**self.read_back, **telling.projection}, at=telling.at)

    def intending(self, wanted: Projection, writes: frozenset[str]) -> Mirror:
        """With what it should be. To be kept before the first byte of a write leaves.

        Args:
            wanted: every field that this side keeps.
            writes: those that must be written for it.
        """
        pending = (self.pending - wanted.keys()) | writes
        sent = {name: gone for name in pending & self.pending if (gone := self._sent(name, wanted.get(name)))}
        return replace(self, intended={**self.intended, **wanted}, pending=pending, sent=sent)

    def opened(self, names: Collection[str], until: datetime, now: datetime) -> Mirror:
        """With a write of those fields on its way, of which something may come until then."""
        still = {name: late for name, late in self.open.items() if late > now}
        return replace(self, open={**still, **dict.fromkeys(names, until)})

    def overtaken(self, wanted: Mirror, names: Collection[str], now: datetime) -> datetime | None:
        """Until when a write of those fields must wait, for an earlier one of something else may arrive after it."""
        others = [name for name in names if self.intended.get(name) != wanted.intended.get(name)]
        return max((self.open[name] for name in others if self.open.get(name, now) > now), default=None)

    def _sent(self, name: str, wanted: Field | None) -> frozenset[Value]:
        """What a pending field was sent, without what it shall hold now. None: nothing new is wanted of it."""
        sent = self.sent.get(name, frozenset())
        return sent if wanted is None else (sent | _values(self.intended.get(name))) - _values(wanted)

    def landed(self, answer: Telling) -> Mirror:
        """With the answer to the write of everything pending: how this side keeps what it was sent, and since when.

        Only that. What else the answer tells may be someone's edit from in between, so it must be judged as any other
        telling, and so must a member of a set that was not sent. What was told before the write is older from now on:
        late, it would pass for how things stand after it.
        """
        kept = {name: self._kept(name, answer.projection[name]) for name in self.pending & answer.projection.keys()}
        at = answer.at if self.at is None else max(self.at, answer.at)
        return replace(self, read_back={**self.read_back, **kept}, at=at, pending=frozenset(), sent={})

    def _kept(self, name: str, answered: Field) -> Field:
        if not isinstance(answered, frozenset):
            return answered
        return answered & (members(self.intended.get(name)) | members(self.read_back.get(name)))


def _values(content: Field | None) -> frozenset[Value]:
    return frozenset({content}) if isinstance(content, Value) else members(content)


def members(content: Field | None) -> frozenset[Value]:
    """The members of a set field; none if there is nothing."""
    return content if isinstance(content, frozenset) else frozenset()


def judge(mirror: Mirror, telling: Telling) -> Verdict:
    """What a telling is, given what is known of its entity on that side."""
    if mirror.at is not None and telling.at < mirror.at:
        return Verdict.OLDER
    # of the same second as what was read back, it may be older than that: then it does not show that a write arrived
    undated = telling.at == mirror.at and not telling.fresh
    if all(mirror.knows(name, content, arrived=not undated) for name, content in telling.projection.items()):
        return Verdict.ECHO
    return Verdict.READ_AGAIN if undated else Verdict.NEWS
