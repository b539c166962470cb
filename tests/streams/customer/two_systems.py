"""Two systems with a customer each, as they behave: whole-second clocks, an event for every change, their own ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from streams.customer.agreement import Change
from streams.customer.echo import Field, Side, Telling, Value, members
from tests.streams.customer.fields import at


def as_sent(_name: str, content: Field) -> Field:
    """A system that keeps what it is sent."""
    return content


def short_phone(name: str, content: Field) -> Field:
    """A system that keeps two digits of a phone number."""
    if name != "phone" or not isinstance(content, Value):
        return content
    return Value(str(content.key)[:2], content.shown)


class System:
    """One system's record of the customer, and the events about it that nobody has read yet."""

    def __init__(self, fields: Mapping[str, Field], keeps: Callable[[str, Field], Field] = as_sent) -> None:
        self.fields = dict(fields)
        self.keeps = keeps
        self.updated_at = 0
        self.events: list[Telling] = []
        self.writes = 0

    def edit(self, name: str, content: Field, clock: int) -> None:
        """Someone changes it."""
        kept = self.keeps(name, content)
        if kept != self.fields[name]:
            self._store({name: kept}, clock)

    def write(self, changes: Mapping[str, Change], clock: int) -> Telling:
        """We change it. A set is written by what is stored right then, as `streams.customer.addresses` does."""
        self.writes += 1
        self._store({name: self.keeps(name, self._whole(name, change)) for name, change in changes.items()}, clock)
        return self.read()

    def read(self) -> Telling:
        """As it is now."""
        return Telling(dict(self.fields), at(self.updated_at), fresh=True)

    def _whole(self, name: str, change: Change) -> Field:
        if not isinstance(change.wanted, frozenset):
            return change.wanted
        return (members(self.fields[name]) - change.gone) | change.wanted

    def _store(self, fields: Mapping[str, Field], clock: int) -> None:
        self.fields |= fields
        self.updated_at = clock
        self.events.append(Telling(dict(self.fields), at(clock)))


Systems = Mapping[Side, System]
