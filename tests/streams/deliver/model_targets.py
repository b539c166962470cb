"""The two systems of the model: they act late, lose their answers, and show what they did a while later."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar, cast

from streams.deliver.effect import Settling
from streams.errors import AliasMissing, OutcomeUnknown, Rejected, TillstreamError, Transient, Unavailable
from streams.ports import Failpoint, OrderDraft, SeenOrder
from tests.streams.deliver.model_process import Process, Time
from tests.twins.clock import START

SETTLING = Settling(timeout=4.0, longest_execution=4.0, lookup_lag=2.0, look_again=1.0, fence=1.0)
SEND_SECONDS = 2.0
"""A mutation that has not left by then does not leave: see `app/http.py`."""
ANSWER_SECONDS = 0.1
STATUSES = ("Open", "Packed", "Fulfilled")


class Turn(NamedTuple):
    """Whose turn it is."""

    group: str
    partition: int
    offset: int


TURN: ContextVar[Turn] = ContextVar("turn")


class Fate(StrEnum):
    """What becomes of a mutation."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NOT_DONE = "not_done"
    """It says that it did nothing, and may be asked again."""
    LOST = "lost"
    """Nothing was done, and the connection broke."""
    UNTOLD = "untold"
    """It was done, and the connection broke."""
    LATE = "late"
    """It is done after the client has given up, as late as the target ever may."""
    LEFT = "left"
    """It runs as long, and then nothing was done."""


@dataclass(frozen=True)
class Request:
    """A mutation that reached a target; it works on it until ``ends``."""

    source: str
    turn: Turn
    sent: float
    ends: float
    acts: bool


@dataclass(frozen=True)
class Made:
    """Something that a target made, or will have made by ``at``; look-ups show it from ``shown`` on."""

    source: str
    native_id: str
    of: str
    draft: OrderDraft | None
    at: float
    shown: float


class Target:
    """What both systems have in common.

    Attributes:
        fates: of the next mutations.
        down: sources of which it does not want to hear at present.
        lag: seconds by which its look-ups lag behind.
    """

    def __init__(self, time: Time) -> None:
        self.time = time
        self.fates: deque[Fate] = deque()
        self.down: set[str] = set()
        self.lag = 0.0
        self.requests: list[Request] = []
        self.made: list[Made] = []
        self.listeners: list[Callable[[Request], None]] = []

    def take(self, source: str, began: float, of: str, draft: OrderDraft | None) -> tuple[Fate, Made]:
        fate = self.fates.popleft() if self.fates else Fate.ANSWERED
        now = self.time.seconds
        ends = began + SETTLING.timeout + SETTLING.longest_execution if fate in (Fate.LATE, Fate.LEFT) else now
        acts = fate in (Fate.ANSWERED, Fate.UNTOLD, Fate.LATE)
        request = Request(source, TURN.get(), now, ends, acts)
        for tell in self.listeners:
            tell(request)
        self.requests.append(request)
        made = Made(source, str(17 + len(self.made)), of, draft, ends, ends + self.lag)
        if acts:
            self.made.append(made)
        return fate, made

    def shown(self) -> list[Made]:
        return [made for made in self.made if made.shown <= self.time.seconds]


AnyTarget = TypeVar("AnyTarget", bound=Target)


class Client(Generic[AnyTarget]):
    """A process's side of a target: it gives up after the time-out, and sends nothing late."""

    def __init__(self, process: Process, target: AnyTarget) -> None:
        self.process, self.target = process, target

    async def read(self, source: str) -> list[Made]:
        await self.travel(source)
        shown = self.target.shown()
        await self.travel(source)
        return shown

    async def mutate(self, source: str, *, of: str = "", draft: OrderDraft | None = None) -> Made:
        time = self.target.time
        began = time.seconds
        await self.travel(source)
        if time.seconds - began >= SEND_SECONDS:
            raise Transient("it did not leave in time")
        fate, made = self.target.take(source, began, of, draft)
        self.process.reach(Failpoint.BYTES_SENT)
        slow = fate in (Fate.LATE, Fate.LEFT)
        await asyncio.sleep(max(0.0, began + SETTLING.timeout - time.seconds) if slow else ANSWER_SECONDS)
        await self.travel("")
        if slow or fate in (Fate.LOST, Fate.UNTOLD):
            raise OutcomeUnknown("no answer")
        self.process.reach(Failpoint.RESPONSE_READ)
        if fate is not Fate.ANSWERED:
            raise _refusal(fate)
        return made

    async def travel(self, source: str) -> None:
        await asyncio.sleep(0)
        if self.process.dead:
            raise asyncio.CancelledError
        if source in self.target.down:
            raise Unavailable("no connection")


def _refusal(fate: Fate) -> TillstreamError:
    return Rejected("no") if fate is Fate.REFUSED else Transient("busy, nothing was done")


class PointOfSale(Target):
    """Orders. ``known`` are its SKUs."""

    def __init__(self, time: Time, known: frozenset[str]) -> None:
        super().__init__(time)
        self.known = known
        self._moves: dict[str, list[datetime]] = {}

    def move(self, native_id: str) -> None:
        """The order goes on to its next status."""
        self._moves.setdefault(native_id, []).append(self.time.now())

    def moves(self, native_id: str) -> int:
        return len(self._moves.get(native_id, ()))

    def order(self, made: Made, *, behind: float = 0.0, moves: int = len(STATUSES)) -> SeenOrder:
        """As it was so many seconds ago, and after so many moves at most."""
        assert made.draft is not None
        now, created = self.time.now(), START + timedelta(seconds=made.at)
        seen = [at for at in self._moves.get(made.native_id, ()) if (now - at).total_seconds() >= behind][:moves]
        return SeenOrder(
            order_id=made.native_id,
            number=made.native_id,
            public_id=made.source,
            status=STATUSES[len(seen)],
            total=made.draft.total,
            currency=made.draft.currency,
            email=made.draft.email,
            placed_at=made.draft.placed_at,
            updated_at=seen[-1] if seen else created,
        )


class SalesClient(Client[PointOfSale]):
    """Implements `streams.ports.Sales`."""

    async def create_order(self, draft: OrderDraft) -> SeenOrder:
        lines = cast("Sequence[Mapping[str, object]]", draft.document["LineItems"])
        unknown = [str(line["SKU"]) for line in lines if line["SKU"] not in self.target.known]
        if unknown:
            raise AliasMissing("unknown", sku=unknown[0])
        return self.target.order(await self.mutate(draft.public_id, draft=draft))

    async def find_order(self, public_id: str) -> SeenOrder | None:
        found = [made for made in await self.read(public_id) if made.source == public_id]
        if len(found) > 1:
            raise Rejected(f"there are several orders called {public_id}", code="collision")
        return self.target.order(found[0], behind=self.target.lag) if found else None


class WebStore(Target):
    """What stands on web orders."""

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self.numbers: dict[str, str] = {}


class NotesClient(Client[WebStore]):
    """Implements `streams.ports.OrderNotes`."""

    async def set_external_number(self, order_id: str, number: str) -> None:
        await self.travel(number)
        self.target.numbers[order_id] = number

    async def add_comment(self, order_id: str, comment: str) -> str:
        await self.mutate(comment, of=order_id)
        return ""

    async def find_comment(self, order_id: str, marker: str) -> str | None:
        return next((made.native_id for made in await self.read(order_id) if marker in made.source), None)
