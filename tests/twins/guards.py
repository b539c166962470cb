"""What the guards remember, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from streams.guards.limits import LIMITS, WINDOW
from streams.guards.window import Mark, Window, judge
from streams.guards.words import NAMED
from streams.ports import Clock, GuardHold, GuardKind, ListedChange, OversellWindow, Proposed, Standing, Verdict
from streams.ports.guards import NO_AGES


@dataclass
class _Change:
    proposed: Proposed
    mark: Mark

    @property
    def listed(self) -> ListedChange:
        one, mark = self.proposed, self.mark
        return ListedChange(one.sku, one.before, one.after, mark.at, mark.standing, mark.receipt_id)


class MemoryGuards:
    """Implements `streams.ports.Guards`."""

    def __init__(self, clock: Clock) -> None:
        self.holds: dict[int, GuardHold] = {}
        self.rows: dict[tuple[GuardKind, str, str], _Change] = {}
        self._clock = clock

    async def judge(
        self, kind: GuardKind, target: str, proposed: Sequence[Proposed], population: int
    ) -> Mapping[str, Verdict]:
        now, allowed = self._clock.now(), LIMITS[kind].allowed(population)
        here = {sku: row for (one, other, sku), row in self.rows.items() if (one, other) == (kind, target)}
        inside = [row for row in here.values() if row.mark.standing is Standing.PASSED and row.mark.at > now - WINDOW]
        is_open = next(
            (h for h in self.holds.values() if (h.kind, h.target) == (kind, target) and not h.decided_at), None
        )
        marks = {change.sku: here[change.sku].mark for change in proposed if change.sku in here}
        ruling = judge(Window(len(inside), is_open is not None, marks), proposed, allowed, now)
        number = is_open.number if is_open else 0
        if ruling.opens:
            number = len(self.holds) + 1
            self.holds[number] = GuardHold(number, kind, target, now, population, allowed, 0, 0)
            for row in inside:
                row.mark = replace(row.mark, hold=number)
        for change in proposed:
            mark = ruling.marks[change.sku]
            listed = replace(mark, hold=number) if mark.standing is Standing.HELD else mark
            self.rows[kind, target, change.sku] = _Change(change, listed)
        hold = await self.hold(number)
        return {
            sku: Verdict(passes=False, carries=sku in ruling.carried, hold=hold)
            if mark.standing is Standing.HELD
            else Verdict(passes=True)
            for sku, mark in ruling.marks.items()
        }

    async def open_holds(self) -> Sequence[GuardHold]:
        return [self._told(hold) for hold in self.holds.values() if hold.decided_at is None]

    async def hold(self, number: int) -> GuardHold | None:
        return self._told(self.holds[number]) if number in self.holds else None

    def _told(self, hold: GuardHold) -> GuardHold:
        changes = self._changes(hold.number)
        held = [change for change in changes if change.standing is not Standing.PASSED]
        return replace(hold, held=len(held), passed=len(changes) - len(held), first=held[:NAMED])

    async def changes(self, number: int) -> Sequence[ListedChange]:
        return self._changes(number)

    def _changes(self, number: int) -> list[ListedChange]:
        found = [row.listed for row in self.rows.values() if row.mark.hold == number]
        return sorted(found, key=lambda change: (change.standing is Standing.PASSED, change.at, change.sku))

    async def decide(self, number: int, *, approve: bool, by: str, reason: str) -> Sequence[ListedChange] | None:
        hold = self.holds.get(number)
        if hold is None or hold.decided_at is not None:
            return None
        now = self._clock.now()
        self.holds[number] = replace(hold, decided_at=now, approved=approve, decided_by=by, reason=reason)
        standing = Standing.APPROVED if approve else Standing.REJECTED
        ours = [row for row in self.rows.values() if (row.mark.hold, row.mark.standing) == (number, Standing.HELD)]
        for row in ours:
            row.mark = replace(row.mark, standing=standing, at=now)
        return sorted((row.listed for row in ours), key=lambda change: change.sku)


class MemoryWrittenStock:
    """Implements `streams.ports.WrittenStock`."""

    def __init__(self, clock: Clock) -> None:
        self.pieces: dict[tuple[str, str], dict[str, Decimal]] = {}
        self.emptied: dict[tuple[str, str], datetime] = {}
        self.ages: dict[tuple[str, str], tuple[timedelta, datetime]] = {}
        self._clock = clock

    async def last(self, target: str, skus: Collection[str]) -> Mapping[str, Mapping[str, Decimal]]:
        return {sku: dict(self.pieces[target, sku]) for sku in skus if (target, sku) in self.pieces}

    async def keep(
        self, target: str, stock: Mapping[str, Mapping[str, Decimal]], ages: Mapping[str, timedelta] = NO_AGES
    ) -> None:
        now = self._clock.now()
        self.ages |= {(target, sku): (age, now) for sku, age in ages.items() if stock.get(sku)}
        for sku, pieces in stock.items():
            had = self.pieces.get((target, sku), {})
            has = {**had, **pieces}
            if has:
                self.pieces[target, sku] = has
            if sum(had.values()) > 0 >= sum(has.values()):
                self.emptied[target, sku] = self._clock.now()

    async def window(self, target: str, within: timedelta) -> OversellWindow:
        since = self._clock.now() - within
        ages = sorted(age for (one, _), (age, at) in self.ages.items() if one == target and at > since)
        if not ages:
            return OversellWindow(0)
        return OversellWindow(len(ages), *(ages[ceil(len(ages) * share) - 1] for share in (0.95, 0.99)))

    async def in_stock(self, target: str, within: timedelta) -> int:
        since = self._clock.now() - within
        return sum(
            sum(pieces.values()) > 0 or (key in self.emptied and self.emptied[key] > since)
            for key, pieces in self.pieces.items()
            if key[0] == target
        )
