"""What the guards remember: changes of the last minutes, and lists that wait for a person; shared by all workers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol


class GuardKind(StrEnum):
    """What is guarded against; each has its own window in each target."""

    STOCK_ZEROED = "stock_zeroed"
    """A SKU that is in stock is set to zero."""
    PRICE_CHANGED = "price_changed"
    PRICE_JUMPED = "price_jumped"
    """A price moves further than trade explains, or to zero."""
    PRODUCT_DISABLED = "product_disabled"


class Standing(StrEnum):
    """How a change of a SKU stands."""

    PASSED = "passed"
    HELD = "held"
    """In the list of an open hold."""
    APPROVED = "approved"
    """A person lets it pass; it has not come yet."""
    USED = "used"
    """It passed because a person approved it."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change that is about to be written.

    Attributes:
        before, after: pieces in all sources, a price, or 1 and 0 for a product that is enabled and disabled.
        receipt_id: the event that asks for it.
    """

    sku: str
    before: Decimal
    after: Decimal
    receipt_id: str


@dataclass(frozen=True, slots=True)
class GuardHold:
    """A window that held more than its limit; it holds whatever comes until a person decides.

    Attributes:
        population: how many SKUs, prices or products there were.
        allowed: how many of them may change in one window.
        held: how many changes are in its list.
        passed: how many were let through in the window before the limit was reached. They stay.
        first: the first of the held ones.
        decided_at: None while it is open.
    """

    number: int
    kind: GuardKind
    target: str
    opened_at: datetime
    population: int
    allowed: int
    held: int
    passed: int
    first: Sequence[ListedChange] = ()
    decided_at: datetime | None = None
    approved: bool = False
    decided_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ListedChange:
    """A change in the list of a hold."""

    sku: str
    before: Decimal
    after: Decimal
    at: datetime
    standing: Standing
    receipt_id: str


@dataclass(frozen=True, slots=True)
class OversellWindow:
    """How old a web store's stock is: what is sold twice within it, nobody could know.

    Attributes:
        skus: how many were looked at; without any the ages are zero.
        p95, p99: so many percent of them were no older when they were written.
    """

    skus: int
    p95: timedelta = timedelta()
    p99: timedelta = timedelta()


NO_AGES: Mapping[str, timedelta] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one proposed change.

    Attributes:
        passes: whether it may be written.
        carries: whether its event shall wait in review; False if another event of the SKU does so already.
        hold: the hold that has it in its list; None if it passes.
    """

    passes: bool
    carries: bool = False
    hold: GuardHold | None = None


class Guards(Protocol):
    """Windows and holds. All workers of a target decide on the same window, one batch after the other."""

    async def judge(
        self, kind: GuardKind, target: str, proposed: Sequence[Proposed], population: int
    ) -> Mapping[str, Verdict]:
        """Decide on a batch by `streams.guards.window.judge`, and remember it; durable on return.

        Safe to repeat: a change that passed passes again, one that is held stays in its list.

        Args:
            proposed: at most one change of a SKU.
            population: how many there are that such a change could be of, when the window began.
        """
        ...

    async def open_holds(self) -> Sequence[GuardHold]:
        """Those that wait for a person, oldest first."""
        ...

    async def hold(self, number: int) -> GuardHold | None:
        """A hold, open or decided; None if there is none of that number."""
        ...

    async def changes(self, number: int) -> Sequence[ListedChange]:
        """The list of a hold, what passed before it included. A SKU that has changed since is with its later change."""
        ...

    async def decide(self, number: int, *, approve: bool, by: str, reason: str) -> Sequence[ListedChange] | None:
        """End an open hold: exactly the changes of its list may pass, or may not. Returns the held ones; None if it is
        not open."""
        ...


class WrittenStock(Protocol):
    """What a web store's sources hold, as it was last written there, or read before the first write."""

    async def last(self, target: str, skus: Collection[str]) -> Mapping[str, Mapping[str, Decimal]]:
        """Pieces by source of each SKU that is known."""
        ...

    async def keep(
        self, target: str, stock: Mapping[str, Mapping[str, Decimal]], ages: Mapping[str, timedelta] = NO_AGES
    ) -> None:
        """Remember pieces by source of each SKU; a source that is not named keeps what it had.

        Args:
            ages: how long ago the stock of a SKU changed in the point of sale, where it is known.
        """
        ...

    async def window(self, target: str, within: timedelta) -> OversellWindow:
        """How old stock was when the target got it, of the SKUs that it got so long ago or since."""
        ...

    async def in_stock(self, target: str, within: timedelta) -> int:
        """How many SKUs were in stock so long ago or since: those that are, and those set to zero meanwhile."""
        ...
